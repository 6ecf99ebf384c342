//! What Stripe's API showed, taken in as observations: answers to commands, objects looked up,
//! pages of a backfill.

use crate::app::App;
use crate::error::Error;
use crate::ingest::Entry;
use crate::sources;
use serde_json::{Map, Value};
use takings_core::billing::facts::Seconds;
use takings_core::stripe::{Observed, Refusal, observe};

/// Takes in objects shown at a second of Stripe's clock; an answer means that their effect is
/// durable. They go into as few transactions as the writer makes of them.
///
/// # Errors
///
/// If one cannot be read or stored: those before it may be stored, and may be shown again.
pub async fn observed(
    app: &App,
    second: Seconds,
    objects: &[Map<String, Value>],
) -> Result<(), Error> {
    let seen: Result<Vec<Observed>, Refusal> = objects.iter().map(observe).collect();
    take_in(app, second, seen.map_err(unreadable)?).await
}

/// Takes in what was read of objects.
pub(crate) async fn take_in(app: &App, second: Seconds, seen: Vec<Observed>) -> Result<(), Error> {
    let account = app.stripe()?;
    let mut entries = Vec::with_capacity(seen.len());
    for seen in seen.into_iter().filter(|seen| !seen.facts.is_empty()) {
        let name = sources::stripe(None, account.livemode(seen.livemode));
        let source = app.sources.number(&name).await?;
        entries.push(Entry::fetched(source, second, seen));
    }
    Ok(app.writer.ingest_all(entries).await?)
}

/// What the API showed cannot be read: it says nothing, and is said in the log.
pub(crate) fn unreadable(refusal: Refusal) -> Error {
    Error::internal(format!("Stripe's answer cannot be read: {}", refusal.message()))
}
