//! Rows of `intents` that are done in the transaction that writes them.

use super::Request;
use crate::db::{Cell, Database, Error, Insert, Query, Rows, Tx, Type};
use crate::error::Error as Failed;
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
    "update intents set answer = t0.answer from {0} where intents.request_id = t0.request_id",
    &[("request_id", Type::Text), ("answer", Type::Bytes)],
);

static ANSWER: Query = Query::new(
    "intent_answer",
    "select i.answer from {0} cross join intents i
     where i.request_id = t0.request_id and i.content_hash = t0.content_hash
       and i.state = 'done' and i.answer is not null",
    &[("request_id", Type::Text), ("content_hash", Type::Text)],
);

/// Takes the request's id; tells whether nobody had it.
pub(super) async fn claim(
    tx: &mut Tx<'_>,
    Request { id, method, content }: &Request,
    now: Timestamp,
) -> Result<bool, Error> {
    let mut row = Rows::default();
    let texts = [id.as_str(), method, content, "done"].map(Cell::from);
    let [id, method, content, state] = texts;
    row.push([id, method, content, state, now.0.into(), now.0.into()]);
    Ok(!tx.insert(&CLAIM, &row).await?.is_empty())
}

/// Whether somebody has the request's id.
pub(super) async fn is_claimed(database: &Database, request: &Request) -> Result<bool, Failed> {
    let text = "select request_id from intents where request_id = $1".to_owned();
    let rows = database.fetch("intent_claimed", text, vec![request.id.as_str().into()]).await?;
    Ok(!rows.is_empty())
}

/// Stores the answer to a request whose id was taken in this transaction.
pub(super) async fn keep(tx: &mut Tx<'_>, request: &Request, answer: Vec<u8>) -> Result<(), Error> {
    let mut row = Rows::default();
    row.push([request.id.as_str().into(), answer.into()]);
    tx.fetch(&KEEP, &row).await.map(drop)
}

/// The answer to a request that was made before with the same content.
pub(super) async fn answer(tx: &mut Tx<'_>, request: &Request) -> Result<Option<Vec<u8>>, Error> {
    let mut row = Rows::default();
    row.push([request.id.as_str().into(), request.content.as_str().into()]);
    tx.fetch(&ANSWER, &row).await?.first().map(|row| row.bytes(0)).transpose()
}
