//! Connections for transactions, kept for their next owner: opening one, and compiling its texts
//! again, costs more than most transactions do.

use super::Error;
use super::tx::Link;
use sea_orm::sqlx;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;

/// The most owners at once, besides the writer, who has its own for as long as it lives.
const MOST: usize = 8;

/// The most who wait and are told where it takes too long.
const MOST_WAITING: usize = 1_024;

/// How long they wait.
const PATIENCE: Duration = Duration::from_secs(5);

/// Where connections wait.
pub(super) struct Conns {
    idle: Mutex<Vec<Link>>,
    owners: Arc<Semaphore>,
    waiting: Semaphore,
}

impl Conns {
    /// Nothing waits yet.
    pub(super) fn new() -> Conns {
        Conns {
            idle: Mutex::default(),
            owners: Arc::new(Semaphore::new(MOST)),
            waiting: Semaphore::new(MOST_WAITING),
        }
    }

    /// Waits until there is room for one more owner, first come, first served.
    pub(super) async fn room(&self) -> Result<OwnedSemaphorePermit, Error> {
        let permit = self.owners.clone().acquire_owned().await;
        Ok(permit.map_err(|_| sqlx::Error::PoolClosed)?)
    }

    /// The same, for five seconds, and where few wait.
    pub(super) async fn room_soon(&self) -> Result<OwnedSemaphorePermit, Error> {
        let _place = self.waiting.try_acquire().map_err(|_| Error::Busy)?;
        timeout(PATIENCE, self.room()).await.map_err(|_| Error::Busy)?
    }

    /// The connection that was given back last, where there is one.
    pub(super) fn kept(&self) -> Option<Link> {
        self.lock().pop()
    }

    /// Keeps a connection on which no transaction is open.
    pub(super) fn give_back(&self, link: Link) {
        self.lock().push(link);
    }

    /// Closes those that wait: what befell one may have befallen all.
    pub(super) fn close(&self) {
        self.lock().clear();
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Link>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
