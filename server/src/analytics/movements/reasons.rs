//! Why movements happened, from the change points that they were made of.

use super::store::{self, Step};
use super::{Explanation, Net};
use crate::db::Database;
use crate::error::Error;
use std::collections::BTreeMap;
use takings_core::billing::facts::Seconds;
use takings_core::billing::{Change, changes, movements};
use takings_core::money::Currency;

/// A customer's instant.
type Instant = (i64, String, Seconds);

/// Explains movements, in their order.
pub(super) async fn explain(database: &Database, nets: &[Net]) -> Result<Vec<Explanation>, Error> {
    let instant = |net: &Net| -> Instant {
        (net.place.source, net.place.customer.clone(), net.place.at.secs())
    };
    let mut instants: Vec<Instant> = nets.iter().map(instant).collect();
    instants.sort();
    instants.dedup();
    let mut by_instant: BTreeMap<Instant, (Vec<Change>, bool)> = BTreeMap::new();
    for step in store::steps(database, &instants).await? {
        let Step { source, customer, subscription, before, after } = step;
        let at = (source, customer, after.at);
        let steps = changes(&subscription, before.as_ref(), std::slice::from_ref(&after));
        let (changes, reconstructed) = by_instant.entry(at).or_default();
        changes.extend(steps);
        *reconstructed |= after.reconstructed;
    }
    let explained = nets.iter().map(|net| match by_instant.get(&instant(net)) {
        Some((changes, reconstructed)) => {
            let reconstructed = *reconstructed;
            Explanation { reconstructed, ..of(changes, &net.place.currency) }
        }
        None => Explanation::default(),
    });
    Ok(explained.collect())
}

/// What the changes of one instant say of the movement in one currency.
fn of(changes: &[Change], currency: &str) -> Explanation {
    let mut totals: BTreeMap<Currency, i64> = BTreeMap::new();
    for change in changes {
        let total = totals.entry(change.currency).or_default();
        *total = total.saturating_add(change.before);
    }
    let made = movements(&totals, true, changes).unwrap_or_default();
    let found = made.into_iter().find(|movement| movement.currency.as_str() == currency);
    found.map_or_else(Explanation::default, |movement| Explanation {
        subscriptions: movement.subscriptions,
        reason: Some(movement.reason),
        reconstructed: false,
    })
}
