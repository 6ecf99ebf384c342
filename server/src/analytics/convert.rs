//! What the questions and answers have in common: ranges, currencies, kinds, amounts.

use super::calendar::Zone;
use crate::error::{Error, Reason};
use crate::revenue::convert::{self as revenue, YEARS, reason_of};
use prost_types::Timestamp as Instant;
use takings::v1 as pb;
use takings_core::billing::{Definition, MovementKind};
use takings_core::metrics;
use takings_core::money::Currency;
use takings_core::time::{Range, Timestamp};
use takings_core::unconfirmed::Reason as Mark;

/// Both ends of a range, as far as they are set.
pub(super) type Ends = (Option<Timestamp>, Option<Timestamp>);

/// A range of instants.
pub(super) fn range(range: Option<pb::TimeRange>) -> Result<Ends, Error> {
    let Some(pb::TimeRange { start_time, end_time }) = range else { return Ok((None, None)) };
    Ok((instant("range.start_time", start_time)?, instant("range.end_time", end_time)?))
}

/// An end of a half-open range, rounded up: what is stored are whole microseconds, so the same
/// rows lie before the rounded instant.
pub(super) fn instant(
    field: &'static str,
    instant: Option<Instant>,
) -> Result<Option<Timestamp>, Error> {
    instant.map(|instant| micros(field, instant, 999)).transpose()
}

/// The last recorded instant that may be used, rounded down.
pub(super) fn known(instant: Option<Instant>) -> Result<Option<Timestamp>, Error> {
    instant.map(|instant| micros("known_at_time", instant, 0)).transpose()
}

fn micros(field: &'static str, instant: Instant, up: i64) -> Result<Timestamp, Error> {
    let Instant { seconds, nanos } = instant;
    if !YEARS.contains(&seconds) || !(0..1_000_000_000).contains(&nanos) {
        let message = "the instant lies outside the years 1 to 9999, or its nanoseconds outside 0 \
                       to 999,999,999";
        return Err(Error::invalid(Reason::InvalidRange, field, message));
    }
    let micros = (i64::from(nanos) + up) / 1_000;
    let second = Timestamp::from_secs(seconds);
    // What would round up into the year 10,000 stays in the one before.
    let micros = if seconds == *YEARS.end() { micros.min(999_999) } else { micros };
    Ok(Timestamp(second.0 + micros))
}

/// An instant, as the contract writes it.
pub(super) fn shown(at: Timestamp) -> Instant {
    revenue::instant(at.0)
}

/// A range, as the contract writes it.
pub(super) fn moments(range: Range) -> pb::TimeRange {
    let Range { start, end } = range;
    pb::TimeRange { start_time: Some(shown(start)), end_time: Some(shown(end)) }
}

/// A currency to filter by; empty: none.
pub(super) fn currency(code: &str) -> Result<Option<Currency>, Error> {
    if code.is_empty() {
        return Ok(None);
    }
    let known = Currency::parse(code).ok().filter(|currency| currency.iso() == code);
    known.map(Some).ok_or_else(|| {
        let shown: String = code.chars().take(16).collect();
        let message = format!("`{shown}` is no ISO 4217 code in upper case: send one like `USD`");
        Error::invalid(Reason::UnknownCurrency, "currency_code", message)
    })
}

/// An amount.
pub(super) fn money(amount_minor: i64, currency: Currency) -> pb::Money {
    pb::Money { amount_minor, currency_code: currency.iso() }
}

/// A kind of movement, as the contract names it.
pub(super) fn kind_of(kind: MovementKind) -> pb::MovementKind {
    match kind {
        MovementKind::New => pb::MovementKind::New,
        MovementKind::Reactivation => pb::MovementKind::Reactivation,
        MovementKind::Expansion => pb::MovementKind::Expansion,
        MovementKind::Contraction => pb::MovementKind::Contraction,
        MovementKind::Churn => pb::MovementKind::Churn,
    }
}

/// How many objects carry a mark.
pub(super) fn count((reason, objects): (Mark, i64)) -> pb::UnconfirmedCount {
    pb::UnconfirmedCount { reason: reason_of(reason).into(), object_count: objects }
}

/// A range whose missing end is now, and whose missing start begins the month.
pub(super) fn filled(
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

/// A range that ends before it starts.
pub(super) fn turned_round(field: &'static str) -> Error {
    let message = "the range ends before it starts: exchange its ends, or send both";
    Error::invalid(Reason::InvalidRange, field, message)
}

/// The name of the rules by which everything here was computed.
pub(super) fn definition() -> String {
    Definition::default().name
}

/// Every kind's movements, shown so that they lead from the shown start to the shown end.
pub(super) fn movement_totals(
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
