//! Single fields: instants, currencies, kinds, reasons.

use crate::error::{Error, Reason};
use prost_types::Timestamp as Instant;
use takings::v1 as pb;
use takings_core::billing::{Cause, MovementKind};
use takings_core::money::Currency;
use takings_core::time::{Range, Timestamp};
use takings_core::unconfirmed::Reason as Mark;

/// The seconds of the years 1 to 9999.
const YEARS: std::ops::RangeInclusive<i64> = -62_135_596_800..=253_402_300_799;

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
    Ok(Timestamp(seconds * 1_000_000 + (i64::from(nanos) + up) / 1_000))
}

/// An instant, as the contract writes it.
pub(super) fn shown(instant: Timestamp) -> Instant {
    let nanos = i32::try_from(instant.0.rem_euclid(1_000_000) * 1_000).unwrap_or_default();
    Instant { seconds: instant.secs(), nanos }
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

/// A text to filter by. Neither database stores a NUL, so it is refused here.
pub(super) fn text(field: &'static str, text: String) -> Result<String, Error> {
    if text.contains('\0') {
        let message = format!("`{field}` holds a NUL, which no id does");
        return Err(Error::invalid(Reason::InvalidField, field, message));
    }
    Ok(text)
}

/// An amount.
pub(super) fn money(amount_minor: i64, currency: Currency) -> pb::Money {
    pb::Money { amount_minor, currency_code: currency.iso() }
}

/// A kind of movement to filter by; unspecified: every one.
pub(super) fn movement_kind(number: i32) -> Result<Option<MovementKind>, Error> {
    let unknown = |_| {
        let message = format!("{number} is no kind of movement: send a value of MovementKind");
        Error::invalid(Reason::InvalidField, "kind", message)
    };
    Ok(match pb::MovementKind::try_from(number).map_err(unknown)? {
        pb::MovementKind::Unspecified => None,
        pb::MovementKind::New => Some(MovementKind::New),
        pb::MovementKind::Reactivation => Some(MovementKind::Reactivation),
        pb::MovementKind::Expansion => Some(MovementKind::Expansion),
        pb::MovementKind::Contraction => Some(MovementKind::Contraction),
        pb::MovementKind::Churn => Some(MovementKind::Churn),
    })
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

/// Why MRR moved, as the contract names it.
pub(super) fn cause(cause: Cause) -> pb::MovementReason {
    match cause {
        Cause::Unchanged => pb::MovementReason::Unspecified,
        Cause::Started => pb::MovementReason::Started,
        Cause::TrialEnded => pb::MovementReason::TrialEnded,
        Cause::TrialStarted => pb::MovementReason::TrialStarted,
        Cause::ItemsChanged => pb::MovementReason::ItemsChanged,
        Cause::PlanChanged => pb::MovementReason::PlanChanged,
        Cause::QuantityChanged => pb::MovementReason::QuantityChanged,
        Cause::PriceChanged => pb::MovementReason::PriceChanged,
        Cause::TaxChanged => pb::MovementReason::TaxChanged,
        Cause::DiscountChanged => pb::MovementReason::DiscountChanged,
        Cause::Settled => pb::MovementReason::Settled,
        Cause::Voluntary => pb::MovementReason::Voluntary,
        Cause::Involuntary => pb::MovementReason::Involuntary,
        Cause::Paused => pb::MovementReason::Paused,
        Cause::Resumed => pb::MovementReason::Resumed,
        Cause::Recovered => pb::MovementReason::Recovered,
    }
}

/// How many objects carry a mark.
pub(super) fn count((reason, objects): (Mark, i64)) -> pb::UnconfirmedCount {
    pb::UnconfirmedCount { reason: mark(reason).into(), object_count: objects }
}

fn mark(reason: Mark) -> pb::UnconfirmedReason {
    match reason {
        Mark::Tie => pb::UnconfirmedReason::Tie,
        Mark::MissedUpdate => pb::UnconfirmedReason::MissedUpdate,
        Mark::CouponScope => pb::UnconfirmedReason::CouponScope,
        Mark::CouponUnknown => pb::UnconfirmedReason::CouponUnknown,
        Mark::TieredPrice => pb::UnconfirmedReason::TieredPrice,
        Mark::CurrencyOption => pb::UnconfirmedReason::CurrencyOption,
        Mark::CutList => pb::UnconfirmedReason::CutList,
        Mark::InclusiveTaxUnknown => pb::UnconfirmedReason::InclusiveTaxUnknown,
        Mark::PaymentUnexplained => pb::UnconfirmedReason::PaymentUnexplained,
        Mark::PaymentMethodUnknown => pb::UnconfirmedReason::PaymentMethodUnknown,
        Mark::RefundUnseen => pb::UnconfirmedReason::RefundUnseen,
        Mark::ParentMissing => pb::UnconfirmedReason::ParentMissing,
        Mark::FeeUnknown => pb::UnconfirmedReason::FeeUnknown,
    }
}
