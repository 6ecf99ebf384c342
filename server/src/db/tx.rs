//! One connection and one transaction, for either kind of database.

use super::query::SIZES;
use super::{Cell, Insert, Kind, Query, Row, Rows, Type};
use sea_orm::sqlx::{
    self, AssertSqlSafe, Executor, PgConnection, Postgres, Sqlite, SqliteConnection,
    pool::PoolConnection, postgres::PgArguments, query::Query as Bound, sqlite::SqliteArguments,
};
use std::sync::{Arc, Mutex};
use std::time::Instant;

/// A connection kept by one owner.
pub struct Conn {
    link: Link,
    log: Option<Log>,
}

enum Link {
    Sqlite(PoolConnection<Sqlite>),
    Postgres(PoolConnection<Postgres>),
}

/// What was sent, for a measurement to send again.
pub type Log = Arc<Mutex<Vec<Step>>>;

/// One statement as it was sent.
#[derive(Clone)]
pub enum Step {
    /// The beginning of a transaction.
    Begin,
    /// A query with its sets of rows.
    Fetch(&'static Query, Vec<Rows>),
    /// A bulk insert.
    Insert(&'static Insert, Rows),
    /// The end of a transaction.
    Commit,
}

impl From<PoolConnection<Sqlite>> for Conn {
    fn from(conn: PoolConnection<Sqlite>) -> Conn {
        Conn { link: Link::Sqlite(conn), log: None }
    }
}

impl From<PoolConnection<Postgres>> for Conn {
    fn from(conn: PoolConnection<Postgres>) -> Conn {
        Conn { link: Link::Postgres(conn), log: None }
    }
}

impl Conn {
    /// Writes down everything sent from now on.
    pub fn record(&mut self, log: Log) {
        self.log = Some(log);
    }

    /// Sends what was written down.
    pub async fn replay(&mut self, steps: &[Step]) -> Result<(), sqlx::Error> {
        let mut steps = steps.iter().peekable();
        while steps.next().is_some() {
            let mut tx = self.begin().await?;
            while let Some(step) = steps.next_if(|step| !matches!(step, Step::Commit)) {
                match step {
                    Step::Fetch(query, sets) => {
                        let sets: Vec<&Rows> = sets.iter().collect();
                        tx.fetch(query, &sets).await?;
                    }
                    Step::Insert(insert, rows) => {
                        tx.insert(insert, rows).await?;
                    }
                    Step::Begin | Step::Commit => {}
                }
            }
            tx.commit().await?;
            steps.next();
        }
        Ok(())
    }

    /// Opens a transaction: SQLite's takes the write lock at once.
    pub async fn begin(&mut self) -> Result<Tx<'_>, sqlx::Error> {
        let log = self.log.clone();
        note(log.as_ref(), || Step::Begin);
        let link = match &mut self.link {
            Link::Sqlite(conn) => {
                conn.execute("begin immediate").await?;
                TxLink::Sqlite(conn)
            }
            Link::Postgres(conn) => {
                conn.execute("begin").await?;
                TxLink::Postgres(conn)
            }
        };
        Ok(Tx { link, log })
    }
}

fn note(log: Option<&Log>, step: impl FnOnce() -> Step) {
    if let Some(mut steps) = log.and_then(|log| log.lock().ok()) {
        steps.push(step());
    }
}

/// A transaction. One that is neither committed nor rolled back must not go on being used:
/// its connection is thrown away by the owner.
pub struct Tx<'c> {
    link: TxLink<'c>,
    log: Option<Log>,
}

enum TxLink<'c> {
    Sqlite(&'c mut SqliteConnection),
    Postgres(&'c mut PgConnection),
}

impl Tx<'_> {
    /// Which dialect it speaks.
    pub fn kind(&self) -> Kind {
        match self.link {
            TxLink::Sqlite(_) => Kind::Sqlite,
            TxLink::Postgres(_) => Kind::Postgres,
        }
    }

    /// Makes it durable.
    pub async fn commit(self) -> Result<(), sqlx::Error> {
        note(self.log.as_ref(), || Step::Commit);
        self.end("commit").await
    }

    /// Undoes it.
    pub async fn rollback(self) -> Result<(), sqlx::Error> {
        self.end("rollback").await
    }

    async fn end(self, word: &'static str) -> Result<(), sqlx::Error> {
        let started = now();
        match self.link {
            TxLink::Sqlite(conn) => conn.execute(word).await.map(drop)?,
            TxLink::Postgres(conn) => conn.execute(word).await.map(drop)?,
        }
        measure(word, started);
        Ok(())
    }

    /// Runs a query with its sets of rows.
    pub async fn fetch(
        &mut self,
        query: &'static Query,
        sets: &[&Rows],
    ) -> Result<Vec<Row>, sqlx::Error> {
        let copies = || sets.iter().map(|set| (*set).clone()).collect();
        note(self.log.as_ref(), || Step::Fetch(query, copies()));
        let started = now();
        let text = query.render(self.kind());
        let rows = match &mut self.link {
            TxLink::Sqlite(conn) => {
                let mut bound = sqlx::query(AssertSqlSafe(text));
                for set in sets {
                    bound = bound.bind(as_json(set));
                }
                let rows = bound.fetch_all(&mut **conn).await?;
                rows.into_iter().map(Row::Sqlite).collect()
            }
            TxLink::Postgres(conn) => {
                let mut bound = sqlx::query(AssertSqlSafe(text));
                for (columns, set) in query.sets.iter().zip(sets) {
                    bound = bind_columns(bound, columns, set);
                }
                let rows = bound.fetch_all(&mut **conn).await?;
                rows.into_iter().map(Row::Postgres).collect()
            }
        };
        measure(query.name, started);
        Ok(rows)
    }

    /// Inserts rows in bulk, and returns what the statement returns.
    pub async fn insert(
        &mut self,
        insert: &'static Insert,
        rows: &Rows,
    ) -> Result<Vec<Row>, sqlx::Error> {
        if rows.is_empty() {
            return Ok(Vec::new());
        }
        note(self.log.as_ref(), || Step::Insert(insert, rows.clone()));
        let started = now();
        let returned = match &mut self.link {
            TxLink::Sqlite(conn) => insert_values(conn, insert, rows).await?,
            TxLink::Postgres(conn) => {
                let bound = sqlx::query(AssertSqlSafe(insert.postgres()));
                let bound = bind_columns(bound, insert.columns, rows);
                bound.fetch_all(&mut **conn).await?.into_iter().map(Row::Postgres).collect()
            }
        };
        measure(insert.table, started);
        Ok(returned)
    }
}

async fn insert_values(
    conn: &mut SqliteConnection,
    insert: &Insert,
    rows: &Rows,
) -> Result<Vec<Row>, sqlx::Error> {
    let mut returned = Vec::new();
    let mut left = rows.len();
    let mut cells = rows.iter().flatten();
    for (size, count) in SIZES.iter().enumerate() {
        while left >= *count {
            let text: Arc<str> = insert.sqlite(size);
            let mut bound = sqlx::query(AssertSqlSafe(text));
            for cell in cells.by_ref().take(count * insert.columns.len()) {
                bound = bind_cell(bound, cell);
            }
            let answer = bound.fetch_all(&mut *conn).await?;
            returned.extend(answer.into_iter().map(Row::Sqlite));
            left -= count;
        }
    }
    Ok(returned)
}

fn bind_cell<'q>(
    bound: Bound<'q, Sqlite, SqliteArguments>,
    cell: &Cell,
) -> Bound<'q, Sqlite, SqliteArguments> {
    match cell {
        Cell::Int(value) => bound.bind(*value),
        Cell::Text(value) => bound.bind(value.clone()),
        Cell::Bytes(value) => bound.bind(value.clone()),
        Cell::Null => bound.bind(Option::<i64>::None),
    }
}

/// One array a column.
fn bind_columns<'q>(
    mut bound: Bound<'q, Postgres, PgArguments>,
    columns: &[(&str, Type)],
    rows: &Rows,
) -> Bound<'q, Postgres, PgArguments> {
    for (place, (_, kind)) in columns.iter().enumerate() {
        let cells = rows.column(place);
        bound = match kind {
            Type::Int => bound.bind(cells.map(int_of).collect::<Vec<Option<i64>>>()),
            Type::Text => bound.bind(cells.map(text_of).collect::<Vec<Option<String>>>()),
            Type::Bytes => bound.bind(cells.map(bytes_of).collect::<Vec<Option<Vec<u8>>>>()),
        };
    }
    bound
}

fn int_of(cell: &Cell) -> Option<i64> {
    if let Cell::Int(value) = cell { Some(*value) } else { None }
}

fn text_of(cell: &Cell) -> Option<String> {
    if let Cell::Text(value) = cell { Some(value.clone()) } else { None }
}

fn bytes_of(cell: &Cell) -> Option<Vec<u8>> {
    if let Cell::Bytes(value) = cell { Some(value.clone()) } else { None }
}

/// Rows as one JSON array of arrays, which `json_each` reads.
fn as_json(rows: &Rows) -> String {
    let values: Vec<Vec<serde_json::Value>> = rows
        .iter()
        .map(|row| {
            row.iter()
                .map(|cell| match cell {
                    Cell::Int(value) => (*value).into(),
                    Cell::Text(value) => value.as_str().into(),
                    Cell::Bytes(_) | Cell::Null => serde_json::Value::Null,
                })
                .collect()
        })
        .collect();
    serde_json::to_string(&values).unwrap_or_default()
}

#[expect(clippy::disallowed_methods, reason = "a duration for a metric, never a stored time")]
pub(super) fn now() -> Instant {
    Instant::now()
}

pub(super) fn measure(name: &'static str, started: Instant) {
    metrics::histogram!("database_query_duration", "query" => name)
        .record(started.elapsed().as_secs_f64());
}
