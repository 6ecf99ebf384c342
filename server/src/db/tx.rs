//! One connection and one transaction, for either kind of database.

use super::query::SIZES;
use super::{Cell, Insert, Kind, Query, Row, Rows, Type};
use sea_orm::sqlx::{
    self, AssertSqlSafe, Connection, Executor, PgConnection, Postgres, Sqlite, SqliteConnection,
    pool::PoolConnection, postgres::PgArguments, query::Query as Bound, sqlite::SqliteArguments,
};
use std::sync::Arc;
use std::time::Instant;

/// A connection kept by one owner.
pub enum Conn {
    /// SQLite.
    Sqlite(PoolConnection<Sqlite>),
    /// PostgreSQL.
    Postgres(PoolConnection<Postgres>),
}

impl Conn {
    /// Which dialect it speaks.
    pub fn kind(&self) -> Kind {
        match self {
            Conn::Sqlite(_) => Kind::Sqlite,
            Conn::Postgres(_) => Kind::Postgres,
        }
    }

    /// Whether the other end still answers.
    pub async fn alive(&mut self) -> bool {
        match self {
            Conn::Sqlite(conn) => conn.ping().await.is_ok(),
            Conn::Postgres(conn) => conn.ping().await.is_ok(),
        }
    }

    /// Opens a transaction: SQLite's takes the write lock at once.
    pub async fn begin(&mut self) -> Result<Tx<'_>, sqlx::Error> {
        match self {
            Conn::Sqlite(conn) => {
                conn.execute("begin immediate").await?;
                Ok(Tx::Sqlite(conn))
            }
            Conn::Postgres(conn) => {
                conn.execute("begin").await?;
                Ok(Tx::Postgres(conn))
            }
        }
    }
}

/// A transaction. One that is neither committed nor rolled back must not go on being used:
/// its connection is thrown away by the owner.
pub enum Tx<'c> {
    /// SQLite's.
    Sqlite(&'c mut SqliteConnection),
    /// PostgreSQL's.
    Postgres(&'c mut PgConnection),
}

impl Tx<'_> {
    /// Which dialect it speaks.
    pub fn kind(&self) -> Kind {
        match self {
            Tx::Sqlite(_) => Kind::Sqlite,
            Tx::Postgres(_) => Kind::Postgres,
        }
    }

    /// Makes it durable.
    pub async fn commit(self) -> Result<(), sqlx::Error> {
        self.end("commit").await
    }

    /// Undoes it.
    pub async fn rollback(self) -> Result<(), sqlx::Error> {
        self.end("rollback").await
    }

    async fn end(self, word: &'static str) -> Result<(), sqlx::Error> {
        let started = now();
        match self {
            Tx::Sqlite(conn) => conn.execute(word).await.map(drop)?,
            Tx::Postgres(conn) => conn.execute(word).await.map(drop)?,
        }
        measure(word, started);
        Ok(())
    }

    /// Runs a query with its sets of rows.
    pub async fn fetch(&mut self, query: &Query, sets: &[&Rows]) -> Result<Vec<Row>, sqlx::Error> {
        let started = now();
        let text = query.render(self.kind());
        let rows = match self {
            Tx::Sqlite(conn) => {
                let mut bound = sqlx::query(AssertSqlSafe(text));
                for set in sets {
                    bound = bound.bind(as_json(set));
                }
                let rows = bound.fetch_all(&mut **conn).await?;
                rows.into_iter().map(Row::Sqlite).collect()
            }
            Tx::Postgres(conn) => {
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
    pub async fn insert(&mut self, insert: &Insert, rows: &Rows) -> Result<Vec<Row>, sqlx::Error> {
        if rows.is_empty() {
            return Ok(Vec::new());
        }
        let started = now();
        let returned = match self {
            Tx::Sqlite(conn) => insert_values(conn, insert, rows).await?,
            Tx::Postgres(conn) => {
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
fn now() -> Instant {
    Instant::now()
}

fn measure(name: &'static str, started: Instant) {
    metrics::histogram!("database_query_duration", "query" => name)
        .record(started.elapsed().as_secs_f64());
}
