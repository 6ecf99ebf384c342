//! The group-commit writer: whatever waits goes into one transaction.
//!
//! Callers hand over and wait; a caller that goes away changes nothing. The writer never sleeps
//! for a batch to fill: while one commits, the next gathers.

use super::{Entry, Outcome, Trouble, Unit};
use crate::db::{self, Conn, Database, Failure, Kind, Tries};
use std::time::Duration;
use tokio::runtime::Handle;
use tokio::sync::{mpsc, oneshot, watch};

/// How long commits are gathered before SQLite's log is copied into its file.
const CHECKPOINT: Duration = Duration::from_secs(1);

/// How the writer works.
#[derive(Clone, Copy, Debug)]
pub struct WriterOptions {
    /// The most events in one transaction.
    pub most: usize,
    /// The most events that may wait.
    pub queue: usize,
    /// How often a transaction that met another is tried again.
    pub retries: u32,
    /// The process's part of the roll-ups.
    pub shard: i64,
}

impl Default for WriterOptions {
    fn default() -> WriterOptions {
        WriterOptions { most: 128, queue: 4096, retries: 20, shard: 0 }
    }
}

/// The way to the writer.
#[derive(Clone)]
pub struct Writer {
    queue: mpsc::Sender<Waiting>,
}

type Answer = Result<Outcome, Trouble>;

/// The answers of one batch, and who waits for them.
type Answers = Vec<(oneshot::Sender<Answer>, Answer)>;

struct Waiting {
    entry: Entry,
    answer: oneshot::Sender<Answer>,
}

/// Why an event could not be handed over.
#[derive(Debug, thiserror::Error)]
pub enum HandOver {
    /// Too many wait.
    #[error("too many events are waiting for the database")]
    Full,
    /// The writer has stopped.
    #[error("the writer has stopped")]
    Stopped,
    /// The event was not stored.
    #[error(transparent)]
    Trouble(#[from] Trouble),
}

impl Writer {
    /// Makes a writer, and the task that does its work until every handle is gone.
    pub fn new(
        database: Database,
        options: WriterOptions,
    ) -> (Writer, impl Future<Output = ()> + Send + 'static) {
        let (queue, waiting) = mpsc::channel(options.queue);
        let unit = Unit { shard: options.shard };
        let work = Work { database, options, unit, conn: None, wrote: watch::Sender::default() };
        (Writer { queue }, work.start(waiting))
    }

    /// Hands an event over and waits until it is durable.
    pub async fn ingest(&self, entry: Entry) -> Result<Outcome, HandOver> {
        entry.prepare();
        let (answer, answered) = oneshot::channel();
        self.queue.try_send(Waiting { entry, answer }).map_err(|error| match error {
            mpsc::error::TrySendError::Full(_) => HandOver::Full,
            mpsc::error::TrySendError::Closed(_) => HandOver::Stopped,
        })?;
        Ok(answered.await.map_err(|_| HandOver::Stopped)??)
    }

    /// Hands over what nobody waits for, such as a page of a backfill: it lets others go first
    /// where the queue is full. Answers once everything is durable, in the order of `entries`.
    pub async fn ingest_all(&self, entries: Vec<Entry>) -> Result<Vec<Outcome>, HandOver> {
        let mut all = Vec::with_capacity(entries.len());
        for entry in entries {
            entry.prepare();
            let (answer, answered) = oneshot::channel();
            let sent = self.queue.send(Waiting { entry, answer }).await;
            sent.map_err(|_| HandOver::Stopped)?;
            all.push(answered);
        }
        let mut outcomes = Vec::with_capacity(all.len());
        for answered in all {
            outcomes.push(answered.await.map_err(|_| HandOver::Stopped)??);
        }
        Ok(outcomes)
    }
}

struct Work {
    database: Database,
    options: WriterOptions,
    unit: Unit,
    conn: Option<Conn>,
    /// Told of every commit.
    wrote: watch::Sender<()>,
}

impl Work {
    /// On SQLite every statement, and the wait for the disk, is on the caller's thread: not one
    /// that others need.
    async fn start(self, waiting: mpsc::Receiver<Waiting>) {
        match self.database.kind {
            Kind::Postgres => self.run(waiting, answer).await,
            Kind::Sqlite => {
                let (handle, database, wrote) =
                    (Handle::current(), self.database.clone(), self.wrote.subscribe());
                let beside = handle.clone();
                let copying = tokio::task::spawn_blocking(move || {
                    beside.block_on(checkpoints(database, wrote));
                });
                // Callers wait on the runtime's threads: from there one wakes the others at less
                // cost than this thread does, so a batch is handed over as a whole.
                let (hand_over, answers) = mpsc::unbounded_channel();
                let answering = async {
                    answer_batches(answers).await;
                    Ok(())
                };
                let work = tokio::task::spawn_blocking(move || {
                    handle.block_on(self.run(waiting, |batch| drop(hand_over.send(batch))));
                });
                if let Err(error) = tokio::try_join!(work, copying, answering) {
                    tracing::error!(%error, "the writer failed");
                }
            }
        }
    }

    async fn run(mut self, mut waiting: mpsc::Receiver<Waiting>, answer: impl Fn(Answers)) {
        let mut batch = Vec::with_capacity(self.options.most);
        while waiting.recv_many(&mut batch, self.options.most).await > 0 {
            metrics::histogram!("writer_batch_size").record(batch.len() as f64);
            metrics::gauge!("writer_queue_depth").set(waiting.len() as f64);
            let (entries, answers): (Vec<Entry>, Vec<_>) =
                batch.drain(..).map(|it| (it.entry, it.answer)).unzip();
            let results = self.store(entries).await;
            answer(answers.into_iter().zip(results).collect());
        }
    }

    /// Stores a batch; where its data is refused, one by one, so that one bad event holds up
    /// nobody.
    async fn store(&mut self, entries: Vec<Entry>) -> Vec<Answer> {
        match self.attempt(&entries).await {
            Ok(outcomes) => outcomes.into_iter().map(Ok).collect(),
            Err(trouble)
                if trouble.failure() == Failure::Data
                    || entries.len() > 1 && trouble.is_of_its_data() =>
            {
                let mut answers = Vec::with_capacity(entries.len());
                for entry in entries {
                    answers.push(self.store_alone(entry).await);
                }
                answers
            }
            Err(trouble) => {
                let said = trouble.to_string();
                let failure = trouble.failure();
                let mut answers = vec![Err(trouble)];
                answers.extend(
                    (1..entries.len())
                        .map(|_| Err(Trouble::Shared { failure, said: said.clone() })),
                );
                answers
            }
        }
    }

    /// Stores one event; one whose facts the database refuses is kept without them.
    async fn store_alone(&mut self, mut entry: Entry) -> Answer {
        let one = std::slice::from_ref(&entry);
        let trouble = match self.attempt(one).await {
            Ok(outcomes) => return Ok(outcomes.first().copied().unwrap_or(Outcome::Duplicate)),
            // What the API showed is not lost: it can be asked for again.
            Err(trouble) if trouble.failure() == Failure::Data && !entry.fetched => trouble,
            Err(trouble) => return Err(trouble),
        };
        entry.facts.clear();
        entry.personal = None;
        entry.outcome = Outcome::Quarantined;
        entry.refusal = Some(("refused_by_storage", trouble.to_string().replace('\0', " ")));
        let outcomes = self.attempt(std::slice::from_ref(&entry)).await?;
        Ok(outcomes.first().copied().unwrap_or(Outcome::Duplicate))
    }

    /// One transaction, tried again where it met another.
    async fn attempt(&mut self, entries: &[Entry]) -> Result<Vec<Outcome>, Trouble> {
        let mut tries = Tries::new(self.options.retries);
        loop {
            let result = self.transact(entries).await;
            let Err(trouble) = result else { return result };
            if trouble.failure() != Failure::Conflict || !tries.again().await {
                return Err(trouble);
            }
            metrics::counter!("writer_retries_total").increment(1);
        }
    }

    async fn transact(&mut self, entries: &[Entry]) -> Result<Vec<Outcome>, Trouble> {
        let mut conn = match self.conn.take() {
            Some(conn) => conn,
            None => self.database.conn_of_writer().await?,
        };
        let mut tx = conn.begin().await?;
        match self.unit.ingest(&mut tx, entries).await {
            Ok(outcomes) => {
                // A failed commit is in doubt: its connection is not used again.
                tx.commit().await?;
                self.wrote.send_replace(());
                self.conn = Some(conn);
                Ok(outcomes)
            }
            Err(trouble) => {
                if tx.rollback().await.is_ok() {
                    self.conn = Some(conn);
                }
                Err(trouble)
            }
        }
    }
}

async fn answer_batches(mut batches: mpsc::UnboundedReceiver<Answers>) {
    while let Some(batch) = batches.recv().await {
        answer(batch);
    }
}

/// A caller that went away has its event stored all the same.
fn answer(batch: Answers) {
    for (caller, result) in batch {
        let _ = caller.send(result);
    }
}

/// Copies SQLite's log into its file beside the writer, so that no caller waits for it.
async fn checkpoints(database: Database, mut wrote: watch::Receiver<()>) {
    let mut kept = None;
    while wrote.changed().await.is_ok() {
        tokio::select! {
            () = tokio::time::sleep(CHECKPOINT) => {}
            // Every handle is gone: what was written last is copied at once.
            _ = wrote.wait_for(|()| false) => {}
        }
        if let Err(error) = copy(&database, &mut kept).await {
            tracing::warn!(%error, "the log could not be copied into the database file");
        }
    }
}

async fn copy(database: &Database, kept: &mut Option<Conn>) -> Result<(), db::Error> {
    let conn = match kept {
        Some(conn) => conn,
        None => kept.insert(database.conn_of_writer().await?),
    };
    conn.checkpoint()
}
