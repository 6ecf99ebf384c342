//! A transaction of a job's own, tried again where it met another.

use super::Trouble;
use crate::db::{Database, Failure, Tx};
use std::time::Duration;

/// How often a transaction that met another is tried again.
const RETRIES: u64 = 50;

/// Runs `work` in a transaction.
pub async fn transact<T>(
    database: &Database,
    work: impl AsyncFn(&mut Tx<'_>) -> Result<T, Trouble>,
) -> Result<T, Trouble> {
    let (mut conn, mut tries) = (database.conn().await?, 0);
    loop {
        let mut tx = conn.begin().await?;
        let trouble = match work(&mut tx).await {
            Ok(value) => {
                tx.commit().await?;
                conn.keep();
                return Ok(value);
            }
            Err(trouble) => trouble,
        };
        tx.rollback().await?;
        if tries >= RETRIES || trouble.failure() != Failure::Conflict {
            conn.keep();
            return Err(trouble);
        }
        tries += 1;
        tokio::time::sleep(Duration::from_millis(tries.min(20))).await;
    }
}

/// Runs `work` in a transaction that is undone: to see what it would answer.
pub async fn rehearse<T>(
    database: &Database,
    work: impl AsyncFn(&mut Tx<'_>) -> Result<T, Trouble>,
) -> Result<T, Trouble> {
    let mut conn = database.conn().await?;
    let mut tx = conn.begin().await?;
    let result = work(&mut tx).await;
    tx.rollback().await?;
    conn.keep();
    result
}
