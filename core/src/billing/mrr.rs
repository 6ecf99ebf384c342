//! The unit of MRR, and what one subscription item is worth a month.

use super::facts::{Amounts, Interval, Item, Price, PriceTerms, Tier, Transform};
use super::fraction::Fraction;
use crate::money::Currency;
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

/// What one period of an item bills in a currency, before discounts; `shown` is what the API
/// showed of its price.
pub(crate) fn billed(
    item: &Item,
    currency: Option<Currency>,
    shown: Option<&PriceTerms>,
) -> Result<Billed, Overflow> {
    let price = &item.price;
    let Some(quantity) = item.quantity else { return Ok(Billed::Nothing) };
    if price.metered || price.recurring.is_none() || quantity <= 0 {
        return Ok(Billed::Nothing);
    }
    let own = Some(price.currency) == currency;
    let option = shown.and_then(|shown| shown.amounts.get(&currency?));
    let unit = if own { price.unit_amount } else { option.and_then(|it| it.unit_amount) };
    let amount = match (unit, option) {
        (Some(unit), _) if !price.tiered => {
            let packages = i128::from(packages(quantity, price.transform));
            Fraction::from_decimal(unit).times(Fraction::new(packages, 1))?
        }
        (_, Some(Amounts { tiers, .. })) if price.tiered && !tiers.is_empty() => {
            let graduated = shown.is_some_and(|shown| shown.graduated);
            if graduated { by_each(tiers, quantity)? } else { by_last(tiers, quantity)? }
        }
        _ if own => return Ok(Billed::Unknown(Reason::TieredPrice)),
        _ => return Ok(Billed::Unknown(Reason::CurrencyOption)),
    };
    Ok(if amount.is_positive() { Billed::Amount(amount) } else { Billed::Nothing })
}

/// `tiers_mode=graduated`: each unit by the tier it falls into, and every tier used its flat
/// amount.
fn by_each(tiers: &[Tier], quantity: i64) -> Result<Fraction, Overflow> {
    let (mut amount, mut below) = (Fraction::ZERO, 0);
    for tier in tiers {
        let end = tier.up_to.unwrap_or(i64::MAX).min(quantity);
        amount = amount.plus(tier_amount(tier, end.saturating_sub(below))?)?;
        below = end;
        if end >= quantity {
            break;
        }
    }
    Ok(amount)
}

/// `tiers_mode=volume`: all units by the tier that the quantity falls into.
fn by_last(tiers: &[Tier], quantity: i64) -> Result<Fraction, Overflow> {
    let reaches = |tier: &&Tier| tier.up_to.is_none_or(|end| quantity <= end);
    tiers.iter().find(reaches).map_or(Ok(Fraction::ZERO), |tier| tier_amount(tier, quantity))
}

fn tier_amount(tier: &Tier, units: i64) -> Result<Fraction, Overflow> {
    let units = Fraction::new(i128::from(units), 1);
    let amount = Fraction::from_decimal(tier.unit_amount).times(units)?;
    amount.plus(Fraction::from_decimal(tier.flat_amount))
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
