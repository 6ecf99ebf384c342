//! The state of the business at one instant.

mod convert;

use crate::analytics::confidence::Confidence;
use crate::analytics::kinds::{CUSTOMERS, DISPUTE, MOVEMENTS, RECEIVED, REFUND, REVENUE};
use crate::analytics::rollups::{Totals, narrow};
use crate::analytics::scope::Scope;
use crate::app::App;
use crate::error::Error;
use std::collections::BTreeSet;
use takings_core::metrics::growth_rate;
use takings_core::money::Currency;

pub(super) use convert::{answer, question};

/// The state of the business.
#[derive(Debug)]
pub(in crate::analytics) struct Summary {
    pub(in crate::analytics) currencies: Vec<CurrencySummary>,
    pub(in crate::analytics) customers: i64,
    pub(in crate::analytics) subscribers: i64,
}

/// The state of the business in one currency.
#[derive(Debug)]
pub(in crate::analytics) struct CurrencySummary {
    pub(in crate::analytics) currency: Currency,
    /// Minor units received in the range.
    pub(in crate::analytics) gross: i64,
    /// Minor units given back in the range, positive.
    pub(in crate::analytics) refunds: i64,
    /// Minor units withdrawn in the range, positive.
    pub(in crate::analytics) disputes: i64,
    pub(in crate::analytics) net: i64,
    /// Units of MRR at the range's start.
    pub(in crate::analytics) start_mrr: i64,
    /// Units of MRR at its end.
    pub(in crate::analytics) mrr: i64,
    pub(in crate::analytics) growth_rate: Option<f64>,
    pub(in crate::analytics) subscribers: i64,
}

/// The kinds of measure that a summary is made of.
const KINDS: [&str; 5] = [RECEIVED[0], RECEIVED[1], REFUND, DISPUTE, CUSTOMERS];

/// Answers the state of the business at the end of the scope's range.
pub(in crate::analytics) async fn read(
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
