//! SQLite's key store: a file beside the database, with transactions of its own.
//!
//! SQLite does not commit two files at once where both keep a log. So keys are durable before the
//! transaction is that uses them; one that nothing uses does no harm. A connection that writes
//! waits for the disk, and readers must not wait for it: they have another.

use super::sqlite::{PATIENCE, Sqlite};
use super::{Error, Insert, Query, Row, Rows};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// The file, opened when it is first asked.
pub(super) struct KeyFile {
    path: PathBuf,
    reader: Mutex<Option<Sqlite>>,
    writer: Mutex<Option<Sqlite>>,
    /// Whether the log may hold a key that was destroyed.
    stained: AtomicBool,
}

impl KeyFile {
    /// The one of that path.
    pub(super) fn new(path: PathBuf) -> KeyFile {
        KeyFile {
            path,
            reader: Mutex::default(),
            writer: Mutex::default(),
            stained: AtomicBool::default(),
        }
    }

    /// Its path.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Reads what is durable.
    pub(super) fn read(&self, query: &'static Query, set: &Rows) -> Result<Vec<Row>, Error> {
        self.open(&mut lock(&self.reader))?.fetch(query, set)
    }

    /// Leaves nothing in the log of what was destroyed. Where somebody reads for longer than that, or
    /// the disk is full, the next commit tries again: it is destroyed all the same.
    fn scrub(&self, patience: Duration) {
        let mut kept = lock(&self.writer);
        let conn = self.open(&mut kept);
        let emptied = conn.and_then(|conn| conn.empty_log("takings_keys", patience));
        if !matches!(emptied, Ok(true)) {
            tracing::warn!(
                ?emptied,
                "the log of the key store still holds keys that were destroyed"
            );
        }
        self.stained.store(!matches!(emptied, Ok(true)), Ordering::Relaxed);
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

    /// Makes what it wrote durable; and where something was destroyed, by it or by one before that
    /// could not do so, leaves nothing of that in the log.
    pub(super) fn commit(&mut self, scrubs: bool) -> Result<(), Error> {
        if self.is_open {
            self.work(|conn| conn.word("commit"))?;
            self.is_open = false;
        }
        if scrubs {
            self.file.scrub(PATIENCE);
        } else if self.file.stained.load(Ordering::Relaxed) {
            self.file.scrub(Duration::ZERO);
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

#[cfg(test)]
mod tests {
    use super::*;

    static MAKE: Query = Query::new(
        "test_make",
        "insert into keys (subject, wrapped, under) values ('lead:1', x'51', '')",
        &[],
    );

    #[test]
    fn a_log_that_somebody_reads_is_emptied_by_the_commit_after() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("takings.db.keys");
        let log = folder.path().join("takings.db.keys-wal");
        let file = Arc::new(KeyFile::new(path.clone()));
        let mut tx = KeyTx::new(file.clone());
        tx.write(&MAKE, &Rows::default()).unwrap();
        let reader = rusqlite::Connection::open(&path).unwrap();
        reader.execute_batch("begin; select count(*) from sqlite_master").unwrap();
        tx.commit(true).unwrap();
        assert!(log.metadata().unwrap().len() > 0, "the reader keeps it");
        reader.execute_batch("rollback").unwrap();
        KeyTx::new(file).commit(false).unwrap();
        assert_eq!(log.metadata().unwrap().len(), 0);
    }
}
