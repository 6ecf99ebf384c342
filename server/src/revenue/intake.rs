//! One webhook: verified, read, normalised, handed to the writer.

use crate::app::App;
use crate::error::Error;
use crate::ingest::Outcome;
use bytes::Bytes;

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
pub async fn stripe(_app: &App, _body: Bytes, _signature: &str) -> Result<Taken, Error> {
    Err(Error::payload_too_large())
}
