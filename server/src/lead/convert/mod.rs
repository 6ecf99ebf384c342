//! The contract's messages, and what they mean.

pub(super) mod activity;
pub(super) mod capture;
pub(super) mod consent;
pub(super) mod lead;
pub(super) mod model;
mod model_fields;
pub(super) mod person;
pub(super) mod score;
pub(super) mod stage;

use crate::affiliate::is_id;
use crate::app::App;
use crate::error::{Error, Reason};
use crate::once;
use crate::revenue::convert::{micros, required};
use prost::Message;
use prost_types::Timestamp as Time;
use std::collections::BTreeMap;
use takings_core::lead::consent::is_name;
use takings_core::time::Timestamp;

/// The request that a message makes. What is stored of its content is a keyed hash: without the key
/// nobody can try addresses against it.
pub(super) fn request(
    app: &App,
    id: &str,
    method: &'static str,
    message: &impl Message,
) -> Result<once::Request, Error> {
    let content = hex::encode(message.encode_to_vec());
    let indexes = app.database.vault.unlocked_indexes()?;
    once::Request::new(id, method, &[&indexes.equal("request", &content)])
}

/// A lead's id.
pub(super) fn lead_id(given: String) -> Result<String, Error> {
    let id = required("lead_id", given)?;
    if is_id(&id, "lead") {
        return Ok(id);
    }
    // Whoever sends an address in its place is not to read it in a log.
    let message = "`lead_id` is no id that begins with `lead_`";
    Err(Error::not_found(Reason::LeadNotFound, message))
}

/// A text of at most so many characters, without control characters, trimmed.
pub(super) fn words(field: &'static str, given: String, most: usize) -> Result<String, Error> {
    let given = given.trim();
    if given.chars().count() <= most && !given.chars().any(char::is_control) {
        return Ok(given.to_owned());
    }
    let message = format!("use at most {most} characters, none of them a control character");
    Err(Error::invalid(Reason::InvalidField, field, message))
}

/// A name of the caller's own: it is stored readable, so it is no person's.
pub(super) fn label(field: &'static str, given: String, longest: usize) -> Result<String, Error> {
    let given = words(field, given, longest)?;
    if given.contains('@') {
        let message = "this is stored readable, so it names nobody: leave addresses out";
        return Err(Error::invalid(Reason::InvalidField, field, message));
    }
    Ok(given)
}

/// A name of ours, such as a kind or a purpose.
pub(super) fn slug(field: &'static str, given: String) -> Result<String, Error> {
    if is_name(&given) {
        return Ok(given);
    }
    let message = "use 1 to 64 letters a to z, digits, `-` and `_`";
    Err(Error::invalid(Reason::InvalidField, field, message))
}

/// Attributes: so many at most.
pub(super) fn attributes(
    field: &'static str,
    given: BTreeMap<String, String>,
    most: usize,
) -> Result<BTreeMap<String, String>, Error> {
    if given.len() > most {
        let message = format!("{} attributes are too many: use at most {most}", given.len());
        return Err(Error::invalid(Reason::InvalidField, field, message));
    }
    let refused = |message: &str| Err(Error::invalid(Reason::InvalidField, field, message));
    let mut attributes = BTreeMap::new();
    for (name, value) in given {
        if !(1..=64).contains(&name.len()) || name.chars().any(char::is_control) {
            return refused("name an attribute in 1 to 64 bytes, without control characters");
        }
        let plain = |it: char| !it.is_control() || "\n\r\t".contains(it);
        if value.chars().count() > 1_000 || !value.chars().all(plain) {
            return refused("an attribute's value has at most 1,000 characters, and no NUL");
        }
        attributes.insert(name, value);
    }
    Ok(attributes)
}

/// An instant that has passed; unset for now.
pub(super) fn past(
    field: &'static str,
    given: Option<Time>,
    now: Timestamp,
) -> Result<Timestamp, Error> {
    let Some(given) = given else { return Ok(now) };
    let at = Timestamp(micros(field, given)?);
    if at > now {
        let message = "this lies in the future: leave it out for now";
        return Err(Error::invalid(Reason::InvalidRange, field, message));
    }
    Ok(at)
}

/// An address of the network, as it is kept; what is none is left out.
pub(super) fn ip_address(field: &'static str, given: &str) -> Result<String, Error> {
    if given.is_empty() {
        return Ok(String::new());
    }
    let address: Result<std::net::IpAddr, _> = given.parse();
    let refuse =
        |_| Error::invalid(Reason::InvalidField, field, "this is no address of the network");
    address.map(|it| it.to_canonical().to_string()).map_err(refuse)
}
