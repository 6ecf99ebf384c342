//! SQLite's key store: a file beside the database, with transactions of its own.
//!
//! SQLite does not commit two files at once where both keep a log. So keys are durable before the
//! transaction goes on that uses them; one that nothing uses does no harm. A connection that writes
//! waits for the disk, and readers must not wait for it: they have another.

use super::sqlite::Sqlite;
use super::{Error, Insert, Query, Row, Rows};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// The file, opened when it is first asked.
pub(super) struct KeyFile {
    path: PathBuf,
    reader: Mutex<Option<Sqlite>>,
    writer: Mutex<Option<Sqlite>>,
}

impl KeyFile {
    /// The one of that path.
    pub(super) fn new(path: PathBuf) -> KeyFile {
        KeyFile { path, reader: Mutex::default(), writer: Mutex::default() }
    }

    /// Its path.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Reads what is durable.
    pub(super) fn read(&self, query: &'static Query, set: &Rows) -> Result<Vec<Row>, Error> {
        self.open(&mut lock(&self.reader))?.fetch(query, set)
    }

    /// Runs a statement that writes; what it wrote is durable.
    pub(super) fn write(&self, query: &'static Query, set: &Rows) -> Result<Vec<Row>, Error> {
        self.transact(|conn| conn.fetch(query, set))
    }

    /// Inserts rows; they are durable.
    pub(super) fn insert(&self, insert: &'static Insert, rows: &Rows) -> Result<Vec<Row>, Error> {
        self.transact(|conn| conn.insert(insert, rows))
    }

    /// Leaves nothing in the log of what was destroyed, unless somebody reads just now.
    pub(super) fn scrub(&self) -> Result<(), Error> {
        self.open(&mut lock(&self.writer))?.empty_log("takings_keys")
    }

    fn transact<T>(&self, work: impl FnOnce(&mut Sqlite) -> Result<T, Error>) -> Result<T, Error> {
        let mut kept = lock(&self.writer);
        let conn = self.open(&mut kept)?;
        conn.word("begin immediate")?;
        let result = work(conn).and_then(|done| conn.word("commit").map(|()| done));
        if result.is_err() {
            // Whatever state it is in, it is not used again.
            *kept = None;
        }
        result
    }

    fn open<'a>(&self, kept: &'a mut Option<Sqlite>) -> Result<&'a mut Sqlite, Error> {
        match kept {
            Some(conn) => Ok(conn),
            None => Ok(kept.insert(Sqlite::key_store(&self.path)?)),
        }
    }
}

fn lock(kept: &Mutex<Option<Sqlite>>) -> MutexGuard<'_, Option<Sqlite>> {
    kept.lock().unwrap_or_else(PoisonError::into_inner)
}
