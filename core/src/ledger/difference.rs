//! What is missing from stored rows, so that they sum to their target.

use super::amount::{Result, sub};
use super::{Books, NetKey, Posting, RevenueKey, TransferKey};
use std::collections::{BTreeMap, BTreeSet};

/// The transfers to append, so that the sums in `stored` become the target's.
///
/// Amounts are positive: where a sum must fall, the row's sides are swapped. Ascending by
/// [`NetKey`]. A row that only takes back what is no longer in the target has an empty
/// observation: it is the one being applied.
pub fn difference(
    target: &Books,
    stored: &BTreeMap<NetKey, i64>,
) -> Result<Vec<(TransferKey, Posting)>> {
    let mut wanted: BTreeMap<NetKey, (i64, &str)> = BTreeMap::new();
    for (key, posting) in &target.transfers {
        let (key, amount) = key.signed(posting.amount);
        wanted.insert(key, (amount, &posting.observation));
    }
    let mut rows = Vec::new();
    for (key, amount, observation) in missing(&wanted, stored)? {
        if let Some((key, amount)) = key.transfer(amount)? {
            rows.push((key, Posting { amount, observation }));
        }
    }
    Ok(rows)
}

/// The revenue rows to append, so that the sums in `stored` become the target's. Amounts are
/// signed; ascending by key; the observation as in [`difference`].
pub fn revenue_difference(
    target: &Books,
    stored: &BTreeMap<RevenueKey, i64>,
) -> Result<Vec<(RevenueKey, Posting)>> {
    let wanted: BTreeMap<RevenueKey, (i64, &str)> = target
        .revenue
        .iter()
        .map(|(key, posting)| (key.clone(), (posting.amount, posting.observation.as_str())))
        .collect();
    let rows = missing(&wanted, stored)?.into_iter();
    Ok(rows.map(|(key, amount, observation)| (key, Posting { amount, observation })).collect())
}

/// Every key whose stored sum is not the wanted one, with what is missing.
fn missing<K: Ord + Clone>(
    wanted: &BTreeMap<K, (i64, &str)>,
    stored: &BTreeMap<K, i64>,
) -> Result<Vec<(K, i64, String)>> {
    let keys: BTreeSet<&K> = wanted.keys().chain(stored.keys()).collect();
    let mut rows = Vec::new();
    for key in keys {
        let (amount, observation) = wanted.get(key).copied().unwrap_or_default();
        let amount = sub(amount, stored.get(key).copied().unwrap_or_default())?;
        if amount != 0 {
            rows.push((key.clone(), amount, observation.to_owned()));
        }
    }
    Ok(rows)
}
