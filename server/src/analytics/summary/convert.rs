//! The summary's question and answer.

use super::{CurrencySummary, Summary};
use crate::analytics::calendar::Zone;
use crate::analytics::confidence::Confidence;
use crate::analytics::convert::{
    count, currency, definition, filled, instant, known, money, shown,
};
use crate::analytics::scope::Scope;
use crate::error::Error;
use takings::v1 as pb;
use takings_core::metrics;
use takings_core::time::Timestamp;

/// Reads a question for the summary.
pub(in crate::analytics) fn question(
    request: pb::GetRevenueSummaryRequest,
    now: Timestamp,
) -> Result<Scope, Error> {
    let pb::GetRevenueSummaryRequest {
        start_time,
        as_of_time,
        known_at_time,
        time_zone,
        currency_code,
    } = request;
    let zone = Zone::parse(&time_zone)?;
    let ends = (instant("start_time", start_time)?, instant("as_of_time", as_of_time)?);
    let range = filled("start_time", ends, &zone, now)?;
    Ok(Scope { range, known: known(known_at_time)?, currency: currency(&currency_code)? })
}

/// Shows a summary.
pub(in crate::analytics) fn answer(
    summary: Summary,
    scope: &Scope,
    confidence: &Confidence,
    settled: Timestamp,
) -> pb::GetRevenueSummaryResponse {
    let Summary { currencies, customers, subscribers } = summary;
    let of_currency = |row| currency_summary(row, confidence);
    pb::GetRevenueSummaryResponse {
        currencies: currencies.into_iter().map(of_currency).collect(),
        start_time: Some(shown(scope.range.start)),
        as_of_time: Some(shown(scope.range.end)),
        customer_count: customers,
        subscriber_count: subscribers,
        unconfirmed: confidence.all().into_iter().map(count).collect(),
        settled_through_time: Some(shown(settled)),
        definition: definition(),
    }
}

fn currency_summary(row: CurrencySummary, confidence: &Confidence) -> pb::RevenueSummary {
    let CurrencySummary {
        currency,
        gross,
        refunds,
        disputes,
        net,
        start_mrr,
        mrr,
        growth_rate,
        subscribers,
    } = row;
    let money = |minor| Some(money(minor, currency));
    pb::RevenueSummary {
        currency_code: currency.iso(),
        gross_revenue: money(gross),
        refunds: money(refunds),
        disputes: money(disputes),
        net_revenue: money(net),
        mrr: money(metrics::minor(mrr)),
        mrr_units: mrr,
        arr: money(metrics::arr_minor(mrr)),
        start_mrr: money(metrics::minor(start_mrr)),
        growth_rate,
        subscriber_count: subscribers,
        arpa: metrics::arpa_minor(mrr, subscribers).and_then(money),
        unconfirmed: confidence.of(currency).into_iter().map(count).collect(),
        unconfirmed_mrr: money(metrics::minor(confidence.held(currency))),
    }
}
