//! Fixed texts outside of transactions.

use super::postgres::rows_on_pool;
use super::sqlite::Sqlite;
use super::tx::{measure, now};
use super::{Database, Error, Kind, Query, Row, Rows};
use std::sync::{Arc, Mutex, PoisonError};

/// The most connections that are kept.
const KEPT: usize = 4;

/// SQLite's connections for fixed texts, kept when nobody uses them.
pub(super) type Readers = Arc<Mutex<Vec<Sqlite>>>;

impl Database {
    /// The same, read where it is written: a replica lags, and who acts by what is read, or has just
    /// written it, must not read the past.
    pub(crate) fn primary(&self) -> Database {
        Database { read: self.write.clone(), ..self.clone() }
    }

    /// Runs a query for the rows of its set; each row sees what was durable when it was read.
    pub(crate) async fn rows(&self, query: &'static Query, set: &Rows) -> Result<Vec<Row>, Error> {
        let started = now();
        let rows = match self.kind {
            Kind::Sqlite => self.rows_of_file(query, set)?,
            Kind::Postgres => rows_on_pool(&self.read, query, set).await?,
        };
        measure(query.name, started);
        Ok(rows)
    }

    /// A connection that met an error is not kept.
    fn rows_of_file(&self, query: &'static Query, set: &Rows) -> Result<Vec<Row>, Error> {
        let lock = || self.readers.lock().unwrap_or_else(PoisonError::into_inner);
        let kept = lock().pop();
        let mut conn = kept.map_or_else(|| Sqlite::open(&self.url), Ok)?;
        let rows = conn.fetch(query, set)?;
        let mut readers = lock();
        if readers.len() < KEPT {
            readers.push(conn);
        }
        Ok(rows)
    }
}
