//! The state of the business at one instant.

use super::confidence::Confidence;
use super::kinds::{CUSTOMERS, DISPUTE, MOVEMENTS, RECEIVED, REFUND, REVENUE};
use super::rollups::{Totals, narrow};
use super::scope::Scope;
use crate::app::App;
use crate::error::Error;
use std::collections::BTreeSet;
use takings_core::metrics::growth_rate;
use takings_core::money::Currency;

/// The state of the business.
#[derive(Debug)]
pub(super) struct Summary {
    pub(super) currencies: Vec<CurrencySummary>,
    pub(super) customers: i64,
    pub(super) subscribers: i64,
}

/// The state of the business in one currency.
#[derive(Debug)]
pub(super) struct CurrencySummary {
    pub(super) currency: Currency,
    /// Minor units received in the range.
    pub(super) gross: i64,
    /// Minor units given back in the range, positive.
    pub(super) refunds: i64,
    /// Minor units withdrawn in the range, positive.
    pub(super) disputes: i64,
    pub(super) net: i64,
    /// Units of MRR at the range's start.
    pub(super) start_mrr: i64,
    /// Units of MRR at its end.
    pub(super) mrr: i64,
    pub(super) growth_rate: Option<f64>,
    pub(super) subscribers: i64,
}

/// The kinds of measure that a summary is made of.
const KINDS: [&str; 5] = [RECEIVED[0], RECEIVED[1], REFUND, DISPUTE, CUSTOMERS];

/// Answers the state of the business at the end of the scope's range.
pub(super) async fn read(
    app: &App,
    scope: &Scope,
    confidence: &Confidence,
) -> Result<Summary, Error> {
    let instants = [scope.range.start, scope.range.end];
    let totals = Totals::read(&app.database, &instants, scope.known, &KINDS).await?;
    let mut currencies: BTreeSet<Currency> = confidence.currencies().collect();
    currencies.extend(totals.currencies(&MOVEMENTS));
    currencies.extend(totals.currencies(&REVENUE));
    let asked = currencies.into_iter().filter(|currency| scope.lets(*currency));
    let rows = asked.map(|currency| of_currency(&totals, scope, currency));
    let at = scope.range.end;
    Ok(Summary {
        currencies: rows.collect::<Result<_, Error>>()?,
        customers: narrow(totals.before_all(at, &[CUSTOMERS]).amount)?,
        subscribers: narrow(totals.before_all(at, &MOVEMENTS).customers)?,
    })
}

fn of_currency(
    totals: &Totals,
    scope: &Scope,
    currency: Currency,
) -> Result<CurrencySummary, Error> {
    let (range, sums) = (scope.range, totals.of(&currency));
    Ok(CurrencySummary {
        currency,
        gross: sums.amount(range, &RECEIVED)?,
        refunds: narrow(-i128::from(sums.amount(range, &[REFUND])?))?,
        disputes: narrow(-i128::from(sums.amount(range, &[DISPUTE])?))?,
        net: sums.amount(range, &REVENUE)?,
        start_mrr: sums.mrr(range.start)?,
        mrr: sums.mrr(range.end)?,
        growth_rate: growth_rate(&sums.bridge(range)?),
        subscribers: sums.subscribers(range.end)?,
    })
}
