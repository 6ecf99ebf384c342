//! What subscriptions depend on besides themselves: discounts, coupons, tax inside prices.

use crate::db::{Rows, Tx};
use crate::ingest::facts::{Stored, unreadable};
use crate::ingest::{Key, Trouble, store};
use std::collections::{BTreeMap, BTreeSet};
use takings_core::billing::facts::{Coupon, Fact, State};
use takings_core::version::{Moment, settle};

/// What subscriptions depend on besides themselves.
#[derive(Default)]
pub(super) struct Contexts {
    pub(super) discounts: BTreeMap<Key, BTreeMap<String, Vec<Moment>>>,
    pub(super) item_taxes: BTreeMap<Key, BTreeMap<String, Vec<Moment>>>,
    pub(super) coupons: BTreeMap<i64, BTreeMap<String, Coupon>>,
}

impl Contexts {
    pub(super) async fn load(
        tx: &mut Tx<'_>,
        customers: impl Iterator<Item = &Key>,
    ) -> Result<Contexts, Trouble> {
        let mut wanted = Rows::default();
        customers.for_each(|(source, id)| wanted.push([(*source).into(), id.as_str().into()]));
        let (mut stored, mut owners) = (Stored::default(), BTreeMap::new());
        for row in tx.fetch(&store::CONTEXTS, &wanted).await? {
            let key = (row.int(0)?, row.text(1)?);
            owners.insert(key.clone(), row.text(8)?);
            stored.read(key, &row, 2)?;
        }
        let mut contexts = Contexts::default();
        for (key, versions) in stored.versions()? {
            let moments = settle(None, &versions);
            let customer = (key.0, owners.remove(&key).unwrap_or_default());
            let into = match moments.first().map(|moment| &moment.state) {
                Some(State::ItemTax(_)) => &mut contexts.item_taxes,
                _ => &mut contexts.discounts,
            };
            into.entry(customer).or_default().insert(key.1, moments);
        }
        contexts.load_coupons(tx).await?;
        Ok(contexts)
    }

    async fn load_coupons(&mut self, tx: &mut Tx<'_>) -> Result<(), Trouble> {
        let mut wanted: BTreeSet<Key> = BTreeSet::new();
        for ((source, _), discounts) in &self.discounts {
            for moment in discounts.values().flatten() {
                if let State::Discount(it) = &moment.state {
                    wanted.insert((*source, it.coupon.clone()));
                }
            }
        }
        if wanted.is_empty() {
            return Ok(());
        }
        let mut keys = Rows::default();
        wanted.iter().for_each(|(source, id)| keys.push([(*source).into(), id.as_str().into()]));
        for row in tx.fetch(&store::COUPONS, &keys).await? {
            let fact: Fact = serde_json::from_str(&row.text(2)?).map_err(unreadable)?;
            if let State::Coupon(coupon) = fact.state {
                self.coupons.entry(row.int(0)?).or_default().insert(row.text(1)?, coupon);
            }
        }
        Ok(())
    }
}
