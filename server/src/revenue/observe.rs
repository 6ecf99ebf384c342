//! What Stripe's API showed, taken in as observations: answers to commands, objects looked up,
//! pages of a backfill.

use super::mirrors::{self, Mirrored, Seen};
use crate::app::App;
use crate::error::Error;
use crate::ingest::Entry;
use crate::sources;
use serde_json::{Map, Value};
use takings_core::billing::facts::{Customer, Refund, Seconds, State, Subscription};
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
    app.writer.ingest_all(entries).await?;
    Ok(())
}

/// What the API showed cannot be read: it says nothing, and is said in the log.
pub(crate) fn unreadable(refusal: Refusal) -> Error {
    Error::internal(format!("Stripe's answer cannot be read: {}", refusal.message()))
}

/// Whether reads show an object as it was shown.
///
/// # Errors
///
/// If it cannot be read.
pub(super) async fn is_read(app: &App, object: &Map<String, Value>) -> Result<bool, Error> {
    let seen = observe(object).map_err(unreadable)?;
    let source = sources::stripe(None, app.stripe()?.livemode(seen.livemode));
    let Some(fact) = seen.facts.into_iter().next() else { return Ok(true) };
    let named = (source.as_str(), fact.object.as_str());
    Ok(match fact.state {
        State::Customer(state) => {
            let found = read::<Customer>(app, named).await?;
            found.is_some_and(|it| it.state == state && it.personal == seen.personal)
        }
        State::Subscription(state) => {
            read::<Subscription>(app, named).await?.is_some_and(|it| it.state == state)
        }
        State::Refund(state) => {
            read::<Refund>(app, named).await?.is_some_and(|it| it.state == state)
        }
        _ => true,
    })
}

async fn read<T: Mirrored>(
    app: &App,
    (source, id): (&str, &str),
) -> Result<Option<Seen<T>>, Error> {
    mirrors::find(app, source, id).await
}
