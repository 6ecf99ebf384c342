//! New sales are looked at for signs of fraud before it is said how they stand.

use super::held::Held;
use super::store::Stored;
use crate::affiliate::agreement::Agreement;
use crate::affiliate::fraud::{self, Case};
use crate::db::Tx;
use crate::ingest::{Key, Trouble};
use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use takings_core::affiliate::fraud::PartnerSigns;
use takings_core::time::Timestamp;

/// Looks at the sales that have posted nothing to their partner yet.
pub(super) async fn look(
    tx: &mut Tx<'_>,
    program: &str,
    (agreement, held): (&Agreement, &[Held]),
    stored: &BTreeMap<Key, Stored>,
    now: Timestamp,
) -> Result<(), Trouble> {
    let mut counted: BTreeMap<(&str, i64), PartnerSigns> = BTreeMap::new();
    for it in held {
        let Some(bound) = &it.bound else { continue };
        let partner = bound.binding.partner.as_str();
        for sale in it.earning() {
            let key = it.key(sale);
            let new = stored.get(&key).is_some_and(|stored| !stored.sums.contains_key(partner));
            let Some(agreed) = it.agreed(agreement, sale).filter(|_| new) else { continue };
            let case = Case {
                program,
                partner,
                source: key.0,
                customer: &it.customer.1,
                sale: &sale.id,
                paid_at: sale.paid_at,
                click: bound.binding.touch.click.as_deref(),
            };
            let of_partner = match counted.entry((partner, agreed.number)) {
                Entry::Occupied(known) => known.into_mut(),
                Entry::Vacant(new) => {
                    new.insert(fraud::count(tx, &agreed.terms, (program, partner)).await?)
                }
            };
            fraud::examine(tx, &agreed.terms, &case, of_partner, now).await?;
        }
    }
    Ok(())
}
