//! Data of an earlier release: what lies there readable is sealed before anything is served, a few
//! hundred rows a transaction. A start that was cut off goes on with what is left.

mod rows;
mod store;

use super::unlock::known;
use crate::db::{Database, Rows, Tx};
use crate::error::Error;
use crate::ingest::{Trouble, transact};

/// Noted in `privacy` once nothing readable is left.
const SEALED: &str = "sealed";
/// By what rules: those of before left the hashes of requests without a key.
const RELEASE: &str = "2";

/// Seals what is readable; answers how many rows it sealed.
///
/// # Errors
///
/// If the database or the key store does not answer, or a row cannot be read.
pub(super) async fn seal_all(database: &Database) -> Result<usize, Error> {
    let noted = transact(database, async |tx| known(tx).await).await?;
    if noted.get(SEALED).is_some_and(|noted| noted == RELEASE) {
        return Ok(0);
    }
    let mut sealed = 0;
    loop {
        match transact(database, async |tx| batch(tx).await).await? {
            0 => break,
            count => sealed += count,
        }
    }
    transact(database, async |tx| {
        let mut row = Rows::default();
        row.push([SEALED.into(), RELEASE.into()]);
        tx.insert(&super::store::NOTE, &row).await?;
        Ok::<_, Trouble>(())
    })
    .await?;
    Ok(sealed)
}

/// Seals a few rows of each table: they are not readable any more, so the next batch is of others.
async fn batch(tx: &mut Tx<'_>) -> Result<usize, Trouble> {
    Ok(rows::facts(tx).await?
        + rows::customers(tx).await?
        + rows::bodies(tx).await?
        + rows::partners(tx).await?
        + rows::calls(tx).await?
        + rows::answers(tx).await?
        + rows::requests(tx).await?)
}
