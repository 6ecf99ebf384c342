//! Rows of `outbox`. Its secret is sealed, and gone once the mail has left or is given up.

use crate::affiliate::new_id;
use crate::db;
use crate::db::Type::{Int, Text};
use crate::db::{Database, Insert, Query, Rows, Tx};
use crate::error::Error;
use crate::lead::reads::one;
use crate::lead::sealed::seal;
use crate::privacy::Keys;
use takings_core::time::Timestamp;

static MAIL: Insert = Insert::new(
    "outbox",
    &[
        ("id", Text),
        ("lead", Text),
        ("purpose", Text),
        ("secret", Text),
        ("state", Text),
        ("attempts", Int),
        ("next_at", Int),
        ("created_at", Int),
    ],
    "",
);

static CANCEL: Query = Query::new(
    "outbox_cancel",
    "update outbox set state = 'cancelled', secret = null, settled_at = t0.now
     from {0} where outbox.lead = t0.wanted and outbox.purpose = t0.about
       and outbox.state = 'waiting'",
    &[("wanted", Text), ("about", Text), ("now", Int)],
);

/// Stores a mail that brings a token.
pub(in crate::lead) async fn queue(
    tx: &mut Tx<'_>,
    (keys, lead): (&Keys, &str),
    purpose: &str,
    token: &str,
    now: Timestamp,
) -> Result<(), Error> {
    let id = new_id("mail");
    let secret = seal(keys, lead, ("outbox", "secret", &id), &token)?;
    let mut row = Rows::default();
    row.push([
        id.into(),
        lead.into(),
        purpose.into(),
        secret.into(),
        "waiting".into(),
        0.into(),
        now.0.into(),
        now.0.into(),
    ]);
    tx.insert(&MAIL, &row).await?;
    Ok(())
}

/// Does not send what has not left.
pub(in crate::lead) async fn cancel(
    tx: &mut Tx<'_>,
    lead: &str,
    purpose: &str,
    now: Timestamp,
) -> Result<(), Error> {
    let mut row = Rows::default();
    row.push([lead.into(), purpose.into(), now.0.into()]);
    tx.fetch(&CANCEL, &row).await?;
    Ok(())
}

/// The most mails that are sent in one turn.
static DUE: Query = Query::new(
    "outbox_due",
    "select o.id, o.lead, o.purpose, o.attempts, o.created_at
     from {0} cross join outbox o
     where o.state = 'waiting' and o.next_at <= t0.now order by o.next_at limit 100",
    &[("now", Int)],
);

static WAITING: Query = Query::new(
    "outbox_waiting",
    "select o.secret from {0} cross join outbox o
     where o.id = t0.wanted and o.state = 'waiting' and o.secret is not null",
    &[("wanted", Text)],
);

static SETTLE: Query = Query::new(
    "outbox_settle",
    "update outbox set state = t0.ended, secret = null, settled_at = t0.now, failure = t0.code,
        attempts = attempts + 1
     from {0} where outbox.id = t0.wanted and outbox.state = 'waiting'
     returning outbox.id",
    &[("wanted", Text), ("ended", Text), ("code", Text), ("now", Int)],
);

static DEFER: Query = Query::new(
    "outbox_defer",
    "update outbox set attempts = attempts + 1, next_at = t0.later, failure = t0.code
     from {0} where outbox.id = t0.wanted and outbox.state = 'waiting'",
    &[("wanted", Text), ("later", Int), ("code", Text)],
);

/// A mail that is due.
#[derive(Debug)]
pub(super) struct Due {
    pub(super) id: String,
    pub(super) lead: String,
    pub(super) purpose: String,
    pub(super) attempts: i64,
    pub(super) created_at: Timestamp,
}

/// Mails that are due, the longest due first.
pub(super) async fn due(database: &Database, now: Timestamp) -> Result<Vec<Due>, Error> {
    let mut row = Rows::default();
    row.push([now.0.into()]);
    let read = |row: &db::Row| {
        Ok(Due {
            id: row.text(0)?,
            lead: row.text(1)?,
            purpose: row.text(2)?,
            attempts: row.int(3)?,
            created_at: Timestamp(row.int(4)?),
        })
    };
    database.rows(&DUE, &row).await?.iter().map(read).collect()
}

/// The sealed token of a mail, if it still waits.
pub(super) async fn waiting(database: &Database, id: &str) -> Result<Option<String>, Error> {
    let rows = database.rows(&WAITING, &one([id])).await?;
    Ok(rows.first().map(|row| row.text(0)).transpose()?)
}

/// Ends a mail that waits; answers whether it did.
pub(super) async fn settle(
    tx: &mut Tx<'_>,
    id: &str,
    state: &str,
    code: &str,
    now: Timestamp,
) -> Result<bool, db::Error> {
    let mut row = Rows::default();
    row.push([id.into(), state.into(), code.into(), now.0.into()]);
    Ok(!tx.fetch(&SETTLE, &row).await?.is_empty())
}

/// Lets a mail wait longer.
pub(super) async fn defer(
    tx: &mut Tx<'_>,
    id: &str,
    later: Timestamp,
    code: &str,
) -> Result<(), db::Error> {
    let mut row = Rows::default();
    row.push([id.into(), later.0.into(), code.into()]);
    tx.fetch(&DEFER, &row).await.map(drop)
}

/// How many mails wait, and since when the oldest does.
pub(super) async fn depth(database: &Database) -> Result<(i64, Option<Timestamp>), Error> {
    let text =
        "select count(*) as n, min(created_at) as oldest from outbox where state = 'waiting'";
    let rows = database.fetch("outbox_depth", text, Vec::new()).await?;
    let Some(row) = rows.first() else { return Ok((0, None)) };
    let oldest: Option<i64> = row.try_get("", "oldest")?;
    Ok((row.try_get("", "n")?, oldest.map(Timestamp)))
}
