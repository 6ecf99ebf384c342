//! What Stripe's API showed, taken in as observations: answers to commands, fetched objects,
//! pages of a backfill.

use crate::app::App;
use crate::error::Error;
use crate::ingest::Entry;
use crate::sources;
use serde_json::{Map, Value};
use takings_core::billing::facts::Seconds;
use takings_core::stripe::observe;

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
    let mut entries = Vec::with_capacity(objects.len());
    for object in objects {
        let seen = observe(object).map_err(|refusal| Error::internal(refusal.message()))?;
        if seen.facts.is_empty() {
            continue;
        }
        let account = app.stripe()?;
        let name = sources::stripe(None, account.livemode(seen.livemode));
        let source = app.sources.number(&name).await?;
        entries.push(Entry::fetched(source, second, seen));
    }
    app.writer.ingest_all(entries).await?;
    Ok(())
}
