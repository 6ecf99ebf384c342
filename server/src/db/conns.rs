//! Connections for transactions, kept for their next owner: opening one, and compiling its texts
//! again, costs more than most transactions do.

use super::Error;
use super::tx::Link;
use sea_orm::sqlx;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// The most owners at once. The writer is one for as long as it lives.
const MOST: usize = 8;

/// Where connections wait.
pub(super) struct Conns {
    idle: Mutex<Vec<Link>>,
    owners: Arc<Semaphore>,
}

impl Conns {
    /// Nothing waits yet.
    pub(super) fn new() -> Conns {
        Conns { idle: Mutex::default(), owners: Arc::new(Semaphore::new(MOST)) }
    }

    /// Waits until there is room for one more owner, first come, first served; and takes the
    /// connection that was given back last, where there is one.
    pub(super) async fn take(&self) -> Result<(OwnedSemaphorePermit, Option<Link>), Error> {
        let permit = self.owners.clone().acquire_owned().await;
        let permit = permit.map_err(|_| sqlx::Error::PoolClosed)?;
        let kept = self.lock().pop();
        Ok((permit, kept))
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
