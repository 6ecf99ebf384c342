//! Applying a stored event again, once for each request.
//!
//! The answer is stored after the effect, in a transaction of its own, because the effect happens
//! in the writer's. A crash in between loses nothing: a replay changes only what today's rules see
//! otherwise, and the retry finds that done. Of two callers at once with one request id, both are
//! given the answer stored first.

pub(super) mod convert;
mod store;

use super::commands::Request;
use super::events::{self, Event};
use super::intake;
use crate::app::App;
use crate::error::{Error, Reason};
use crate::ingest::Body;
use crate::privacy::bodies::open_body;

/// What is asked for.
#[derive(Debug)]
pub(super) struct Asked {
    event: String,
    source: String,
    pub(super) request: Request,
}

/// The bodies stored of an event: one an API version it came in.
///
/// # Errors
///
/// If there is none any more.
pub(super) async fn bodies(app: &App, source: i64, event: &str) -> Result<Vec<Body>, Error> {
    let mut bodies = Vec::new();
    for stored in store::bodies(&app.database, source, event).await? {
        let body = open_body(&app.database, &stored).await?;
        bodies.push(body.ok_or_else(|| gone(event))?);
    }
    if bodies.is_empty() { Err(gone(event)) } else { Ok(bodies) }
}

fn gone(event: &str) -> Error {
    let message = format!(
        "the body of `{event}` is not kept any more, because of its age, or because a person it is about \
         was erased: what it changed stands, and it cannot be applied again"
    );
    Error::not_found(Reason::WebhookEventNotFound, message)
}

/// Applies the event again, and reads it after.
pub(super) async fn run(app: &App, asked: &Asked) -> Result<Event, Error> {
    let named = events::name(app, &asked.source, &asked.event).await?;
    intake::replay(app, named.source, &named.id).await?;
    events::get(app, &named).await
}
