//! What is asked of leads, and answered, as the contract says it.

use super::{Answer, Asked, Calibration, Group, Revenue, share};
use crate::app::App;
use crate::error::{Error, Reason};
use crate::lead::{Cohort, stage_of};
use crate::revenue::convert::{Span, micros, money, text};
use takings::v1 as pb;
use takings_core::lead::stage::LADDER;
use takings_core::metrics::funnel::FunnelStep;
use takings_core::metrics::interval::Proportion;
use takings_core::money::Currency;
use takings_core::time::{DAY_MICROS, Timestamp};

/// Answers what became of leads.
pub(crate) async fn answer(
    app: &App,
    asked: pb::GetLeadAnalyticsRequest,
) -> Result<pb::GetLeadAnalyticsResponse, Error> {
    Ok(super::answer(app, &read(app, asked)?).await?.into())
}

fn read(app: &App, asked: pb::GetLeadAnalyticsRequest) -> Result<Asked, Error> {
    let pb::GetLeadAnalyticsRequest {
        captured,
        source,
        campaign,
        window_days,
        score_after_days,
        as_of_time,
    } = asked;
    let span = Span::read("captured", captured)?;
    let days = |field, given: Option<i32>, usual: i64, least: i64, most: i64| {
        let days = given.map_or(usual, i64::from);
        let message = format!("use {least} to {most} days, or leave it out for {usual}");
        let refuse = || Error::invalid(Reason::InvalidField, field, message);
        if (least..=most).contains(&days) { Ok(days) } else { Err(refuse()) }
    };
    let as_of = match as_of_time {
        Some(time) => Timestamp(micros("as_of_time", time)?).min(app.now()),
        None => app.now(),
    };
    let score_after = days("score_after_days", score_after_days, 1, 0, 365)? * DAY_MICROS;
    Ok(Asked {
        cohort: Cohort {
            source: text("source", source)?,
            campaign: text("campaign", campaign)?,
            captured: (span.start, span.end),
            as_of,
            score_after,
        },
        window_days: days("window_days", window_days, 90, 1, 3_650)?,
    })
}

fn rate(counted: (i64, i64)) -> pb::LeadRate {
    rate_of(counted, share(counted))
}

fn rate_of((part, whole): (i64, i64), share: Option<Proportion>) -> pb::LeadRate {
    pb::LeadRate {
        part,
        whole,
        rate: share.map(|it| it.rate),
        low: share.map(|it| it.interval.low),
        high: share.map(|it| it.interval.high),
    }
}

fn step((place, step): (usize, &FunnelStep)) -> pb::LeadFunnelStep {
    let FunnelStep { reached, open, lost } = *step;
    pb::LeadFunnelStep {
        stage: stage_of(LADDER[place]).into(),
        reached: Some(rate_of((reached, reached + open + lost), step.rate())),
        open_count: open,
        lost_count: lost,
    }
}

fn duration(seconds: Option<u64>) -> Option<prost_types::Duration> {
    let seconds = i64::try_from(seconds?).ok()?;
    Some(prost_types::Duration { seconds, nanos: 0 })
}

fn revenue((currency, sum): (Currency, Revenue)) -> pb::LeadRevenue {
    pb::LeadRevenue {
        currency_code: currency.iso(),
        customer_count: sum.customers,
        net_amount: money(sum.net, Some(currency)),
        lifetime_value: money(sum.mean(), Some(currency)),
    }
}

fn cohort((source, campaign): (String, String), group: Group) -> pb::LeadCohort {
    let Group { captured, confirmed, verdicts, funnel, converted, time, revenue: paid } = group;
    let found = |verdict: &str| verdicts.get(verdict).copied().unwrap_or(0);
    let [quarter, half, three_quarters] = time.map(duration);
    pb::LeadCohort {
        source,
        campaign,
        captured_count: captured,
        confirmed: Some(rate(confirmed)),
        ok_count: found("ok"),
        risky_count: found("risky"),
        unknown_count: found("unknown"),
        invalid_count: found("invalid"),
        funnel: funnel.iter().enumerate().map(step).collect(),
        converted: Some(rate(converted)),
        time_to_convert: Some(pb::TimeToConvert { quarter, half, three_quarters }),
        revenue: paid.into_iter().map(revenue).collect(),
    }
}

impl From<Calibration> for pb::ScoreCalibration {
    fn from(calibration: Calibration) -> pb::ScoreCalibration {
        let Calibration { leads, converted, auc, lift, deciles, brier, forecast_by } = calibration;
        let deciles =
            deciles.iter().flat_map(|it| it.0.iter().zip(1..)).filter_map(|(it, place)| {
                let (rate, interval) = it.rate?;
                Some(pb::ScoreDecile {
                    decile: place,
                    lead_count: it.count,
                    converted_count: it.converted,
                    lowest_score: it.lowest?,
                    rate,
                    low: interval.low,
                    high: interval.high,
                })
            });
        pb::ScoreCalibration {
            lead_count: leads,
            converted_count: converted,
            auc,
            lift_10: lift,
            deciles: deciles.collect(),
            brier,
            forecast_lead_count: forecast_by,
        }
    }
}

impl From<Answer> for pb::GetLeadAnalyticsResponse {
    fn from(Answer { total, groups, calibration }: Answer) -> pb::GetLeadAnalyticsResponse {
        let cohorts = groups.into_iter().map(|(key, group)| cohort(key, group)).collect();
        pb::GetLeadAnalyticsResponse {
            total: Some(cohort((String::new(), String::new()), total)),
            cohorts,
            calibration: Some(calibration.into()),
        }
    }
}
