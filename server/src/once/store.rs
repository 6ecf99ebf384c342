//! Rows of `intents` that are done in the transaction that writes them.

use super::Request;
use super::sealed::Sealed;
use crate::db::{Cell, Database, Insert, Query, Rows, Tx, Type};
use crate::error::Error as Failed;
use crate::ingest::Trouble;
use crate::privacy::{Keys, Names};
use takings_core::time::Timestamp;

static CLAIM: Insert = Insert::new(
    "intents",
    &[
        ("request_id", Type::Text),
        ("method", Type::Text),
        ("content_hash", Type::Text),
        ("state", Type::Text),
        ("created_at", Type::Int),
        ("updated_at", Type::Int),
    ],
    "on conflict (request_id) do nothing returning request_id",
);

static KEEP: Query = Query::new(
    "intent_keep",
    "update intents set answer = t0.answer, key_id = t0.owners, key = t0.shares
     from {0} where intents.request_id = t0.request_id",
    &[
        ("request_id", Type::Text),
        ("answer", Type::Bytes),
        ("owners", Type::Text),
        ("shares", Type::Bytes),
    ],
);

static ANSWER: Query = Query::new(
    "intent_answer",
    "select i.answer, i.key_id, i.key from {0} cross join intents i
     where i.request_id = t0.request_id and i.content_hash = t0.content_hash
       and i.state = 'done' and i.answer is not null",
    &[("request_id", Type::Text), ("content_hash", Type::Text)],
);

/// Takes the request's id; tells whether nobody had it.
pub(super) async fn claim(
    tx: &mut Tx<'_>,
    request: &Request,
    now: Timestamp,
) -> Result<bool, Trouble> {
    let content = request.kept_content(tx.vault())?;
    let mut row = Rows::default();
    let [id, method, state] = [request.id.as_str(), request.method, "done"].map(Cell::from);
    row.push([id, method, content.into(), state, now.0.into(), now.0.into()]);
    Ok(!tx.insert(&CLAIM, &row).await?.is_empty())
}

/// Whether somebody has the request's id.
pub(super) async fn is_claimed(database: &Database, request: &Request) -> Result<bool, Failed> {
    let text = "select request_id from intents where request_id = $1".to_owned();
    let rows =
        database.primary().fetch("intent_claimed", text, vec![request.id.as_str().into()]).await?;
    Ok(!rows.is_empty())
}

/// Stores the answer to a request whose id was taken in this transaction.
pub(super) async fn keep(
    tx: &mut Tx<'_>,
    request: &Request,
    answer: &[u8],
    owners: &Names,
) -> Result<(), Trouble> {
    let mut keys = Keys::default();
    keys.make_more(tx, owners.clone(), &[]).await?;
    let Sealed { answer, owners, key } = Sealed::new(&request.id, answer, owners, &keys);
    let mut row = Rows::default();
    row.push([request.id.as_str().into(), answer.into(), owners.into(), key.into()]);
    tx.fetch(&KEEP, &row).await?;
    Ok(())
}

/// The answer to a request that was made before with the same content.
pub(super) async fn answer(
    tx: &mut Tx<'_>,
    request: &Request,
) -> Result<Option<Option<Vec<u8>>>, Trouble> {
    let mut row = Rows::default();
    row.push([request.id.as_str().into(), request.kept_content(tx.vault())?.into()]);
    let rows = tx.fetch(&ANSWER, &row).await?;
    let Some(row) = rows.first() else { return Ok(None) };
    let (answer, owners, key) = (row.bytes(0)?, row.opt_text(1)?, row.opt_bytes(2)?);
    let sealed = Sealed { answer, owners, key };
    let keys = Keys::load(tx, sealed.owners()).await?;
    sealed.open(&request.id, &keys).map(Some)
}
