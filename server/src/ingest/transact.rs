//! A transaction of a job's own, tried again where it met another.

use super::Trouble;
use crate::db::{Conn, Database, Failure, Tries, Tx};

/// Runs `work` in a transaction.
pub async fn transact<T>(
    database: &Database,
    work: impl AsyncFn(&mut Tx<'_>) -> Result<T, Trouble>,
) -> Result<T, Trouble> {
    // On SQLite nothing below waits: who shares the thread has a turn between two transactions.
    tokio::task::yield_now().await;
    transact_on(database.conn().await?, work).await
}

/// The same on a connection that was waited for elsewhere.
///
/// The first trouble is the one that is told. A connection that does not roll back is dropped.
pub(crate) async fn transact_on<T>(
    mut conn: Conn,
    work: impl AsyncFn(&mut Tx<'_>) -> Result<T, Trouble>,
) -> Result<T, Trouble> {
    let mut tries = Tries::default();
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
        if tx.rollback().await.is_err() {
            return Err(trouble);
        }
        if trouble.failure() != Failure::Conflict || !tries.again().await {
            conn.keep();
            return Err(trouble);
        }
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
    if tx.rollback().await.is_ok() {
        conn.keep();
    }
    result
}
