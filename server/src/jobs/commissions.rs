//! Sales that have changed, and what they earn: derived in batches.

use crate::affiliate::commissions::{Mode, Settled, settle};
use crate::affiliate::sales::{self, Marked};
use crate::db::Database;
use crate::error::Error;
use crate::ingest::{Trouble, Unit, transact};

/// Derives the commissions of every marked settlement, and of those whose click has arrived;
/// answers how many settlements that were.
///
/// # Errors
///
/// If the database does not answer, or holds what this binary cannot read.
pub async fn settle_commissions(database: &Database) -> Result<usize, Error> {
    let mut settled = 0;
    loop {
        let (derived, more) = transact(database, async |tx| {
            let marked = Marked::next(tx).await?;
            let (derived, more) = (marked.len(), marked.is_full());
            if !marked.is_empty() {
                let batch = Unit { shard: 0 }.open(tx).await?;
                let affected = sales::derive(tx, batch, marked).await?;
                let done: Settled = settle(tx, batch, &affected, Mode::Post).await?;
                metrics::counter!("commissions_posted").increment(done.differences() as u64);
            }
            Ok::<_, Trouble>((derived, more))
        })
        .await?;
        settled += derived;
        if !more {
            return Ok(settled);
        }
    }
}
