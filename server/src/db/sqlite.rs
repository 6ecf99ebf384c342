//! A connection to SQLite for one owner, on the owner's own thread.
//!
//! The readers' pool hands every statement to a thread of its own and waits to be woken; a unit of
//! work sends some hundred, and waking costs more than most of them. So the writer's statements run
//! where they are called, once a row, each prepared once. Nothing here waits but for the disk and
//! for another process's lock: call it from a thread that may.

use super::connect::key_tables;
use super::{Bundle, Cell, Error, Insert, Kind, Part, Query, Row, Rows};
use rusqlite::types::{ToSql, ToSqlOutput, ValueRef};
use rusqlite::{CachedStatement, Connection};
use sea_orm::sqlx::sqlite::SqliteConnectOptions;
use std::fs::OpenOptions;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::str::FromStr;
use std::time::Duration;

/// How long another process's lock is waited for.
pub(super) const PATIENCE: Duration = Duration::from_secs(5);

/// More than there are fixed texts.
const TEXTS: usize = 400;

/// Pages of the log (64 MiB) beyond which whoever writes copies into the file what
/// [`Sqlite::checkpoint`] has not, and so lets the log begin anew.
pub(super) const LOG: i64 = 16_000;

/// A connection.
pub(super) struct Sqlite(Connection);

impl Sqlite {
    /// Opens the file of a URL, durable at every commit.
    pub(super) fn open(url: &str) -> Result<Sqlite, Error> {
        let options = SqliteConnectOptions::from_str(url)?;
        let file: &Path = options.get_filename();
        let conn = Connection::open(file)?;
        conn.busy_timeout(PATIENCE)?;
        conn.set_prepared_statement_cache_capacity(TEXTS);
        conn.execute_batch(
            "pragma journal_mode = wal; pragma synchronous = full; pragma foreign_keys = off; \
             pragma cache_size = -65536; pragma temp_store = memory",
        )?;
        conn.pragma_update(None, "wal_autocheckpoint", LOG)?;
        Ok(Sqlite(conn))
    }

    /// Opens the key store's file, made where there is none, as the schema `takings_keys`: texts
    /// name its tables as on PostgreSQL.
    pub(super) fn key_store(path: &Path) -> Result<Sqlite, Error> {
        private(path)?;
        let conn = Connection::open_in_memory()?;
        conn.busy_timeout(PATIENCE)?;
        conn.execute("attach database ?1 as takings_keys", [path.to_string_lossy()])?;
        conn.execute_batch(
            "pragma takings_keys.journal_mode = wal; pragma takings_keys.synchronous = full; \
             pragma takings_keys.secure_delete = on",
        )?;
        conn.execute_batch(&key_tables(Kind::Sqlite))?;
        Ok(Sqlite(conn))
    }

    /// Copies the log into the file as far as nobody has to wait for it.
    pub(super) fn checkpoint(&mut self) -> Result<(), Error> {
        Ok(self.0.query_row("pragma wal_checkpoint(passive)", (), |_| Ok(()))?)
    }

    /// Copies the log of a schema into its file, and empties it unless somebody reads for longer than
    /// that; tells whether it is empty.
    pub(super) fn empty_log(&mut self, schema: &str, patience: Duration) -> Result<bool, Error> {
        let text = format!("pragma {schema}.wal_checkpoint(truncate)");
        self.0.busy_timeout(patience)?;
        let busy = self.0.query_row(&text, (), |row| row.get::<_, i64>(0));
        self.0.busy_timeout(PATIENCE)?;
        Ok(busy? == 0)
    }

    /// Runs a statement that begins, ends or marks a transaction.
    pub(super) fn word(&mut self, word: &'static str) -> Result<(), Error> {
        self.0.prepare_cached(word)?.execute(())?;
        Ok(())
    }

    /// Runs a query for each row of its set, one after the other.
    pub(super) fn fetch(&mut self, query: &'static Query, set: &Rows) -> Result<Vec<Row>, Error> {
        let mut statement = self.0.prepare_cached(&query.render(Kind::Sqlite))?;
        let mut found = Vec::new();
        if query.set.is_empty() {
            run(&mut statement, &[], &mut found)?;
        }
        for row in set.iter() {
            run(&mut statement, row, &mut found)?;
        }
        Ok(found)
    }

    /// Inserts row by row; answers what the statement returns.
    pub(super) fn insert(
        &mut self,
        insert: &'static Insert,
        rows: &Rows,
    ) -> Result<Vec<Row>, Error> {
        let mut statement = self.0.prepare_cached(&insert.render(Kind::Sqlite))?;
        let mut returned = Vec::new();
        for row in rows.iter() {
            run(&mut statement, row, &mut returned)?;
        }
        Ok(returned)
    }

    /// Writes a bundle, part after part.
    pub(super) fn write(&mut self, bundle: &'static Bundle, rows: &[&Rows]) -> Result<(), Error> {
        for (part, rows) in bundle.parts.iter().zip(rows) {
            match part {
                Part::Insert(insert) => drop(self.insert(insert, rows)?),
                Part::Delete(delete) => {
                    let mut statement = self.0.prepare_cached(&delete.sqlite())?;
                    for row in rows.iter() {
                        run(&mut statement, row, &mut Vec::new())?;
                    }
                }
            }
        }
        Ok(())
    }
}

/// Makes a file that only its owner reads, where there is none: SQLite's own files beside it get the
/// same permissions.
fn private(path: &Path) -> Result<(), Error> {
    let made = OpenOptions::new().append(true).create(true).mode(0o600).open(path);
    made.map(drop).map_err(|error| Error::KeyStore(path.to_owned(), error))
}

/// Runs a statement with one row's cells as its parameters.
fn run(
    statement: &mut CachedStatement<'_>,
    cells: &[Cell],
    into: &mut Vec<Row>,
) -> Result<(), Error> {
    let cells = &cells[..cells.len().min(statement.parameter_count())];
    for (place, cell) in cells.iter().enumerate() {
        statement.raw_bind_parameter(place + 1, cell)?;
    }
    let width = statement.column_count();
    let mut rows = statement.raw_query();
    while let Some(row) = rows.next()? {
        let cells = (0..width).map(|place| cell(place, row.get_ref(place)?));
        into.push(Row::Sqlite(cells.collect::<Result<_, Error>>()?));
    }
    Ok(())
}

fn cell(place: usize, value: ValueRef<'_>) -> Result<Cell, Error> {
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).map_err(|_| Error::Shape(place));
    Ok(match value {
        ValueRef::Null => Cell::Null,
        ValueRef::Integer(value) => Cell::Int(value),
        ValueRef::Text(bytes) => Cell::Text(text(bytes)?),
        ValueRef::Blob(bytes) => Cell::Bytes(bytes.to_vec()),
        ValueRef::Real(_) => return Err(Error::Shape(place)),
    })
}

impl ToSql for Cell {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(match self {
            Cell::Int(value) => ValueRef::Integer(*value),
            Cell::Text(text) => ValueRef::Text(text.as_bytes()),
            Cell::Bytes(bytes) => ValueRef::Blob(bytes),
            Cell::Null => ValueRef::Null,
        }))
    }
}
