//! How often a transaction that met another is tried again.

use std::time::Duration;
use tokio::time::{Instant, sleep};

/// How often by default.
const MOST: u32 = 50;

/// For how long: as long as one lock is waited for. So whoever met others for a moment gets through,
/// and whoever has waited for a lock in vain is told, and makes room.
const PATIENCE: Duration = Duration::from_secs(10);

/// The tries that are left to a transaction.
pub(crate) struct Tries {
    most: u32,
    made: u32,
    until: Instant,
}

impl Tries {
    /// So many, from now on.
    pub(crate) fn new(most: u32) -> Tries {
        Tries { most, made: 0, until: Instant::now() + PATIENCE }
    }

    /// Whether there is another one; then waits before it, a little longer each time.
    pub(crate) async fn again(&mut self) -> bool {
        if self.made >= self.most || Instant::now() >= self.until {
            return false;
        }
        self.made += 1;
        sleep(Duration::from_millis(u64::from(self.made.min(20)))).await;
        true
    }
}

impl Default for Tries {
    fn default() -> Tries {
        Tries::new(MOST)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn tries_end_after_so_many() {
        let mut tries = Tries::new(2);
        assert!(tries.again().await && tries.again().await);
        assert!(!tries.again().await);
    }

    #[tokio::test(start_paused = true)]
    async fn tries_end_once_a_lock_was_waited_for_in_vain() {
        let mut tries = Tries::default();
        assert!(tries.again().await);
        sleep(PATIENCE).await;
        assert!(!tries.again().await);
    }
}
