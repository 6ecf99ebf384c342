//! Checked arithmetic of minor units: what leaves 64 bits is refused, never wrapped.

use super::LedgerError;
use crate::money::{share, split};

pub(crate) type Result<T> = std::result::Result<T, LedgerError>;

pub(crate) fn add(a: i64, b: i64) -> Result<i64> {
    a.checked_add(b).ok_or(LedgerError::Overflow)
}

pub(crate) fn sub(a: i64, b: i64) -> Result<i64> {
    a.checked_sub(b).ok_or(LedgerError::Overflow)
}

pub(crate) fn neg(a: i64) -> Result<i64> {
    a.checked_neg().ok_or(LedgerError::Overflow)
}

pub(crate) fn sum(amounts: impl IntoIterator<Item = i64>) -> Result<i64> {
    amounts.into_iter().try_fold(0, add)
}

/// `a * n / d`, half away from zero; nothing of nothing is nothing.
pub(crate) fn part(a: i64, n: i64, d: i64) -> Result<i64> {
    if d == 0 { Ok(0) } else { share(a, n, d).ok_or(LedgerError::Overflow) }
}

/// `total` over `weights` by largest remainder; to the first where they do not sum to more than
/// nothing.
pub(crate) fn parts(total: i64, weights: &[i64]) -> Vec<i64> {
    if weights.iter().map(|weight| i128::from(*weight)).sum::<i128>() > 0 {
        return split(total, weights);
    }
    (0..weights.len()).map(|place| if place == 0 { total } else { 0 }).collect()
}
