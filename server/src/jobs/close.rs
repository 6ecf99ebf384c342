//! The monthly close: deferred revenue becomes revenue, month by month.

use crate::db::{Database, Kind, Query, Rows, Tx, Type};
use crate::error::Error;
use crate::ingest::{Key, Scope, Trouble, Unit, transact};
use takings_core::time::{Month, Timestamp};

static LAST: Query = Query::new("last_close", "select max(month) from closes", &[]);

static FIRST: Query =
    Query::new("first_entry", "select min(occurred_at) from revenue_entries", &[]);

static DECLARE: Query = Query::new(
    "close",
    "insert into closes (month, closed_at, settled)
     select t0.month, t0.closed_at, 0 from {0} where true on conflict (month) do nothing",
    &[("month", Type::Int), ("closed_at", Type::Int)],
);

static UNSETTLED: Query =
    Query::new("unsettled_close", "select max(month) from closes where settled = 0", &[]);

static SETTLED: Query = Query::new(
    "close_settled",
    "update closes set settled = 1 from {0} where closes.month <= t0.month",
    &[("month", Type::Int)],
);

static LOCK: Query =
    Query::new("close_lock", "select pg_advisory_xact_lock(7415370617) is null", &[]);

static INVOICES: Query = Query::new(
    "close_settlements",
    "select distinct o.source_id, o.settlement
     from {0} cross join objects o
     where o.kind = 'invoice' and o.settlement is not null
       and (o.source_id, o.settlement) > (t0.source_id, t0.settlement)
     order by o.source_id, o.settlement limit 25",
    &[("source_id", Type::Int), ("settlement", Type::Text)],
);

/// Closes every month before `now`'s; answers the months closed.
///
/// First the fact that they are closed, which every later unit of work sees; then every settlement
/// with an invoice is derived by it, in batches. Settlements depend on the newest month closed
/// alone, so one walk does for all. A walk that was cut off is made again; twice changes nothing.
pub async fn close_due(database: &Database, now: Timestamp) -> Result<Vec<Month>, Error> {
    let current = now.day().month();
    let mut due = Vec::new();
    let mut month = next(database).await?;
    while let Some(over) = month.filter(|month| *month < current) {
        due.push(over);
        month = Some(over.next());
    }
    if !due.is_empty() {
        declare(database, &due, now).await?;
    }
    let unsettled = transact(database, async |tx| number(tx, &UNSETTLED).await).await?;
    if let Some(month) = unsettled {
        walk(database).await?;
        let mut through = Rows::default();
        through.push([month.into()]);
        transact(database, async |tx| Ok(tx.fetch(&SETTLED, &through).await.map(drop)?)).await?;
    }
    Ok(due)
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
    let rows = tx.fetch(query, &Rows::default()).await?;
    Ok(rows.first().map(|row| row.opt_int(0)).transpose()?.flatten())
}

async fn declare(database: &Database, months: &[Month], now: Timestamp) -> Result<(), Error> {
    let mut rows = Rows::default();
    months.iter().for_each(|month| rows.push([i64::from(month.0).into(), now.0.into()]));
    transact(database, async |tx| {
        if tx.kind() == Kind::Postgres {
            tx.fetch(&LOCK, &Rows::default()).await?;
        }
        Ok(tx.fetch(&DECLARE, &rows).await.map(drop)?)
    })
    .await?;
    Ok(())
}

/// Derives every settlement with an invoice. One that cannot be derived is told, and left out: it would
/// fail again in every walk, and a rebuild tries it again.
async fn walk(database: &Database) -> Result<(), Error> {
    let mut after = (i64::MIN, String::new());
    loop {
        let settlements = transact(database, async |tx| next_after(tx, &after).await).await?;
        let Some(last) = settlements.last().cloned() else { return Ok(()) };
        match derive(database, &settlements).await {
            Err(trouble) if trouble.is_of_its_data() => each(database, &settlements).await?,
            ended => ended?,
        }
        after = last;
    }
}

async fn each(database: &Database, settlements: &[Key]) -> Result<(), Error> {
    for one in settlements {
        match derive(database, std::slice::from_ref(one)).await {
            Err(trouble) if trouble.is_of_its_data() => {
                metrics::counter!("settlements_set_aside_total").increment(1);
                let (source, settlement) = one;
                tracing::error!(
                    source, settlement, error = %trouble,
                    "a settlement cannot be derived by the close, and is left as it was"
                );
            }
            ended => ended?,
        }
    }
    Ok(())
}

async fn derive(database: &Database, settlements: &[Key]) -> Result<(), Trouble> {
    transact(database, async |tx| {
        let scope = Scope { settlements: settlements.to_vec(), ..Scope::default() };
        Unit { shard: 0 }.derive(tx, &scope).await.map(drop)
    })
    .await
}

/// The settlements that follow one.
async fn next_after(tx: &mut Tx<'_>, start: &Key) -> Result<Vec<Key>, Trouble> {
    let mut row = Rows::default();
    row.push([start.0.into(), start.1.as_str().into()]);
    let rows = tx.fetch(&INVOICES, &row).await?;
    rows.iter().map(|row| Ok((row.int(0)?, row.text(1)?))).collect()
}
