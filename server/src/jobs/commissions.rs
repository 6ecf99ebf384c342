//! Sales that have changed, and what they earn: derived in batches.

use crate::affiliate::commissions::{Mode, settle};
use crate::affiliate::sales::{self, Marked};
use crate::db::Database;
use crate::error::Error;
use crate::ingest::{Trouble, Unit, transact};
use crate::lead;

/// Derives the commissions of every marked settlement, and of those whose click has arrived;
/// answers how many settlements that were.
///
/// # Errors
///
/// If the database does not answer, or holds what this binary cannot read.
pub async fn settle_commissions(database: &Database) -> Result<usize, Error> {
    Ok(settle_marked(database).await?.0)
}

/// The same; answers also how much differed from what was stored.
pub(crate) async fn settle_marked(database: &Database) -> Result<(usize, usize), Error> {
    let (mut settled, mut differences) = (0, 0);
    loop {
        let (derived, differed, more) = transact(database, async |tx| {
            let marked = Marked::next(tx).await?;
            let (derived, more) = (marked.len(), marked.is_full());
            if marked.is_empty() {
                return Ok((0, 0, false));
            }
            let batch = Unit { shard: 0 }.open(tx).await?;
            let affected = sales::derive(tx, batch, &marked).await?;
            let done = settle(tx, batch, &affected, Mode::Post).await?;
            lead::mark_settlements(tx, marked.settlements()).await?;
            marked.clear(tx).await?;
            Ok::<_, Trouble>((derived, done.differences(), more))
        })
        .await?;
        settled += derived;
        differences += differed;
        if !more {
            return Ok((settled, differences));
        }
    }
}
