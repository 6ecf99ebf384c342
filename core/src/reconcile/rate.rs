//! Conversions: what was settled is what was presented, at Stripe's rate.

use super::{Account, Cause, Line, Posted, day_of};
use crate::billing::facts::BalanceTransaction;
use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;

/// The minor units by which a conversion differs from its rate. Rates are rounded themselves, to
/// so many places; what that can amount to is rounding. Whether a rate is between whole units or
/// between minor units is not documented where they differ: a conversion that fits either is right.
pub(super) fn difference(it: &BalanceTransaction, posted: &[Posted]) -> Option<Line> {
    let rate = it.exchange_rate?;
    let own = posted.iter().find(|row| {
        row.object == it.id && row.account == Account::StripePending && row.currency != it.currency
    })?;
    let presented = Decimal::from(own.amount.checked_neg()?);
    let shift = i64::from(it.currency.exponent()) - i64::from(own.currency.exponent());
    let differences = [shift, 0].map(|shift| difference_by(it.amount, presented, rate, shift));
    let (off, slack) = differences.into_iter().flatten().min_by_key(|(off, _)| off.abs())?;
    let cause = if off.abs() <= slack { Cause::Rounding } else { Cause::RateMismatch };
    (off != 0).then(|| Line {
        cause,
        object: it.source.clone().unwrap_or_default(),
        transaction: Some(it.id.clone()),
        account: Account::StripeBalance,
        currency: it.currency,
        day: day_of(it.created),
        amount: off,
    })
}

/// What is settled beyond the rate, and how much of it can be rounding.
fn difference_by(
    settled: i64,
    presented: Decimal,
    rate: Decimal,
    shift: i64,
) -> Option<(i64, i64)> {
    let unit = Decimal::from(10_i64.checked_pow(u32::try_from(shift.unsigned_abs()).ok()?)?);
    let scale = |amount: Decimal| {
        if shift < 0 { amount.checked_div(unit) } else { amount.checked_mul(unit) }
    };
    let exact = scale(presented.checked_mul(rate)?)?.round().to_i64()?;
    let last_place = Decimal::new(5, rate.scale() + 1);
    let slack = scale(presented.abs().checked_mul(last_place)?)?.ceil().to_i64()?;
    Some((settled.checked_sub(exact)?, slack.checked_add(1)?))
}
