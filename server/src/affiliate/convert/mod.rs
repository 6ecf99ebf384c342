//! What the rooms have in common in reading and writing the contract's messages.

mod terms;

pub(super) use terms::{other_currency, required_terms, terms, terms_of};

use crate::error::{Error, Reason};
use crate::revenue::convert::required;
use takings_core::money::Currency;

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
