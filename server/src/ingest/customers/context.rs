//! What subscriptions depend on besides themselves: discounts, coupons, tax inside prices.

use super::window::Window;
use crate::db::{Rows, Tx};
use crate::ingest::facts::{Stored, unreadable};
use crate::ingest::{Key, Trouble, store};
use std::collections::{BTreeMap, BTreeSet};
use takings_core::billing::Coupons;
use takings_core::billing::facts::{Coupon, CouponTerms, Fact, Price, PriceTerms, Seconds, State};
use takings_core::version::{Moment, settle};

/// What subscriptions depend on besides themselves.
#[derive(Default)]
pub(super) struct Contexts {
    pub(super) discounts: BTreeMap<Key, BTreeMap<String, Vec<Moment>>>,
    pub(super) item_taxes: BTreeMap<Key, BTreeMap<String, Vec<Moment>>>,
    catalogues: BTreeMap<i64, Catalogue>,
    /// Prices whose terms were looked for.
    sought: BTreeSet<Key>,
}

/// What a source's coupons and prices are, as far as it was seen.
#[derive(Default)]
pub(super) struct Catalogue {
    pub(super) coupons: Coupons,
    pub(super) coupon_terms: BTreeMap<String, CouponTerms>,
    pub(super) price_terms: BTreeMap<String, PriceTerms>,
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
            for (id, moment) in all(discounts) {
                if let State::Discount(it) = &moment.state {
                    let ids =
                        [it.coupon.clone(), CouponTerms::id(&it.coupon), Coupon::of_discount(id)];
                    wanted.extend(ids.map(|id| (*source, id)));
                }
            }
        }
        self.load_catalogue(tx, wanted).await
    }

    /// The customers whose discounts do not show their coupons, each with those coupons.
    pub(super) fn holders(&self) -> BTreeSet<(i64, &str, &str)> {
        let mut holders = BTreeSet::new();
        for ((source, customer), discounts) in &self.discounts {
            for (id, moment) in all(discounts) {
                let shown = self.catalogue(*source).is_some_and(|it| it.coupons.shows(id));
                if let (State::Discount(it), false) = (&moment.state, shown) {
                    holders.insert((*source, it.coupon.as_str(), customer.as_str()));
                }
            }
        }
        holders
    }

    /// Loads the terms of prices that no payload can settle.
    pub(super) async fn load_prices(
        &mut self,
        tx: &mut Tx<'_>,
        windows: &BTreeMap<Key, Window>,
    ) -> Result<(), Trouble> {
        let mut wanted = BTreeSet::new();
        for ((source, _), window) in windows {
            for moment in window.anchor.iter().chain(&window.moments) {
                let State::Subscription(state) = &moment.state else { continue };
                let foreign =
                    |price: &Price| state.currency.is_some_and(|own| own != price.currency);
                let prices = state.items.iter().map(|item| &item.price);
                let open = prices.filter(|price| price.tiered || foreign(price));
                wanted.extend(open.map(|price| (*source, PriceTerms::id(&price.id))));
            }
        }
        wanted.retain(|key| self.sought.insert(key.clone()));
        self.load_catalogue(tx, wanted).await
    }

    async fn load_catalogue(
        &mut self,
        tx: &mut Tx<'_>,
        wanted: BTreeSet<Key>,
    ) -> Result<(), Trouble> {
        if wanted.is_empty() {
            return Ok(());
        }
        let mut keys = Rows::default();
        wanted.iter().for_each(|(source, id)| keys.push([(*source).into(), id.as_str().into()]));
        for row in tx.fetch(&store::CATALOGUE, &keys).await? {
            let fact: Fact = serde_json::from_str(&row.text(2)?).map_err(unreadable)?;
            self.catalogues.entry(row.int(0)?).or_default().take(row.int(3)?, fact);
        }
        Ok(())
    }

    /// What is known of a source's coupons and prices.
    pub(super) fn catalogue(&self, source: i64) -> Option<&Catalogue> {
        self.catalogues.get(&source)
    }
}

impl Catalogue {
    fn take(&mut self, second: Seconds, Fact { object, phase, state, .. }: Fact) {
        match state {
            State::Coupon(it) => self.coupons.take(&object, second, phase, it),
            State::CouponTerms(it) => {
                drop(self.coupon_terms.insert(CouponTerms::of(&object), it));
            }
            State::PriceTerms(it) => {
                drop(self.price_terms.insert(PriceTerms::of(&object), it));
            }
            _ => {}
        }
    }
}

/// Every moment of some discounts, with the discount's id.
fn all(discounts: &BTreeMap<String, Vec<Moment>>) -> impl Iterator<Item = (&str, &Moment)> {
    let moments = discounts.iter();
    moments.flat_map(|(id, moments)| moments.iter().map(move |moment| (id.as_str(), moment)))
}

/// The coupons among some facts whose ids have stood for more than one.
pub(in crate::ingest) async fn used_again(
    tx: &mut Tx<'_>,
    coupons: BTreeSet<Key>,
) -> Result<BTreeSet<Key>, Trouble> {
    let mut contexts = Contexts::default();
    contexts.load_catalogue(tx, coupons.clone()).await?;
    let again = |(source, id): &Key| {
        contexts.catalogue(*source).is_some_and(|it| it.coupons.was_used_again(id))
    };
    Ok(coupons.into_iter().filter(again).collect())
}
