//! Questions of the contract into ours, and our answers into its.

use super::activity::Activity;
use super::calendar::{Granularity, Zone};
use super::confidence::Confidence;
use super::movements::{Explanation, Filter, Movements, Net, Place};
use super::scope::Scope;
use super::series::{Point, Series};
use super::summary::{CurrencySummary, Summary};
use crate::error::{Error, Reason};
use crate::page::{self, Page};
use takings::v1 as pb;
use takings_core::billing::{Definition, MovementKind, UNITS_PER_MINOR};
use takings_core::metrics;
use takings_core::money::Currency;
use takings_core::time::{Range, Timestamp};
use values::{
    cause, count, currency, instant, kind_of, known, moments, money, movement_kind, range, shown,
    text,
};

mod values;

/// A question about a series.
pub(super) struct SeriesQuestion {
    pub(super) scope: Scope,
    /// The instants that part the range into periods.
    pub(super) bounds: Vec<Timestamp>,
}

/// A question about movements.
pub(super) struct MovementsQuestion {
    pub(super) filter: Filter,
    pub(super) page: Page,
    /// Where the page before ended.
    pub(super) after: Option<Place>,
    /// What a page token is bound to.
    pub(super) binding: Vec<String>,
}

/// Reads a question for the summary.
pub(super) fn summary_question(
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

/// Reads a question for subscription metrics.
pub(super) fn metrics_question(
    request: pb::GetSubscriptionMetricsRequest,
    now: Timestamp,
) -> Result<Scope, Error> {
    let pb::GetSubscriptionMetricsRequest { range: given, known_at_time, time_zone, currency_code } =
        request;
    let zone = Zone::parse(&time_zone)?;
    let range = filled("range", range(given)?, &zone, now)?;
    Ok(Scope { range, known: known(known_at_time)?, currency: currency(&currency_code)? })
}

/// Reads a question for series.
pub(super) fn series_question(
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

/// Reads a question for movements.
pub(super) fn movements_question(
    request: pb::ListMrrMovementsRequest,
) -> Result<MovementsQuestion, Error> {
    let kind = movement_kind(request.kind)?;
    let pb::ListMrrMovementsRequest {
        range: given,
        currency_code,
        customer_id,
        kind: _,
        known_at_time,
        page_size,
        page_token,
    } = request;
    let (start, end) = range(given)?;
    let filter = Filter {
        start: start.unwrap_or(Timestamp(i64::MIN)),
        end: end.unwrap_or(Timestamp(i64::MAX)),
        currency: currency(&currency_code)?,
        customer: text("customer_id", customer_id)?,
        kind,
        known: known(known_at_time)?.unwrap_or(Timestamp(i64::MAX)),
    };
    if filter.end < filter.start {
        return Err(turned_round("range"));
    }
    let binding = vec!["ListMrrMovements".to_owned(), format!("{filter:?}")];
    let page = Page::read(page_size, &page_token, &borrowed(&binding))?;
    let place = |key: &Vec<String>| Place::of_key(key).ok_or_else(page::invalid_token);
    let after = page.after.as_ref().map(place).transpose()?;
    Ok(MovementsQuestion { filter, page, after, binding })
}

fn borrowed(texts: &[String]) -> Vec<&str> {
    texts.iter().map(String::as_str).collect()
}

/// A range whose missing end is now, and whose missing start begins the month.
fn filled(
    field: &'static str,
    (start, end): (Option<Timestamp>, Option<Timestamp>),
    zone: &Zone,
    now: Timestamp,
) -> Result<Range, Error> {
    let end = end.unwrap_or(now);
    let start = match start {
        Some(start) => start,
        None => zone.month_up_to(end)?,
    };
    if end < start {
        return Err(turned_round(field));
    }
    Ok(Range { start, end })
}

fn turned_round(field: &'static str) -> Error {
    let message = "the range ends before it starts: exchange its ends, or send both";
    Error::invalid(Reason::InvalidRange, field, message)
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

/// The name of the rules by which everything here was computed.
fn definition() -> String {
    Definition::default().name
}

/// Shows a summary.
pub(super) fn summary_answer(
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

/// Shows what became of subscriptions.
pub(super) fn metrics_answer(
    activities: Vec<Activity>,
    scope: &Scope,
    settled: Timestamp,
) -> pb::GetSubscriptionMetricsResponse {
    pb::GetSubscriptionMetricsResponse {
        currencies: activities.into_iter().map(subscription_metrics).collect(),
        range: Some(moments(scope.range)),
        settled_through_time: Some(shown(settled)),
        definition: definition(),
    }
}

fn subscription_metrics(activity: Activity) -> pb::SubscriptionMetrics {
    let Activity {
        currency,
        statuses: [active, trialing, past_due, paused],
        start_subscribers,
        end_subscribers,
        end_mrr,
        moved,
        bridge,
        cohort,
        logos,
        trials_converted,
        trials_cancelled,
    } = activity;
    pb::SubscriptionMetrics {
        currency_code: currency.iso(),
        active_count: active,
        trialing_count: trialing,
        past_due_count: past_due,
        paused_count: paused,
        start_subscriber_count: start_subscribers,
        end_subscriber_count: end_subscribers,
        start_mrr: Some(money(metrics::minor(bridge.start), currency)),
        end_mrr: Some(money(metrics::minor(end_mrr), currency)),
        movements: movement_totals((bridge.start, end_mrr), &moved, currency),
        quick_ratio: metrics::quick_ratio(&bridge),
        gross_mrr_churn: metrics::gross_mrr_churn(&bridge),
        net_mrr_churn: metrics::net_mrr_churn(&bridge),
        nrr: metrics::nrr(&cohort),
        grr: metrics::grr(&cohort),
        logo_churn: metrics::logo_churn(&cohort),
        logo_churn_stripe: metrics::logo_churn_stripe(&logos),
        trial_conversion: metrics::trial_conversion(trials_converted, trials_cancelled),
        ended_trial_count: trials_converted.saturating_add(trials_cancelled),
        converted_trial_count: trials_converted,
    }
}

/// Every kind's movements, shown so that they lead from the shown start to the shown end.
fn movement_totals(
    (start, end): (i64, i64),
    moved: &[(i64, i64); 5],
    currency: Currency,
) -> Vec<pb::MovementTotal> {
    let amounts = metrics::display_steps(start, end, &moved.map(|(units, _)| units));
    let totals = MovementKind::ALL.into_iter().zip(moved).zip(amounts);
    let total = |((kind, (units, movements)), minor): ((MovementKind, &(i64, i64)), i64)| {
        pb::MovementTotal {
            kind: kind_of(kind).into(),
            amount: Some(money(minor, currency)),
            mrr_units: *units,
            movement_count: *movements,
        }
    };
    totals.map(total).collect()
}

/// Shows a page of movements.
pub(super) fn movements_answer(
    movements: Movements,
    binding: &[String],
    settled: Timestamp,
) -> pb::ListMrrMovementsResponse {
    let Movements { rows, sources, more } = movements;
    let last = rows.last().filter(|_| more).map(|(net, _)| net.place.key());
    let token = last.map(|key| page::encode(&borrowed(binding), &key));
    let show = |(net, explanation): (Net, Explanation)| {
        let source = sources.get(&net.place.source).cloned().unwrap_or_default();
        movement(net, explanation, source)
    };
    pb::ListMrrMovementsResponse {
        mrr_movements: rows.into_iter().map(show).collect(),
        next_page_token: token.unwrap_or_default(),
        settled_through_time: Some(shown(settled)),
        definition: definition(),
    }
}

fn movement(net: Net, explanation: Explanation, source: String) -> pb::MrrMovement {
    let Net { place, kind, units, event, recorded_at } = net;
    let Place { at, source: _, customer, currency } = place;
    let Explanation { subscriptions, reason } = explanation;
    let currency = Currency::parse(&currency).ok();
    pb::MrrMovement {
        customer_id: customer,
        source,
        subscription_ids: subscriptions,
        kind: kind_of(kind).into(),
        amount: currency.map(|currency| money(metrics::minor(units), currency)),
        mrr_units: units,
        reason: reason.map_or(pb::MovementReason::Unspecified, cause).into(),
        occurred_time: Some(shown(at)),
        recorded_time: Some(shown(recorded_at)),
        observation: event,
    }
}

/// Shows series.
pub(super) fn series_answer(
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

const _: () = assert!(UNITS_PER_MINOR == 83_160, "the contract names this number");
