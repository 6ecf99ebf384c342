//! Applying a stored event again, once for each request.
//!
//! The answer is stored after the effect, in a transaction of its own, because the effect happens
//! in the writer's. A crash in between loses nothing: a replay changes only what today's rules see
//! otherwise, and the retry finds that done. Of two callers at once with one request id, both are
//! given the answer stored first.

pub(super) mod convert;
mod store;

use super::events::{self, Event};
use super::intake;
use crate::app::App;
use crate::error::{Error, Reason};
use crate::ingest::Body;
use takings_core::hash::StateHash;
use uuid::Uuid;

/// What is asked for.
#[derive(Debug)]
pub(super) struct Asked {
    event: String,
    source: String,
    request: Uuid,
}

/// The answer that the request got before, encoded.
pub(super) async fn answered(app: &App, asked: &Asked) -> Result<Option<Vec<u8>>, Error> {
    let Some(stored) = store::find(&app.database, &asked.key()).await? else { return Ok(None) };
    if stored.content_hash != asked.content() {
        let message = "this `request_id` was used before with another content: make a new UUID";
        return Err(Error::AlreadyExists {
            reason: Reason::RequestIdReused,
            message: message.into(),
        });
    }
    Ok(Some(stored.response))
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

/// Keeps the answer, encoded; answers the one that was kept first.
pub(super) async fn keep(
    app: &App,
    asked: &Asked,
    batch: i64,
    response: Vec<u8>,
) -> Result<Vec<u8>, Error> {
    let content = asked.content();
    store::insert(&app.database, &asked.key(), &content, response.clone(), batch).await?;
    Ok(answered(app, asked).await?.unwrap_or(response))
}

impl Asked {
    /// The request's id, however it was written.
    fn key(&self) -> String {
        self.request.hyphenated().to_string()
    }

    /// What tells this request from another with the same id.
    fn content(&self) -> String {
        let mut hash = StateHash::default();
        hash.add(&["ReplayWebhookEvent", &self.event, &self.source]);
        hash.to_string()
    }
}
