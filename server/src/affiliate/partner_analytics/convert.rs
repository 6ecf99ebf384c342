//! What partners have brought, as the contract says it.

use super::sums::{Amounts, Funnel};
use super::{Answer, Point, Question, Whose, one_of_both};
use crate::affiliate::convert::id;
use crate::affiliate::partners::convert::partner_id_of;
use crate::affiliate::programs::convert::program_id_of;
use crate::analytics::calendar::{Granularity, Zone};
use crate::error::{Error, Reason};
use crate::revenue::convert::{Span, instant, money};
use takings::v1 as pb;
use takings_core::metrics::rate;
use takings_core::money::Currency;
use takings_core::time::{Range, Timestamp};

/// The question.
pub(in crate::affiliate) fn question(
    asked: pb::GetPartnerAnalyticsRequest,
    now: Timestamp,
) -> Result<Question, Error> {
    let granularity = granularity(asked.granularity)?;
    let pb::GetPartnerAnalyticsRequest {
        partner_id,
        program_id,
        link_id,
        range,
        time_zone,
        granularity: _,
    } = asked;
    let whose = match (partner_id.is_empty(), program_id.is_empty()) {
        (false, true) => Whose::Partner(partner_id_of(partner_id)?),
        (true, false) => Whose::Program(program_id_of(program_id)?),
        _ => return Err(one_of_both()),
    };
    let link = match link_id.is_empty() {
        true => None,
        false => Some(id("link_id", link_id, "lnk", Reason::LinkNotFound)?),
    };
    let Span { start, end } = Span::read("range", range)?;
    let end = end.map_or(now, Timestamp);
    let start = start.map(Timestamp);
    if start.is_some_and(|start| start > end) {
        let message = "the range begins after now: send its end too";
        return Err(Error::invalid(Reason::InvalidRange, "range", message));
    }
    Ok(Question { whose, link, start, end, zone: Zone::parse(&time_zone)?, granularity })
}

fn granularity(given: i32) -> Result<Option<Granularity>, Error> {
    match pb::Granularity::try_from(given) {
        Ok(pb::Granularity::Unspecified) => Ok(None),
        Ok(pb::Granularity::Day) => Ok(Some(Granularity::Day)),
        Ok(pb::Granularity::Week) => Ok(Some(Granularity::Week)),
        Ok(pb::Granularity::Month) => Ok(Some(Granularity::Month)),
        Err(_) => {
            let message = "choose one of the contract's values";
            Err(Error::invalid(Reason::InvalidField, "granularity", message))
        }
    }
}

fn moments(Range { start, end }: Range) -> pb::TimeRange {
    pb::TimeRange { start_time: Some(instant(start.0)), end_time: Some(instant(end.0)) }
}

impl From<Funnel> for pb::PartnerFunnel {
    fn from(funnel: Funnel) -> pb::PartnerFunnel {
        let Funnel { clicks, visitors, rejected, leads, trials, conversions } = funnel;
        pb::PartnerFunnel {
            click_count: clicks,
            unique_click_count: visitors,
            rejected_click_count: rejected,
            lead_count: leads,
            trial_count: trials,
            conversion_count: conversions,
            lead_rate: rate(leads, clicks),
            conversion_rate: rate(conversions, clicks),
            lead_conversion_rate: rate(conversions, leads),
        }
    }
}

impl From<(Currency, Amounts)> for Shown {
    fn from((currency, amounts): (Currency, Amounts)) -> Shown {
        let Amounts { sold, refunded, earned, pending, due, paid, reversed, lifetime } = amounts;
        let money = |amount| money(amount, Some(currency));
        Shown(pb::PartnerEarnings {
            currency_code: currency.iso(),
            sales_amount: money(sold),
            refunded_amount: money(refunded),
            refund_rate: rate(refunded, sold),
            earned_amount: money(earned),
            pending_amount: money(pending),
            due_amount: money(due),
            paid_amount: money(paid),
            reversed_amount: money(reversed),
            customer_lifetime_value: lifetime.and_then(money),
        })
    }
}

/// A row of earnings.
struct Shown(pb::PartnerEarnings);

impl From<Point> for pb::PartnerAnalyticsPoint {
    fn from(Point { range, funnel, amounts }: Point) -> pb::PartnerAnalyticsPoint {
        pb::PartnerAnalyticsPoint {
            range: Some(moments(range)),
            funnel: Some(funnel.into()),
            earnings: amounts.into_iter().map(|row| Shown::from(row).0).collect(),
        }
    }
}

impl From<Answer> for pb::GetPartnerAnalyticsResponse {
    fn from(Answer { totals, points, settled }: Answer) -> pb::GetPartnerAnalyticsResponse {
        let pb::PartnerAnalyticsPoint { range: _, funnel, earnings } = totals.into();
        pb::GetPartnerAnalyticsResponse {
            totals: funnel,
            currencies: earnings,
            points: points.into_iter().map(Into::into).collect(),
            settled_through_time: Some(instant(settled.0)),
        }
    }
}
