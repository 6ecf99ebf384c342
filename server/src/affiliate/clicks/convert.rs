//! Clicks, as the contract says them.

use super::{Asked, Tracked, Visit};
use crate::affiliate::convert::is_id;
use crate::affiliate::links::convert::code;
use crate::app::App;
use crate::error::{Error, Reason as ErrorReason};
use crate::revenue::convert::micros;
use takings::v1 as pb;
use takings_core::affiliate::click::Reason;
use takings_core::time::Timestamp;

/// How far the caller's clock may be ahead, in microseconds.
const AHEAD: i64 = 60_000_000;

/// A click that is to be tracked.
pub(in crate::affiliate) fn track(app: &App, asked: pb::TrackClickRequest) -> Result<Asked, Error> {
    let pb::TrackClickRequest {
        code: typed,
        click_id,
        ip_address,
        user_agent,
        referrer,
        query,
        method,
        purpose,
        opt_out,
        click_time,
    } = asked;
    let given = |text: String| Some(text).filter(|text| !text.is_empty());
    let address = match ip_address.as_str() {
        "" => None,
        text => Some(text.parse().map_err(|_| wrong("ip_address", "this is no IP address"))?),
    };
    let visit = Visit {
        address,
        user_agent: given(user_agent),
        referrer: given(referrer),
        query,
        method: given(method).unwrap_or_else(|| "GET".to_owned()),
        purposes: given(purpose).into_iter().collect(),
        opt_out,
    };
    Ok(Asked { code: code(&typed)?, id: click_id_of(click_id)?, at: at(app, click_time)?, visit })
}

fn click_id_of(given: String) -> Result<Option<String>, Error> {
    if given.is_empty() || is_id(&given, "clk") {
        return Ok(Some(given).filter(|id| !id.is_empty()));
    }
    Err(wrong(
        "click_id",
        "use `clk_` and the 32 digits of a UUID in lower case, or leave it empty",
    ))
}

fn at(app: &App, given: Option<prost_types::Timestamp>) -> Result<Timestamp, Error> {
    let now = app.now();
    match given.map(|time| micros("click_time", time)).transpose()? {
        None => Ok(now),
        Some(at) if at <= now.0 + AHEAD => Ok(Timestamp(at.min(now.0))),
        Some(_) => Err(wrong("click_time", "this is in the future")),
    }
}

fn wrong(field: &'static str, message: &str) -> Error {
    Error::invalid(ErrorReason::InvalidField, field, message)
}

impl From<Tracked> for pb::TrackClickResponse {
    fn from(Tracked { link, click, reason, location }: Tracked) -> pb::TrackClickResponse {
        pb::TrackClickResponse {
            click_id: click.unwrap_or_default(),
            outcome: reason.map_or(pb::ClickOutcome::Limited, outcome).into(),
            destination_url: location,
            link_id: link,
        }
    }
}

fn outcome(reason: Reason) -> pb::ClickOutcome {
    match reason {
        Reason::OptOut => pb::ClickOutcome::OptOut,
        Reason::NonGet => pb::ClickOutcome::NonGet,
        Reason::Prefetch => pb::ClickOutcome::Prefetch,
        Reason::NoUserAgent => pb::ClickOutcome::NoUserAgent,
        Reason::BotUserAgent => pb::ClickOutcome::BotUserAgent,
        Reason::BotReferrer => pb::ClickOutcome::BotReferrer,
        Reason::BotIp => pb::ClickOutcome::BotAddress,
        Reason::Datacenter => pb::ClickOutcome::Datacenter,
        Reason::Duplicate => pb::ClickOutcome::Duplicate,
        Reason::DedupUnknown => pb::ClickOutcome::DedupUnknown,
        Reason::Valid => pb::ClickOutcome::Valid,
    }
}
