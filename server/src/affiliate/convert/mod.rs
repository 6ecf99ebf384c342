//! What the rooms have in common in reading and writing the contract's messages.

mod terms;

pub(super) use terms::{other_currency, required_terms, terms, terms_of};

use crate::error::{Error, Reason};
use crate::revenue::convert::{instant, required};
use takings::v1 as pb;
use takings_core::money::Currency;
use takings_core::time::Timestamp;

/// A text of at most so many characters, none of which is a control character.
pub(super) fn words(field: &'static str, given: String, most: usize) -> Result<String, Error> {
    if given.chars().count() <= most && !given.chars().any(char::is_control) {
        return Ok(given.trim().to_owned());
    }
    let message = format!("use at most {most} characters, none of them a control character");
    Err(Error::invalid(Reason::InvalidField, field, message))
}

/// The same, where there must be one.
pub(super) fn some_words(field: &'static str, given: String, most: usize) -> Result<String, Error> {
    required(field, words(field, given, most)?)
}

/// A text that may be left out; one that is given is read.
pub(super) fn optional<T>(
    given: String,
    read: impl FnOnce(String) -> Result<T, Error>,
) -> Result<Option<T>, Error> {
    if given.is_empty() { Ok(None) } else { read(given).map(Some) }
}

/// An instant that there may be.
pub(super) fn optional_instant(at: Option<Timestamp>) -> Option<prost_types::Timestamp> {
    at.map(|at| instant(at.0))
}

/// A number that stands for none of the contract's values.
pub(super) fn unknown(field: &'static str) -> Error {
    Error::invalid(Reason::InvalidField, field, "choose one of the contract's values")
}

/// How partners are paid, as the contract says it and as it is stored.
const METHODS: [(pb::PayoutMethod, Option<&str>); 4] = [
    (pb::PayoutMethod::Unspecified, None),
    (pb::PayoutMethod::Bank, Some("bank")),
    (pb::PayoutMethod::Paypal, Some("paypal")),
    (pb::PayoutMethod::Wise, Some("wise")),
];

/// A way in which partners are paid.
pub(super) fn payout_method_from(given: i32) -> Result<Option<&'static str>, Error> {
    let given = pb::PayoutMethod::try_from(given).map_err(|_| unknown("payout_method"))?;
    Ok(METHODS.iter().find(|(known, _)| *known == given).and_then(|(_, name)| *name))
}

/// The same, as it is answered.
pub(super) fn payout_method_of(stored: Option<&str>) -> pb::PayoutMethod {
    let known = METHODS.iter().find(|(_, name)| *name == stored);
    known.map_or(pb::PayoutMethod::Unspecified, |(known, _)| *known)
}

/// An id of ours: its prefix and 32 hexadecimal digits. Another text names nothing.
pub(super) fn id(
    field: &'static str,
    given: String,
    prefix: &str,
    missing: Reason,
) -> Result<String, Error> {
    let id = required(field, given)?;
    if is_id(&id, prefix) {
        return Ok(id);
    }
    let shown: String = id.chars().filter(|it| !it.is_control()).take(64).collect();
    Err(Error::not_found(missing, format!("`{shown}` is no id that begins with `{prefix}_`")))
}

/// Whether a text has the form of an id of ours.
pub(crate) fn is_id(text: &str, prefix: &str) -> bool {
    let digits = text.strip_prefix(prefix).and_then(|rest| rest.strip_prefix('_'));
    let hex = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
    digits.is_some_and(|digits| digits.len() == 32 && digits.bytes().all(hex))
}

/// A currency in upper case.
pub(super) fn currency(code: &str) -> Result<Currency, Error> {
    let known = Currency::parse(code).ok().filter(|known| known.iso() == code);
    known.ok_or_else(|| {
        let shown: String = code.chars().filter(|it| !it.is_control()).take(16).collect();
        let message = format!("`{shown}` is no ISO 4217 code in upper case: send one like `USD`");
        Error::invalid(Reason::UnknownCurrency, "currency_code", message)
    })
}
