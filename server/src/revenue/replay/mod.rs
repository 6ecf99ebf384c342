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
use crate::error::Error;
use crate::ingest::Body;

/// What is asked for.
#[derive(Debug)]
pub(super) struct Asked {
    event: String,
    source: String,
    pub(super) request: Request,
}

/// The bodies stored of an event: one an API version it came in.
pub(super) async fn bodies(app: &App, source: i64, event: &str) -> Result<Vec<Body>, Error> {
    Ok(store::bodies(&app.database, source, event).await?)
}

/// Applies the event again, and reads it after.
pub(super) async fn run(app: &App, asked: &Asked) -> Result<Event, Error> {
    let named = events::name(app, &asked.source, &asked.event).await?;
    intake::replay(app, named.source, &named.id).await?;
    events::get(app, &named).await
}
