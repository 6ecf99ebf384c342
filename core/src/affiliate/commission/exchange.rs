//! Amounts of other currencies in the program's, where the terms say what they are worth.

use super::super::sale::Sale;
use super::super::terms::{Measure, Terms};
use crate::ledger::LedgerError;
use crate::money::Currency;

const MICROS: i128 = 1_000_000;

/// An amount in the program's currency; `None`: the terms name no rate.
pub(super) fn to_program(
    terms: &Terms,
    amount: i64,
    currency: Currency,
) -> Result<Option<i64>, LedgerError> {
    converted(terms, amount, currency, |micros, own, program| (micros * program, MICROS * own))
}

/// An amount of the program's currency in another; `None`: the terms name no rate.
pub(super) fn from_program(
    terms: &Terms,
    amount: i64,
    currency: Currency,
) -> Result<Option<i64>, LedgerError> {
    converted(terms, amount, currency, |micros, own, program| (MICROS * own, micros * program))
}

/// Rates are of whole units, amounts are of minor ones: a unit of one currency has 10^0 to 10^3 of
/// them, whatever the other has.
fn converted(
    terms: &Terms,
    amount: i64,
    currency: Currency,
    ratio: impl Fn(i128, i128, i128) -> (i128, i128),
) -> Result<Option<i64>, LedgerError> {
    if currency == terms.currency {
        return Ok(Some(amount));
    }
    let Some(micros) = terms.exchange_rate_micros.get(&currency).filter(|it| **it > 0) else {
        return Ok(None);
    };
    let minor = |of: Currency| 10_i128.pow(of.exponent());
    let (n, d) = ratio(i128::from(*micros), minor(currency), minor(terms.currency));
    let product = i128::from(amount).checked_mul(n).ok_or(LedgerError::Overflow)?;
    let magnitude = (product.abs() + d / 2) / d;
    let magnitude = i64::try_from(magnitude).map_err(|_| LedgerError::Overflow)?;
    Ok(Some(magnitude * product.signum() as i64))
}

/// The sales that a measure can take in, and those whose amounts cannot be compared with it.
pub(super) fn measurable<'a>(
    terms: &Terms,
    measure: Measure,
    sales: &[&'a Sale],
) -> (Vec<&'a Sale>, Vec<&'a Sale>) {
    sales.iter().partition(|sale| {
        measure != Measure::NetRevenue
            || sale.currency == terms.currency
            || terms.exchange_rate_micros.contains_key(&sale.currency)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn minor_units_of_every_size_convert() {
        let of = |code| Currency::parse(code).unwrap();
        let mut terms = Terms::percent(of("usd"), 1_000);
        terms.exchange_rate_micros.insert(of("kwd"), 3_250_000);
        terms.exchange_rate_micros.insert(of("jpy"), 6_700);
        assert_eq!(to_program(&terms, 1_000, of("kwd")), Ok(Some(325)));
        assert_eq!(from_program(&terms, 325, of("kwd")), Ok(Some(1_000)));
        assert_eq!(to_program(&terms, 1_000, of("jpy")), Ok(Some(670)));
        assert_eq!(to_program(&terms, -1_000, of("jpy")), Ok(Some(-670)));
        assert_eq!(to_program(&terms, 1_000, of("eur")), Ok(None));
        assert_eq!(to_program(&terms, 1_000, of("usd")), Ok(Some(1_000)));
    }
}
