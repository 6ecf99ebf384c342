//! The question and the answer about subscriptions.

use super::Activity;
use crate::analytics::calendar::Zone;
use crate::analytics::convert::{
    currency, definition, filled, known, moments, money, movement_totals, range, shown,
};
use crate::analytics::scope::Scope;
use crate::error::Error;
use takings::v1 as pb;
use takings_core::metrics;
use takings_core::time::Timestamp;

/// Reads a question for subscription metrics.
pub(in crate::analytics) fn question(
    request: pb::GetSubscriptionMetricsRequest,
    now: Timestamp,
) -> Result<Scope, Error> {
    let pb::GetSubscriptionMetricsRequest { range: given, known_at_time, time_zone, currency_code } =
        request;
    let zone = Zone::parse(&time_zone)?;
    let range = filled("range", range(given)?, &zone, now)?;
    Ok(Scope { range, known: known(known_at_time)?, currency: currency(&currency_code)? })
}

/// Shows what became of subscriptions.
pub(in crate::analytics) fn answer(
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
