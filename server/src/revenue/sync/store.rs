//! Rows of sweeps and backfills, in the database that is written to.

use crate::db::{Database, Kind};
use crate::error::Error;
use sea_orm::{ConnectionTrait, FromQueryResult, QueryResult, Statement, Value};
use std::collections::HashSet;
use takings_core::billing::facts::Seconds;
use takings_core::time::Timestamp;

/// How far a source's events are known to be complete.
#[derive(Clone, Copy, Debug, PartialEq, Eq, FromQueryResult)]
pub struct Sweep {
    /// The source's number.
    pub source_id: i64,
    /// The first second from which on nothing is missing.
    pub since: Seconds,
    /// The first second at or after which something may be missing.
    pub through: Seconds,
    /// When that was found out, in microseconds.
    pub swept_at: i64,
    /// Events looked at so far.
    pub listed: i64,
    /// Of these found missing.
    pub healed: i64,
}

impl Sweep {
    /// Nothing is known before `since`, and nothing was looked at.
    pub(super) fn new(source_id: i64, since: Seconds) -> Sweep {
        Sweep { source_id, since, through: since, swept_at: 0, listed: 0, healed: 0 }
    }

    /// Counts go on where an earlier stretch ended.
    pub(super) fn counting_on(self, before: Option<Sweep>) -> Sweep {
        let counts = before.map(|before| (before.listed, before.healed));
        let (listed, healed) = counts.unwrap_or_default();
        Sweep { listed, healed, ..self }
    }

    /// A window that ends at `to` is complete.
    pub(super) fn moved(&mut self, to: Seconds, now: Timestamp, (listed, healed): (u64, u64)) {
        self.through = self.through.max(to);
        self.swept_at = now.0;
        self.listed = self.listed.saturating_add_unsigned(listed);
        self.healed = self.healed.saturating_add_unsigned(healed);
    }
}

/// A backfill.
#[derive(Clone, Debug, PartialEq, Eq, FromQueryResult)]
pub(super) struct Row {
    pub(super) id: String,
    pub(super) since: Seconds,
    pub(super) started_at: i64,
    pub(super) finished_at: Option<i64>,
}

/// How far a backfill is with one kind of object.
#[derive(Clone, Debug, PartialEq, Eq, FromQueryResult)]
pub struct Progress {
    /// The kind, such as `invoice`.
    pub kind: String,
    /// The last object taken in, where others follow it.
    pub(super) cursor_id: Option<String>,
    /// Objects taken in so far.
    pub objects: i64,
    /// Objects that could not be read or held.
    pub skipped: i64,
    /// 1 where everything was listed.
    pub finished: i64,
}

fn statement<const N: usize>(database: &Database, text: &str, values: [Value; N]) -> Statement {
    Statement::from_sql_and_values(database.kind.into(), text, values)
}

async fn all<T: FromQueryResult, const N: usize>(
    database: &Database,
    text: &str,
    values: [Value; N],
) -> Result<Vec<T>, Error> {
    Ok(T::find_by_statement(statement(database, text, values)).all(&database.write).await?)
}

/// How far a source was swept.
pub(super) async fn sweep(database: &Database, source: i64) -> Result<Option<Sweep>, Error> {
    let text = "select source_id, since, through, swept_at, listed, healed from sweeps
                where source_id = $1";
    Ok(all(database, text, [source.into()]).await?.pop())
}

/// Keeps how far a source was swept.
pub(super) async fn keep(database: &Database, sweep: &Sweep) -> Result<(), Error> {
    let text = "insert into sweeps (source_id, since, through, swept_at, listed, healed)
                values ($1, $2, $3, $4, $5, $6)
                on conflict (source_id) do update set since = excluded.since,
                    through = excluded.through, swept_at = excluded.swept_at,
                    listed = excluded.listed, healed = excluded.healed";
    let Sweep { source_id, since, through, swept_at, listed, healed } = *sweep;
    let values = [source_id, since, through, swept_at, listed, healed].map(Value::from);
    database.execute(statement(database, text, values)).await?;
    Ok(())
}

/// Which of some events are stored, in whatever version.
pub(super) async fn stored(
    database: &Database,
    source: i64,
    ids: &[&str],
) -> Result<HashSet<String>, Error> {
    let listed = match database.kind {
        Kind::Sqlite => "(select value from json_each($2))",
        Kind::Postgres => "(select jsonb_array_elements_text(cast($2 as jsonb)))",
    };
    let text = format!(
        "select distinct event_id from webhook_events where source_id = $1 and event_id in {listed}"
    );
    let ids = serde_json::to_string(ids).map_err(Error::internal)?;
    let select = statement(database, &text, [source.into(), ids.into()]);
    let rows = database.write.query_all_raw(select).await?;
    let id = |row: &QueryResult| row.try_get("", "event_id");
    Ok(rows.iter().map(id).collect::<Result<_, _>>()?)
}

/// Writes a backfill down with everything it is to list, unless there is one of that id.
pub(super) async fn begin(
    database: &Database,
    source: i64,
    row: &Row,
    kinds: &[&str],
) -> Result<(), Error> {
    // The kinds first: a backfill that is there is whole.
    for kind in kinds {
        let text = "insert into backfill_kinds (backfill, kind, objects, skipped, finished)
                    values ($1, $2, 0, 0, 0) on conflict (backfill, kind) do nothing";
        let values = [row.id.as_str().into(), (*kind).into()];
        database.execute(statement(database, text, values)).await?;
    }
    let text = "insert into backfills (id, source_id, since, started_at) values ($1, $2, $3, $4)
                on conflict (id) do nothing";
    let values = [row.id.as_str().into(), source.into(), row.since.into(), row.started_at.into()];
    database.execute(statement(database, text, values)).await?;
    Ok(())
}

const ROW: &str = "select id, since, started_at, finished_at from backfills";

/// The backfill of an id.
pub(super) async fn find(database: &Database, id: &str) -> Result<Option<Row>, Error> {
    let text = format!("{ROW} where id = $1");
    Ok(all(database, &text, [id.into()]).await?.pop())
}

/// The backfill begun last.
pub(super) async fn newest(database: &Database, source: i64) -> Result<Option<Row>, Error> {
    let text = format!("{ROW} where source_id = $1 order by started_at desc, id limit 1");
    Ok(all(database, &text, [source.into()]).await?.pop())
}

/// The unfinished backfill begun first.
pub(super) async fn open(database: &Database, source: i64) -> Result<Option<Row>, Error> {
    let text = format!(
        "{ROW} where source_id = $1 and finished_at is null order by started_at, id limit 1"
    );
    Ok(all(database, &text, [source.into()]).await?.pop())
}

/// How far a backfill is with each kind.
pub(super) async fn progress(database: &Database, backfill: &str) -> Result<Vec<Progress>, Error> {
    let text = "select kind, cursor_id, objects, skipped, finished from backfill_kinds
                where backfill = $1 order by kind";
    all(database, text, [backfill.into()]).await
}

/// Keeps how far a backfill is with one kind.
pub(super) async fn advance(
    database: &Database,
    backfill: &str,
    progress: &Progress,
) -> Result<(), Error> {
    let text = "update backfill_kinds
                set cursor_id = $1, objects = $2, skipped = $3, finished = $4
                where backfill = $5 and kind = $6";
    let Progress { kind, cursor_id, objects, skipped, finished } = progress;
    let values = [
        cursor_id.as_deref().into(),
        (*objects).into(),
        (*skipped).into(),
        (*finished).into(),
        backfill.into(),
        kind.as_str().into(),
    ];
    database.execute(statement(database, text, values)).await?;
    Ok(())
}

/// A backfill has listed everything.
pub(super) async fn finish(
    database: &Database,
    backfill: &str,
    now: Timestamp,
) -> Result<(), Error> {
    let text = "update backfills set finished_at = $1 where id = $2 and finished_at is null";
    database.execute(statement(database, text, [now.0.into(), backfill.into()])).await?;
    Ok(())
}

/// Why the last turn of a job failed, if it did.
pub(super) async fn failure(database: &Database, job: &str) -> Result<Option<String>, Error> {
    let select = statement(database, "select last_error from jobs where name = $1", [job.into()]);
    let row = database.write.query_one_raw(select).await?;
    Ok(row.map(|row| row.try_get("", "last_error")).transpose()?.flatten())
}
