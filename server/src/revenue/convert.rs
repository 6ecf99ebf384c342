//! What several messages of the contract have in common: time, money, marks, filters.

use super::mirrors::Mark;
use crate::error::{Error, Reason as ErrorReason};
use prost_types::{FieldMask, Timestamp};
use takings::v1 as pb;
use takings_core::billing::facts::Seconds;
use takings_core::money::Currency;
use takings_core::unconfirmed::Reason;

/// The seconds of the years 1 to 9999, which a protobuf timestamp may name.
pub(crate) const YEARS: std::ops::RangeInclusive<i64> = -62_135_596_800..=253_402_300_799;

/// A range of instants, in microseconds; an end that is missing sets no limit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Span {
    /// The first instant inside.
    pub(crate) start: Option<i64>,
    /// The first instant after.
    pub(crate) end: Option<i64>,
}

impl Span {
    /// The range of a field.
    pub(crate) fn read(field: &'static str, range: Option<pb::TimeRange>) -> Result<Span, Error> {
        let Some(pb::TimeRange { start_time, end_time }) = range else {
            return Ok(Span::default());
        };
        let read = |time: Option<Timestamp>| time.map(|time| micros(field, time)).transpose();
        let span = Span { start: read(start_time)?, end: read(end_time)? };
        if let (Some(start), Some(end)) = (span.start, span.end)
            && end < start
        {
            let message = "the range ends before it starts: exchange its ends";
            return Err(Error::invalid(ErrorReason::InvalidRange, field, message));
        }
        Ok(span)
    }

    /// As a filter that a page token is bound to.
    pub(crate) fn text(self) -> String {
        format!("{:?}", (self.start, self.end))
    }
}

/// An instant in microseconds, rounded up: stored instants are whole microseconds, so both ends
/// of a half-open range let the same ones through.
pub(crate) fn micros(field: &'static str, time: Timestamp) -> Result<i64, Error> {
    let Timestamp { seconds, nanos } = time;
    if !YEARS.contains(&seconds) || !(0..1_000_000_000).contains(&nanos) {
        let message = "this names an instant outside the years 1 to 9999, or nanoseconds \
                       outside 0 to 999,999,999";
        return Err(Error::invalid(ErrorReason::InvalidRange, field, message));
    }
    Ok(seconds * 1_000_000 + (i64::from(nanos) + 999) / 1_000)
}

/// A text to filter by. Neither database stores a NUL, so it is refused here.
pub(crate) fn text(field: &'static str, text: String) -> Result<String, Error> {
    if text.contains('\0') {
        let message = format!("`{field}` holds a NUL, which no id, name or type does");
        return Err(Error::invalid(ErrorReason::InvalidField, field, message));
    }
    Ok(text)
}

/// A text that must be there.
pub(crate) fn required(field: &'static str, given: String) -> Result<String, Error> {
    if given.is_empty() {
        let message = format!("`{field}` is required");
        return Err(Error::invalid(ErrorReason::InvalidField, field, message));
    }
    text(field, given)
}

/// Which fields are to change: those that the mask names, or, without one, those that are given.
pub(crate) fn changed(
    mask: Option<FieldMask>,
    fields: &[(&'static str, bool)],
) -> Result<Vec<&'static str>, Error> {
    let names: Vec<&str> = fields.iter().map(|(name, _)| *name).collect();
    let paths = mask.map(|FieldMask { paths }| paths).unwrap_or_default();
    if paths.iter().any(|path| !names.contains(&path.as_str())) {
        let message = format!("`update_mask` may name: {}", names.join(", "));
        return Err(Error::invalid(ErrorReason::InvalidField, "update_mask", message));
    }
    let wanted = |(name, given): &(&'static str, bool)| {
        let named = if paths.is_empty() { *given } else { paths.iter().any(|path| path == name) };
        named.then_some(*name)
    };
    let changed: Vec<&str> = fields.iter().filter_map(wanted).collect();
    if changed.is_empty() {
        let message = format!("nothing is to change: give one of {}", names.join(", "));
        return Err(Error::invalid(ErrorReason::InvalidField, "update_mask", message));
    }
    Ok(changed)
}

/// An instant, from microseconds.
pub(crate) fn instant(micros: i64) -> Timestamp {
    let nanos = i32::try_from(micros.rem_euclid(1_000_000) * 1_000).unwrap_or_default();
    Timestamp { seconds: micros.div_euclid(1_000_000), nanos }
}

/// A second that is known; zero stands for none.
pub(crate) fn second(seconds: Seconds) -> Option<Timestamp> {
    (seconds != 0).then_some(Timestamp { seconds, nanos: 0 })
}

/// An amount; unset where the currency is not known.
pub(crate) fn money(amount_minor: i64, currency: Option<Currency>) -> Option<pb::Money> {
    currency.map(|currency| pb::Money { amount_minor, currency_code: currency.iso() })
}

impl From<Mark> for pb::Unconfirmed {
    fn from(Mark { object, reason, recorded_at }: Mark) -> pb::Unconfirmed {
        pb::Unconfirmed {
            reason: reason_of(reason).into(),
            object_id: object,
            since_time: Some(instant(recorded_at)),
        }
    }
}

/// A mark's reason, as the contract names it.
pub(crate) fn reason_of(reason: Reason) -> pb::UnconfirmedReason {
    match reason {
        Reason::Tie => pb::UnconfirmedReason::Tie,
        Reason::MissedUpdate => pb::UnconfirmedReason::MissedUpdate,
        Reason::CouponScope => pb::UnconfirmedReason::CouponScope,
        Reason::CouponUnknown => pb::UnconfirmedReason::CouponUnknown,
        Reason::TieredPrice => pb::UnconfirmedReason::TieredPrice,
        Reason::CurrencyOption => pb::UnconfirmedReason::CurrencyOption,
        Reason::CutList => pb::UnconfirmedReason::CutList,
        Reason::InclusiveTaxUnknown => pb::UnconfirmedReason::InclusiveTaxUnknown,
        Reason::PaymentUnexplained => pb::UnconfirmedReason::PaymentUnexplained,
        Reason::PaymentMethodUnknown => pb::UnconfirmedReason::PaymentMethodUnknown,
        Reason::RefundUnseen => pb::UnconfirmedReason::RefundUnseen,
        Reason::ParentMissing => pb::UnconfirmedReason::ParentMissing,
        Reason::FeeUnknown => pb::UnconfirmedReason::FeeUnknown,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64, nanos: i32) -> Option<Timestamp> {
        Some(Timestamp { seconds, nanos })
    }

    fn span(start: Option<Timestamp>, end: Option<Timestamp>) -> Result<Span, Error> {
        Span::read("range", Some(pb::TimeRange { start_time: start, end_time: end }))
    }

    #[test]
    fn ranges_may_be_open_or_empty_but_not_turned_round() {
        assert_eq!(Span::read("range", None).unwrap(), Span::default());
        let open = Span { start: Some(1_000_001), end: None };
        assert_eq!(span(at(1, 1), None).unwrap(), open);
        assert!(span(at(5, 0), at(5, 0)).is_ok());
        for (start, end) in [(at(5, 0), at(4, 0)), (at(1, -1), None), (None, at(i64::MAX, 0))] {
            assert_eq!(span(start, end).unwrap_err().reason(), ErrorReason::InvalidRange);
        }
    }

    #[test]
    fn instants_before_the_epoch_keep_their_nanoseconds_positive() {
        assert_eq!(Some(instant(-1)), at(-1, 999_999_000));
        assert_eq!(Some(instant(1_500_000)), at(1, 500_000_000));
    }
}
