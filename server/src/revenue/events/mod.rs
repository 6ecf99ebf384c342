//! Events as they are stored, the last received first.

pub(super) mod convert;
mod entity;
mod store;

use super::convert::Span;
use super::mirrors::{name_of, numbers, only_one};
use super::paging::{Page, Slice};
use crate::app::App;
use crate::error::{Error, Reason};
use crate::ingest::Outcome;
use entity::Row;
use std::collections::{BTreeSet, HashMap};

/// What lets events through; what is empty lets everything through.
#[derive(Clone, Debug, Default)]
pub(super) struct Filter {
    outcome: Option<Outcome>,
    kind: String,
    created: Span,
}

/// One stored event.
#[derive(Debug)]
pub(super) struct Event {
    row: Row,
    source: String,
    outcome: Outcome,
}

/// Which event is meant: its source's number, and its id.
pub(super) struct Named {
    pub(super) source: i64,
    pub(super) id: String,
}

/// Reads a page.
pub(super) async fn page(
    app: &App,
    filter: &Filter,
    slice: &Slice<i64>,
) -> Result<Page<Event>, Error> {
    let rows = store::page(&app.database.read, filter, slice.after, slice.limit()).await?;
    let Page { rows, next } = slice.page(rows, |row: &Row| row.seq);
    let names = app.sources.names().await?;
    let rows = rows.into_iter().map(|row| event(row, &names)).collect::<Result<_, _>>()?;
    Ok(Page { rows, next })
}

/// Finds which event is meant by an id: in a source by its name, or in the only one that holds
/// it. Asks the database that is written to, which a replica may lag behind.
pub(super) async fn name(app: &App, source: &str, id: &str) -> Result<Named, Error> {
    let names = app.sources.names().await?;
    let rows = store::find(&app.database.write, &numbers(&names, source), id).await?;
    let sources: BTreeSet<i64> = rows.iter().map(|row| row.source_id).collect();
    only_one(id, sources.len())?;
    let source = sources.first().copied().ok_or_else(|| unknown(id))?;
    Ok(Named { source, id: id.to_owned() })
}

/// Reads an event; of several shapes, the one of the newest API version.
pub(super) async fn get(app: &App, named: &Named) -> Result<Event, Error> {
    let names = app.sources.names().await?;
    let rows = store::find(&app.database.write, &[named.source], &named.id).await?;
    let newest = rows.into_iter().next().ok_or_else(|| unknown(&named.id))?;
    event(newest, &names)
}

fn unknown(id: &str) -> Error {
    let message = format!("no event `{id}` is stored: let the provider send it again");
    Error::not_found(Reason::WebhookEventNotFound, message)
}

fn event(row: Row, names: &HashMap<i64, String>) -> Result<Event, Error> {
    let known = [Outcome::Applied, Outcome::Ignored, Outcome::Quarantined];
    let outcome = known.into_iter().find(|outcome| outcome.as_str() == row.outcome);
    let outcome =
        outcome.ok_or_else(|| Error::internal(format!("`{}` is no outcome", row.outcome)))?;
    Ok(Event { source: name_of(names, row.source_id)?, outcome, row })
}
