//! The unit of MRR, and what one subscription item is worth a month.

use super::facts::{Interval, Item, Price, Transform};
use super::fraction::Fraction;
use crate::unconfirmed::Reason;

/// MRR is counted in 1/83,160 of the currency's minor unit: every whole minor unit billed each
/// 1-12, 18, 24 or 36 months, 1-3 years, or 1-12 weeks is then a whole number a month.
pub const UNITS_PER_MINOR: i64 = 83_160;

/// An amount left 64 bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("an amount of MRR left the range of 64-bit integers")]
pub struct Overflow;

/// What one invoice bills for an item, before discounts.
pub(crate) enum Billed {
    /// Nothing that recurs: metered, one-off, or without a quantity.
    Nothing,
    /// Minor units for each of the item's periods.
    Amount(Fraction),
    /// No payload says how much.
    Unknown(Reason),
}

/// What one period of an item bills, before discounts.
pub(crate) fn billed(item: &Item) -> Result<Billed, Overflow> {
    let price = &item.price;
    let Some(quantity) = item.quantity else { return Ok(Billed::Nothing) };
    if price.metered || price.recurring.is_none() || quantity <= 0 {
        return Ok(Billed::Nothing);
    }
    match price.unit_amount {
        Some(unit) if !price.tiered => {
            let packages = i128::from(packages(quantity, price.transform));
            let amount = Fraction::from_decimal(unit).times(Fraction::new(packages, 1))?;
            Ok(if amount.is_positive() { Billed::Amount(amount) } else { Billed::Nothing })
        }
        _ => Ok(Billed::Unknown(Reason::TieredPrice)),
    }
}

/// How many packages a quantity makes.
fn packages(quantity: i64, transform: Option<Transform>) -> i64 {
    let Some(Transform { divide_by, round_up }) = transform else { return quantity };
    let size = divide_by.max(1);
    let started = round_up && quantity % size != 0;
    quantity / size + i64::from(started)
}

/// Months per billing period, inverted: what a period's amount is multiplied by.
///
/// A year has 12 months, 52 weeks and 365 days (month and year: Stripe and ChartMogul; week and
/// day: Polar).
pub(crate) fn per_month(price: &Price) -> Fraction {
    let Some((interval, count)) = price.recurring else { return Fraction::ZERO };
    let count = i128::from(count.max(1));
    match interval {
        Interval::Month => Fraction::new(1, count),
        Interval::Year => Fraction::new(1, 12 * count),
        Interval::Week => Fraction::new(52, 12 * count),
        Interval::Day => Fraction::new(365, 12 * count),
    }
}

/// Units of MRR of what one period bills: the only rounding, half to even.
pub(crate) fn monthly(amount: Fraction, price: &Price) -> Result<i64, Overflow> {
    let a_month = amount.times(per_month(price))?;
    a_month.times(Fraction::new(i128::from(UNITS_PER_MINOR), 1))?.rounded()
}
