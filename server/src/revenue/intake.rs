//! One webhook: verified, read, normalised, handed to the writer.

use crate::app::App;
use crate::error::{Error, Reason};
use crate::ingest::{Body, Entry, Outcome};
use crate::{sources, telemetry};
use bytes::Bytes;
use serde_json::{Map, Value};
use std::collections::BTreeSet;
use std::time::Instant;
use takings_core::stripe::signature::{SignatureError, verify};
use takings_core::stripe::{Contents, Envelope, Refusal, addresses, envelope, normalize, people};

/// What became of a webhook.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Taken {
    /// The event's id.
    pub event: String,
    /// What became of it.
    pub outcome: Outcome,
    /// Why it is quarantined.
    pub reason: Option<&'static str>,
}

/// Takes in one of Stripe's webhooks; an answer means that its effect is durable.
#[expect(clippy::disallowed_methods, reason = "a duration for a metric, never a stored time")]
pub async fn stripe(app: &App, body: Bytes, signature: &str) -> Result<Taken, Error> {
    let started = Instant::now();
    let taken = take_in(app, body, signature).await;
    let outcome = taken.as_ref().map_or("refused", |taken| taken.outcome.as_str());
    telemetry::webhook(outcome, started.elapsed());
    taken
}

async fn take_in(app: &App, body: Bytes, signature: &str) -> Result<Taken, Error> {
    if app.stopping.is_cancelled() {
        return Err(crate::ingest::HandOver::Stopped.into());
    }
    let stripe = &app.config.stripe;
    let secrets = app.secrets.active();
    verify(signature, &body, &secrets, app.now(), stripe.tolerance_seconds).map_err(refused)?;
    let envelope = envelope::parse(&body)
        .map_err(|error| Error::invalid(Reason::PayloadUnreadable, "payload", error.to_string()))?;
    let source = app.sources.number(&source_of(&envelope)).await?;
    let entry = prepare(source, &envelope, Body::compress(&body), stripe.livemode);
    let entry = answerable(app, &envelope, entry);
    let reason = entry.refusal.as_ref().map(|(reason, _)| *reason);
    let outcome = app.writer.ingest(entry).await?;
    Ok(Taken { event: envelope.id, outcome, reason })
}

/// An event as the API lists it: it was not signed, but comes over a connection that we opened.
///
/// # Errors
///
/// If it has no readable id, as no event of Stripe's.
pub(super) async fn listed(app: &App, event: &Map<String, Value>) -> Result<Entry, Error> {
    let body = serde_json::to_vec(event).map_err(Error::internal)?;
    let envelope = envelope::parse(&body).map_err(Error::internal)?;
    let source = app.sources.number(&source_of(&envelope)).await?;
    let entry = prepare(source, &envelope, Body::compress(&body), app.config.stripe.livemode);
    Ok(answerable(app, &envelope, entry))
}

fn source_of(envelope: &Envelope) -> String {
    sources::stripe(envelope.account.as_deref(), envelope.livemode)
}

/// An event that only names an object is held where no key reads the account and mode it is of:
/// nobody would ever ask for the object. It stays wanted, for the key that comes.
fn answerable(app: &App, envelope: &Envelope, entry: Entry) -> Entry {
    let read = app.stripe().ok().map(|account| sources::stripe(None, account.livemode(None)));
    let Some(object) = entry.wanted.as_ref().filter(|_| read != Some(source_of(envelope))) else {
        return entry;
    };
    let refusal = no_key(object, envelope);
    let refusal = Some((refusal.reason(), refusal.message().to_owned()));
    Entry { refusal, outcome: Outcome::Quarantined, ..entry }
}

fn no_key(object: &str, envelope: &Envelope) -> Refusal {
    let mode = if envelope.livemode { "live" } else { "test" };
    let message = match &envelope.account {
        Some(account) => format!(
            "this thin event names `{object}` of the connected account `{account}`, whose objects \
             are not read: let its endpoint send snapshot events"
        ),
        None => format!(
            "this thin event names `{object}`, which no key reads: set stripe.api_key to a {mode} \
             key and replay the event, or let the endpoint send snapshot events"
        ),
    };
    Refusal::new("no_key_for_source", message)
}

/// An event with everything that can be known of it before the database is asked.
pub fn prepare(source: i64, envelope: &Envelope, body: Body, livemode: Option<bool>) -> Entry {
    let contents = match livemode {
        Some(expected) if expected != envelope.livemode => Err(wrong_mode(envelope.livemode)),
        _ => normalize(envelope),
    };
    let people = people(envelope);
    let guests = if people.is_empty() { addresses(envelope) } else { BTreeSet::new() };
    let mut entry = Entry {
        source,
        event: envelope.id.clone(),
        api_version: envelope.api_version.clone(),
        kind: envelope.kind.clone(),
        second: envelope.created,
        outcome: Outcome::Applied,
        refusal: None,
        object: None,
        facts: Vec::new(),
        personal: None,
        body,
        people,
        guests,
        again: false,
        wanted: None,
        fetched: false,
    };
    match contents {
        Ok(Contents::Facts { facts, personal }) => {
            entry.object = facts.first().map(|fact| fact.object.clone());
            (entry.facts, entry.personal) = (facts, personal);
        }
        Ok(Contents::Named { object }) => {
            (entry.object, entry.wanted) = (Some(object.clone()), Some(object));
        }
        Ok(Contents::Ignored { object }) => {
            (entry.object, entry.outcome) = (object, Outcome::Ignored);
        }
        Err(refusal) => {
            entry.refusal = Some((refusal.reason(), refusal.message().to_owned()));
            entry.outcome = Outcome::Quarantined;
        }
    }
    entry
}

fn wrong_mode(livemode: bool) -> Refusal {
    let (is, other) = if livemode { ("live", "test") } else { ("test", "live") };
    let message = format!("this is a {is} event, and stripe.livemode takes only {other} ones");
    Refusal::new("wrong_livemode", message)
}

/// A refused signature, as callers are told.
fn refused(error: SignatureError) -> Error {
    let reason = match error {
        SignatureError::Missing | SignatureError::Malformed | SignatureError::NoV1 => {
            Reason::SignatureMalformed
        }
        SignatureError::Mismatch => Reason::SignatureMismatch,
        SignatureError::Expired | SignatureError::Future => Reason::SignatureExpired,
        SignatureError::NoSecret | SignatureError::Tolerance => {
            let (reason, message) = (Reason::WebhookSecretMissing, error.to_string());
            return Error::Precondition { reason, message };
        }
    };
    Error::invalid(reason, "signature_header", error.to_string())
}

/// Applies a stored event again: its bodies are read and normalised by today's rules. They were
/// verified when they came.
pub async fn replay(app: &App, source: i64, event: &str) -> Result<Taken, Error> {
    let mut taken = Taken { event: event.to_owned(), outcome: Outcome::Ignored, reason: None };
    for body in super::replay::bodies(app, source, event).await? {
        let raw = body.raw().map_err(Error::internal)?;
        let envelope = envelope::parse(&raw).map_err(Error::internal)?;
        let entry = prepare(source, &envelope, body, app.config.stripe.livemode);
        let entry = Entry { again: true, ..answerable(app, &envelope, entry) };
        taken.reason = entry.refusal.as_ref().map(|(reason, _)| *reason);
        taken.outcome = app.writer.ingest(entry).await?;
    }
    Ok(taken)
}
