//! The series' question and answer.

use super::{Point, Series};
use crate::analytics::calendar::{Granularity, Zone};
use crate::analytics::convert::{
    currency, definition, filled, known, money, movement_totals, range, shown,
};
use crate::analytics::scope::Scope;
use crate::error::{Error, Reason};
use takings::v1 as pb;
use takings_core::metrics;
use takings_core::money::Currency;
use takings_core::time::Timestamp;

/// A question about a series.
pub(in crate::analytics) struct SeriesQuestion {
    pub(in crate::analytics) scope: Scope,
    /// The instants that part the range into periods.
    pub(in crate::analytics) bounds: Vec<Timestamp>,
}

/// Reads a question for series.
pub(in crate::analytics) fn question(
    request: pb::GetRevenueSeriesRequest,
    now: Timestamp,
) -> Result<SeriesQuestion, Error> {
    let granularity = granularity(request.granularity())?;
    let pb::GetRevenueSeriesRequest {
        granularity: _,
        range: given,
        time_zone,
        currency_code,
        known_at_time,
    } = request;
    let zone = Zone::parse(&time_zone)?;
    let ends = range(given)?;
    if ends.0.is_none() {
        let message = "a series needs the start of its range";
        return Err(Error::invalid(Reason::InvalidRange, "range.start_time", message));
    }
    let range = filled("range", ends, &zone, now)?;
    let bounds = zone.periods(granularity, range)?;
    let (known, currency) = (known(known_at_time)?, currency(&currency_code)?);
    Ok(SeriesQuestion { scope: Scope { range, known, currency }, bounds })
}

fn granularity(granularity: pb::Granularity) -> Result<Granularity, Error> {
    match granularity {
        pb::Granularity::Day => Ok(Granularity::Day),
        pb::Granularity::Week => Ok(Granularity::Week),
        pb::Granularity::Month => Ok(Granularity::Month),
        pb::Granularity::Unspecified => {
            let message = "a series needs a granularity: day, week or month";
            Err(Error::invalid(Reason::InvalidField, "granularity", message))
        }
    }
}

/// Shows series.
pub(in crate::analytics) fn answer(
    series: Vec<Series>,
    settled: Timestamp,
) -> pb::GetRevenueSeriesResponse {
    let show = |Series { currency, points }| pb::RevenueSeries {
        currency_code: Currency::iso(&currency),
        points: points.into_iter().map(|point| revenue_point(point, currency)).collect(),
    };
    pb::GetRevenueSeriesResponse {
        series: series.into_iter().map(show).collect(),
        settled_through_time: Some(shown(settled)),
        definition: definition(),
    }
}

fn revenue_point(point: Point, currency: Currency) -> pb::RevenuePoint {
    let Point { range, gross, net, start_mrr, end_mrr, moved } = point;
    let mut movements = movement_totals((start_mrr, end_mrr), &moved, currency);
    movements.retain(|total| total.movement_count != 0 || total.mrr_units != 0);
    pb::RevenuePoint {
        start_time: Some(shown(range.start)),
        end_time: Some(shown(range.end)),
        gross_revenue: Some(money(gross, currency)),
        net_revenue: Some(money(net, currency)),
        end_mrr: Some(money(metrics::minor(end_mrr), currency)),
        movements,
    }
}
