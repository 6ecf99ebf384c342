//! SQLite's key store: a file beside the database, with transactions of its own.
//!
//! SQLite does not commit two files at once where both keep a log. So keys are durable before the
//! transaction is that uses them; one that nothing uses does no harm. A connection that writes
//! waits for the disk, and readers must not wait for it: they have another.

use super::sqlite::Sqlite;
use super::{Error, Insert, Query, Row, Rows};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

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

    fn open<'a>(&self, kept: &'a mut Option<Sqlite>) -> Result<&'a mut Sqlite, Error> {
        match kept {
            Some(conn) => Ok(conn),
            None => Ok(kept.insert(Sqlite::key_store(&self.path)?)),
        }
    }
}

/// The part of a transaction that concerns the key store: begun when it first writes. Whoever has it
/// has the database's turn, so nobody else writes in this process.
pub(super) struct KeyTx {
    file: Arc<KeyFile>,
    is_open: bool,
}

impl KeyTx {
    /// Nothing was written yet.
    pub(super) fn new(file: Arc<KeyFile>) -> KeyTx {
        KeyTx { file, is_open: false }
    }

    /// Reads what is durable, and what it wrote.
    pub(super) fn read(&self, query: &'static Query, set: &Rows) -> Result<Vec<Row>, Error> {
        if !self.is_open {
            return self.file.read(query, set);
        }
        self.file.open(&mut lock(&self.file.writer))?.fetch(query, set)
    }

    /// Runs a statement that writes.
    pub(super) fn write(&mut self, query: &'static Query, set: &Rows) -> Result<Vec<Row>, Error> {
        self.work(|conn| conn.fetch(query, set))
    }

    /// Inserts rows.
    pub(super) fn insert(
        &mut self,
        insert: &'static Insert,
        rows: &Rows,
    ) -> Result<Vec<Row>, Error> {
        self.work(|conn| conn.insert(insert, rows))
    }

    /// Makes what it wrote durable; and where something was destroyed, leaves nothing of it in the
    /// log, unless somebody reads just now.
    pub(super) fn commit(&mut self, scrubs: bool) -> Result<(), Error> {
        if self.is_open {
            self.work(|conn| conn.word("commit"))?;
            self.is_open = false;
        }
        if scrubs {
            self.file.open(&mut lock(&self.file.writer))?.empty_log("takings_keys")?;
        }
        Ok(())
    }

    fn work<T>(&mut self, work: impl FnOnce(&mut Sqlite) -> Result<T, Error>) -> Result<T, Error> {
        let mut kept = lock(&self.file.writer);
        let conn = self.file.open(&mut kept)?;
        if !self.is_open {
            conn.word("begin immediate")?;
            self.is_open = true;
        }
        work(conn)
    }
}

impl Drop for KeyTx {
    /// Whatever was not committed is undone.
    fn drop(&mut self) {
        if self.is_open {
            *lock(&self.file.writer) = None;
        }
    }
}

fn lock(kept: &Mutex<Option<Sqlite>>) -> MutexGuard<'_, Option<Sqlite>> {
    kept.lock().unwrap_or_else(PoisonError::into_inner)
}
