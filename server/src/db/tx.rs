//! One connection and one transaction, for either kind of database.

use super::{Bundle, Cell, Insert, Kind, Query, Row, Rows, Type};
use sea_orm::sqlx::{
    self, AssertSqlSafe, Executor, PgConnection, Postgres, Sqlite, SqliteConnection,
    pool::PoolConnection, postgres::PgArguments, query::Query as Bound,
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
    /// A bundle of writes.
    Write(&'static Bundle, Vec<Rows>),
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
    /// Makes a connection ready for bundles.
    pub async fn prepare(&mut self, bundles: &[&'static Bundle]) -> Result<(), sqlx::Error> {
        if let Link::Sqlite(conn) = &mut self.link {
            for bundle in bundles {
                let setup = AssertSqlSafe(bundle.sqlite_setup());
                conn.execute(sqlx::raw_sql(setup)).await?;
            }
        }
        Ok(())
    }

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
                    Step::Write(bundle, rows) => {
                        let rows: Vec<&Rows> = rows.iter().collect();
                        tx.write(bundle, &rows).await?;
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
                    bound = bound.bind(set.json());
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
        let text = insert.render(self.kind());
        let returned = match &mut self.link {
            TxLink::Sqlite(conn) => {
                let bound = sqlx::query(AssertSqlSafe(text)).bind(rows.json());
                bound.fetch_all(&mut **conn).await?.into_iter().map(Row::Sqlite).collect()
            }
            TxLink::Postgres(conn) => {
                let bound = sqlx::query(AssertSqlSafe(text));
                let bound = bind_columns(bound, insert.columns, rows);
                bound.fetch_all(&mut **conn).await?.into_iter().map(Row::Postgres).collect()
            }
        };
        measure(insert.table, started);
        Ok(returned)
    }

    /// Writes a bundle; `rows` are those of its parts, in their order.
    pub async fn write(
        &mut self,
        bundle: &'static Bundle,
        rows: &[&Rows],
    ) -> Result<(), sqlx::Error> {
        if rows.iter().all(|rows| rows.is_empty()) {
            return Ok(());
        }
        let copies = || rows.iter().map(|rows| (*rows).clone()).collect();
        note(self.log.as_ref(), || Step::Write(bundle, copies()));
        let started = now();
        let text = bundle.render(self.kind());
        match &mut self.link {
            TxLink::Sqlite(conn) => {
                let mut bound = sqlx::query(AssertSqlSafe(text));
                for rows in rows {
                    bound = bound.bind(rows.json());
                }
                bound.execute(&mut **conn).await.map(drop)?;
            }
            TxLink::Postgres(conn) => {
                let mut bound = sqlx::query(AssertSqlSafe(text));
                for (part, rows) in bundle.parts.iter().zip(rows) {
                    bound = bind_columns(bound, part.columns(), rows);
                }
                bound.execute(&mut **conn).await.map(drop)?;
            }
        }
        measure(bundle.name, started);
        Ok(())
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

#[expect(clippy::disallowed_methods, reason = "a duration for a metric, never a stored time")]
pub(super) fn now() -> Instant {
    Instant::now()
}

pub(super) fn measure(name: &'static str, started: Instant) {
    metrics::histogram!("database_query_duration", "query" => name)
        .record(started.elapsed().as_secs_f64());
}
