//! The monthly close: deferred revenue becomes revenue, month by month.

use crate::db::{Database, Query, Rows, Tx, Type};
use crate::error::Error;
use crate::ingest::{Scope, Trouble, Unit, transact};
use takings_core::time::{Month, Timestamp};

/// Settlements derived in one transaction.
const AT_ONCE: usize = 200;

static LAST: Query = Query::new("last_close", "select max(month) from closes", &[]);

static FIRST: Query =
    Query::new("first_entry", "select min(occurred_at) from revenue_entries", &[]);

static CLOSE: Query = Query::new(
    "close",
    "insert into closes (month, closed_at, batch)
     select t0.month, t0.closed_at, 0 from {0} where true on conflict (month) do nothing",
    &[&[("month", Type::Int), ("closed_at", Type::Int)]],
);

static LOCK: Query =
    Query::new("close_lock", "select pg_advisory_xact_lock(7415370617) is null", &[]);

static INVOICES: Query = Query::new(
    "close_settlements",
    "select distinct o.source_id, o.settlement
     from {0} cross join objects o
     where o.kind = 'invoice' and o.settlement is not null
       and (o.source_id, o.settlement) > (t0.source_id, t0.settlement)
     order by o.source_id, o.settlement limit 200",
    &[&[("source_id", Type::Int), ("settlement", Type::Text)]],
);

/// Closes every month that is over, one after the other; answers the months closed.
pub async fn close_due(database: &Database, now: Timestamp) -> Result<Vec<Month>, Error> {
    let current = now.day().month();
    let mut closed = Vec::new();
    while let Some(month) = next(database).await?.filter(|month| *month < current) {
        close(database, month, now).await?;
        closed.push(month);
    }
    Ok(closed)
}

/// The month after the last one closed, or the first with a posting.
async fn next(database: &Database) -> Result<Option<Month>, Error> {
    let month = transact(database, async |tx| {
        if let Some(last) = number(tx, &LAST).await? {
            return Ok(i32::try_from(last).ok().map(|month| Month(month).next()));
        }
        let first = number(tx, &FIRST).await?;
        Ok::<_, Trouble>(first.map(|micros| Timestamp(micros).day().month()))
    });
    Ok(month.await?)
}

async fn number(tx: &mut Tx<'_>, query: &'static Query) -> Result<Option<i64>, Trouble> {
    let rows = tx.fetch(query, &[]).await?;
    Ok(rows.first().map(|row| row.opt_int(0)).transpose()?.flatten())
}

/// Closes one month: first the fact that it is closed, which every later unit of work sees; then
/// every settlement with an invoice, in batches. Closing twice changes nothing.
pub async fn close(database: &Database, month: Month, now: Timestamp) -> Result<(), Error> {
    transact(database, async |tx| {
        if tx.kind() == crate::db::Kind::Postgres {
            tx.fetch(&LOCK, &[]).await?;
        }
        let mut row = Rows::default();
        row.push([i64::from(month.0).into(), now.0.into()]);
        tx.fetch(&CLOSE, &[&row]).await?;
        Ok::<(), Trouble>(())
    })
    .await?;
    let mut after = (i64::MIN, String::new());
    loop {
        let start = after.clone();
        let settlements = transact(database, async |tx| {
            let mut row = Rows::default();
            row.push([start.0.into(), start.1.as_str().into()]);
            let rows = tx.fetch(&INVOICES, &[&row]).await?;
            let keys = rows.iter().map(|row| Ok((row.int(0)?, row.text(1)?)));
            let settlements = keys.collect::<Result<Vec<_>, Trouble>>()?;
            if !settlements.is_empty() {
                let scope = Scope { settlements: settlements.clone(), ..Scope::default() };
                Unit { shard: 0 }.derive(tx, &scope).await?;
            }
            Ok::<_, Trouble>(settlements)
        })
        .await?;
        let full = settlements.len() == AT_ONCE;
        match settlements.into_iter().next_back() {
            Some(last) if full => after = last,
            _ => return Ok(()),
        }
    }
}
