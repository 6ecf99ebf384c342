//! Revenue and MRR over time.

use super::kinds::{MOVEMENTS, RECEIVED, REVENUE};
use super::rollups::Totals;
use super::scope::Scope;
use crate::app::App;
use crate::error::Error;
use takings_core::money::Currency;
use takings_core::time::{Range, Timestamp};

/// Revenue and MRR over time, in one currency.
#[derive(Debug)]
pub(super) struct Series {
    pub(super) currency: Currency,
    pub(super) points: Vec<Point>,
}

/// One period.
#[derive(Debug)]
pub(super) struct Point {
    pub(super) range: Range,
    /// Minor units received.
    pub(super) gross: i64,
    /// The same less refunds and withdrawn disputes.
    pub(super) net: i64,
    /// Units of MRR at the period's start.
    pub(super) start_mrr: i64,
    /// Units of MRR at the period's end.
    pub(super) end_mrr: i64,
    /// Units and number of movements, in the order of the kinds.
    pub(super) moved: [(i64, i64); 5],
}

/// Answers one series a currency; `bounds` part the scope's range into periods.
pub(super) async fn read(
    app: &App,
    scope: &Scope,
    bounds: &[Timestamp],
) -> Result<Vec<Series>, Error> {
    let totals = Totals::read(&app.database, bounds, scope.known, &REVENUE).await?;
    let mut currencies = totals.currencies(&MOVEMENTS);
    currencies.extend(totals.currencies(&REVENUE));
    let asked = currencies.into_iter().filter(|currency| scope.lets(*currency));
    let series = asked.map(|currency| {
        let ranges = bounds.windows(2).map(|ends| Range { start: ends[0], end: ends[1] });
        let points = ranges.map(|range| point(&totals, range, &currency));
        Ok(Series { currency, points: points.collect::<Result<_, Error>>()? })
    });
    series.collect()
}

fn point(totals: &Totals, range: Range, currency: &Currency) -> Result<Point, Error> {
    let sums = totals.of(currency);
    Ok(Point {
        range,
        gross: sums.amount(range, &RECEIVED)?,
        net: sums.amount(range, &REVENUE)?,
        start_mrr: sums.mrr(range.start)?,
        end_mrr: sums.mrr(range.end)?,
        moved: sums.moved(range)?,
    })
}
