//! Cells that are sealed under a lead's key.

use crate::error::{Error, Reason};
use crate::ingest::Trouble;
use crate::privacy::{Keys, Names};
use serde::Serialize;
use serde::de::DeserializeOwned;
use takings_core::privacy::{Cell, Subject};

/// The name of a lead's key.
pub(super) fn subject(lead: &str) -> String {
    Subject::Lead(lead.to_owned()).to_string()
}

/// The names of the keys of leads.
pub(super) fn subjects<'a>(leads: impl IntoIterator<Item = &'a str>) -> Names {
    leads.into_iter().map(subject).collect()
}

/// Where something is sealed: table, column, and the row's id.
pub(super) type Place<'a> = (&'static str, &'static str, &'a str);

/// Seals what is said of a lead, as JSON.
///
/// # Errors
///
/// If the lead was erased.
pub(super) fn seal(
    keys: &Keys,
    lead: &str,
    (table, column, row): Place<'_>,
    said: &impl Serialize,
) -> Result<String, Error> {
    let plain = serde_json::to_string(said).map_err(Error::internal)?;
    let cell = Cell { table, column, row: &[row] };
    keys.seal(&subject(lead), &cell, &plain).ok_or_else(erased)
}

/// Opens what is said of a lead; nothing where there is none, or the lead was erased.
pub(super) fn open<T: DeserializeOwned>(
    keys: &Keys,
    lead: &str,
    (table, column, row): Place<'_>,
    sealed: Option<&str>,
) -> Result<Option<T>, Error> {
    let Some(sealed) = sealed else { return Ok(None) };
    let cell = Cell { table, column, row: &[row] };
    let Some(plain) = keys.open(&subject(lead), &cell, sealed)? else { return Ok(None) };
    let unreadable = |error: serde_json::Error| Trouble::Unreadable {
        what: "lead",
        // A value that could not be read may be part of the message.
        why: format!("line {}, column {}", error.line(), error.column()),
    };
    Ok(Some(serde_json::from_str(&plain).map_err(unreadable)?))
}

/// The person was erased.
pub(super) fn erased() -> Error {
    let message = "this person was erased, and is not to be kept again: leave the person out";
    Error::Precondition { reason: Reason::PersonErased, message: message.into() }
}
