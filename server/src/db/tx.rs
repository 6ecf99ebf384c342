//! One connection and one transaction, for either kind of database.

use super::conns::Conns;
use super::key_file::{KeyFile, KeyTx};
use super::postgres::Postgres;
use super::sqlite::Sqlite;
use super::{Bundle, Error, Insert, Kind, Query, Row, Rows};
use crate::privacy::Vault;
use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Instant;
use takings_core::privacy::Key;
use tokio::sync::{OwnedMutexGuard, OwnedSemaphorePermit};

/// A connection kept by one owner. SQLite's works on the caller's thread.
pub struct Conn {
    link: Link,
    log: Option<Log>,
    vault: Arc<Vault>,
    home: Arc<Conns>,
    _room: Option<OwnedSemaphorePermit>,
}

pub(super) enum Link {
    Sqlite(Sqlite, Turns, Arc<KeyFile>),
    Postgres(Postgres),
}

impl Link {
    async fn begin(&mut self) -> Result<Option<OwnedMutexGuard<()>>, Error> {
        match self {
            Link::Sqlite(conn, turns, _) => {
                let turn = turns.clone().lock_owned().await;
                conn.word("begin immediate")?;
                Ok(Some(turn))
            }
            Link::Postgres(conn) => conn.begin().await.map(|()| None),
        }
    }
}

/// The line of those who write to SQLite: first come, first served.
pub(super) type Turns = Arc<tokio::sync::Mutex<()>>;

/// What was sent, for a measurement to send again.
pub type Log = Arc<Mutex<Vec<Step>>>;

/// One statement as it was sent.
#[derive(Clone)]
pub enum Step {
    /// The beginning of a transaction.
    Begin,
    /// A query with its set of rows.
    Fetch(&'static Query, Rows),
    /// A bulk insert.
    Insert(&'static Insert, Rows),
    /// A bundle of writes.
    Write(&'static Bundle, Vec<Rows>),
    /// The end of a transaction.
    Commit,
}

impl Conn {
    pub(super) fn new(
        link: Link,
        vault: Arc<Vault>,
        (home, room): (Arc<Conns>, Option<OwnedSemaphorePermit>),
    ) -> Conn {
        Conn { link, log: None, vault, home, _room: room }
    }

    /// Gives it back for its next owner: every transaction on it was committed or rolled back.
    pub(crate) fn keep(self) {
        self.home.give_back(self.link);
    }

    /// Writes down everything sent from now on.
    pub fn record(&mut self, log: Log) {
        self.log = Some(log);
    }

    /// Sends what was written down.
    pub async fn replay(&mut self, steps: &[Step]) -> Result<(), Error> {
        let mut steps = steps.iter().peekable();
        while steps.next().is_some() {
            let mut tx = self.begin().await?;
            while let Some(step) = steps.next_if(|step| !matches!(step, Step::Commit)) {
                match step {
                    Step::Fetch(query, set) => {
                        tx.fetch(query, set).await?;
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

    /// Copies SQLite's log into its file as far as nobody has to wait for it.
    pub fn checkpoint(&mut self) -> Result<(), Error> {
        match &mut self.link {
            Link::Sqlite(conn, ..) => conn.checkpoint(),
            Link::Postgres(_) => Ok(()),
        }
    }

    /// Opens a transaction: SQLite's takes the write lock at once.
    pub async fn begin(&mut self) -> Result<Tx<'_>, Error> {
        let started = now();
        let turn = self.link.begin().await.inspect_err(|_| self.home.close())?;
        measure("begin", started);
        let keys = match &self.link {
            Link::Sqlite(_, _, file) => Some(KeyTx::new(file.clone())),
            Link::Postgres(_) => None,
        };
        let Conn { link, log, vault, .. } = self;
        let tx = Tx {
            link,
            log: log.as_ref(),
            vault,
            keys,
            made: HashMap::new(),
            destroyed: Vec::new(),
            _turn: turn,
        };
        tx.note(|| Step::Begin);
        Ok(tx)
    }
}

/// A transaction. One that is neither committed nor rolled back must not go on being used:
/// its connection is thrown away by the owner.
pub struct Tx<'c> {
    link: &'c mut Link,
    log: Option<&'c Log>,
    vault: &'c Arc<Vault>,
    /// What it does with SQLite's key store.
    keys: Option<KeyTx>,
    /// Keys made in it: others know them once it is durable.
    made: HashMap<String, Key>,
    /// Whose keys were destroyed in it.
    destroyed: Vec<String>,
    _turn: Option<OwnedMutexGuard<()>>,
}

impl<'c> Tx<'c> {
    /// Which dialect it speaks.
    pub fn kind(&self) -> Kind {
        match self.link {
            Link::Sqlite(..) => Kind::Sqlite,
            Link::Postgres(_) => Kind::Postgres,
        }
    }

    fn note(&self, step: impl FnOnce() -> Step) {
        if let Some(mut steps) = self.log.and_then(|log| log.lock().ok()) {
            steps.push(step());
        }
    }

    /// The keys of subjects, as this process knows them.
    pub(crate) fn vault(&self) -> &'c Arc<Vault> {
        self.vault
    }

    /// Keys made in this transaction, by subject.
    pub(crate) fn made(&mut self) -> &mut HashMap<String, Key> {
        &mut self.made
    }

    /// Whose keys were destroyed in this transaction.
    pub(crate) fn destroyed(&mut self) -> &mut Vec<String> {
        &mut self.destroyed
    }

    /// Makes it durable.
    pub async fn commit(mut self) -> Result<(), Error> {
        self.note(|| Step::Commit);
        let (vault, made) = (self.vault, std::mem::take(&mut self.made));
        let destroyed = std::mem::take(&mut self.destroyed);
        if let Some(keys) = &mut self.keys {
            keys.commit(!destroyed.is_empty())?;
        }
        self.word("commit").await?;
        vault.keep(made);
        vault.forget(&destroyed);
        Ok(())
    }

    /// Undoes it.
    pub async fn rollback(mut self) -> Result<(), Error> {
        self.word("rollback").await
    }

    /// Marks a place that can be returned to; there is one at a time.
    pub(crate) async fn savepoint(&mut self) -> Result<(), Error> {
        self.word("savepoint act").await
    }

    /// Keeps what was done since the mark.
    pub(crate) async fn release(&mut self) -> Result<(), Error> {
        self.word("release savepoint act").await
    }

    /// Undoes what was done since the mark, but for SQLite's key store: a key that nothing uses does
    /// no harm, and who was erased stays so.
    pub(crate) async fn undo(&mut self) -> Result<(), Error> {
        self.word("rollback to savepoint act").await?;
        self.release().await
    }

    async fn word(&mut self, word: &'static str) -> Result<(), Error> {
        let started = now();
        match &mut self.link {
            Link::Sqlite(conn, ..) => conn.word(word)?,
            Link::Postgres(conn) => conn.word(word).await?,
        }
        measure(word, started);
        Ok(())
    }

    /// Runs a query for the rows of its set.
    pub async fn fetch(&mut self, query: &'static Query, set: &Rows) -> Result<Vec<Row>, Error> {
        self.note(|| Step::Fetch(query, set.clone()));
        let started = now();
        let rows = match &mut self.link {
            Link::Sqlite(conn, ..) => conn.fetch(query, set)?,
            Link::Postgres(conn) => conn.fetch(query, set).await?,
        };
        measure(query.name, started);
        Ok(rows)
    }

    /// Inserts rows in bulk, and returns what the statement returns.
    pub async fn insert(
        &mut self,
        insert: &'static Insert,
        rows: &Rows,
    ) -> Result<Vec<Row>, Error> {
        if rows.is_empty() {
            return Ok(Vec::new());
        }
        self.note(|| Step::Insert(insert, rows.clone()));
        let started = now();
        let returned = match &mut self.link {
            Link::Sqlite(conn, ..) => conn.insert(insert, rows)?,
            Link::Postgres(conn) => conn.insert(insert, rows).await?,
        };
        measure(insert.table, started);
        Ok(returned)
    }

    /// Runs a query on the key store that reads.
    pub async fn read_keys(
        &mut self,
        query: &'static Query,
        set: &Rows,
    ) -> Result<Vec<Row>, Error> {
        match &self.keys {
            Some(keys) => keys.read(query, set),
            None => self.fetch(query, set).await,
        }
    }

    /// Runs a statement on the key store that writes. What it wrote is durable before the rest is.
    pub(crate) async fn write_keys(
        &mut self,
        query: &'static Query,
        set: &Rows,
    ) -> Result<Vec<Row>, Error> {
        match &mut self.keys {
            Some(keys) => keys.write(query, set),
            None => self.fetch(query, set).await,
        }
    }

    /// Inserts rows into the key store. They are durable before the rest is.
    pub async fn insert_keys(
        &mut self,
        insert: &'static Insert,
        rows: &Rows,
    ) -> Result<Vec<Row>, Error> {
        if rows.is_empty() {
            return Ok(Vec::new());
        }
        match &mut self.keys {
            Some(keys) => keys.insert(insert, rows),
            None => self.insert(insert, rows).await,
        }
    }

    /// Writes a bundle; `rows` are those of its parts, in their order.
    pub async fn write(&mut self, bundle: &'static Bundle, rows: &[&Rows]) -> Result<(), Error> {
        if rows.iter().all(|rows| rows.is_empty()) {
            return Ok(());
        }
        self.note(|| Step::Write(bundle, rows.iter().map(|rows| (*rows).clone()).collect()));
        let started = now();
        match &mut self.link {
            Link::Sqlite(conn, ..) => conn.write(bundle, rows)?,
            Link::Postgres(conn) => conn.write(bundle, rows).await?,
        }
        measure(bundle.name, started);
        Ok(())
    }
}

#[expect(clippy::disallowed_methods, reason = "a duration for a metric, never a stored time")]
pub(super) fn now() -> Instant {
    Instant::now()
}

pub(super) fn measure(name: &'static str, started: Instant) {
    metrics::histogram!("database_query_duration", "query" => name)
        .record(started.elapsed().as_secs_f64());
}
