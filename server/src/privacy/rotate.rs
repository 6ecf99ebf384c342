//! Wrapping every key by the current master key, while others serve.

use super::keys::unwrap;
use super::{random_nonce, store};
use crate::db::{Database, Rows};
use crate::error::Error;
use crate::ingest::{Trouble, transact};
use std::time::Duration;
use takings_core::privacy::MasterKey;

/// Longer than a process takes to read its master keys again.
const PAUSE: Duration = Duration::from_secs(2);
/// A process that goes on with a former key was not told of the new one.
const MOST_PASSES: usize = 5;

/// How many keys a master key wraps.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wrapped {
    /// The master key's id.
    pub master: String,
    /// Whether it wraps new keys, as far as this process is configured.
    pub current: bool,
    /// How many it wraps.
    pub keys: i64,
}

/// Every master key that is configured or in use; the current one first.
///
/// # Errors
///
/// If the key store cannot be read.
pub async fn wrapped(database: &Database) -> Result<Vec<Wrapped>, Error> {
    let rows = database.read_keys(&store::COUNTED, &Rows::default()).await?;
    let counted = rows.iter().map(|row| Ok((row.text(0)?, row.int(1)?)));
    let mut counted: Vec<(String, i64)> = counted.collect::<Result<_, crate::db::Error>>()?;
    let masters = database.vault.masters();
    let current = masters.current().map(MasterKey::id);
    for master in masters.iter() {
        if !counted.iter().any(|(id, _)| id == master.id()) {
            counted.push((master.id().to_owned(), 0));
        }
    }
    let all = counted.into_iter().map(|(master, keys)| {
        let current = current == Some(master.as_str());
        Wrapped { master, current, keys }
    });
    let mut all: Vec<Wrapped> = all.collect();
    all.sort_by_key(|it| !it.current);
    Ok(all)
}

/// Puts a new master key in front of those in the file, where they are in one; answers whether.
///
/// # Errors
///
/// If the file cannot be written.
pub fn renew(database: &Database) -> anyhow::Result<bool> {
    let file = database.vault.renewed_file().map(ToOwned::to_owned);
    let Some(file) = file else { return Ok(false) };
    database.vault.renew_master(&file)?;
    Ok(true)
}

/// Wraps every key by the current master key, 200 a transaction; answers how many it wrapped. Keys
/// stay readable throughout, for whoever knows both master keys. A run that was cut off is made
/// again.
///
/// # Errors
///
/// If a key cannot be unwrapped.
pub async fn rotate(database: &Database) -> Result<usize, Error> {
    let (mut after, mut wrapped) = (String::new(), 0);
    while let Some((last, count)) = transact(database, async |tx| batch(tx, &after).await).await? {
        (after, wrapped) = (last, wrapped + count);
    }
    Ok(wrapped)
}

/// Wraps what others have made since by a former master key: every process reads its master keys again
/// within a second. Answers how many that were.
///
/// # Errors
///
/// As [`rotate`].
pub async fn rotate_rest(database: &Database) -> Result<usize, Error> {
    let mut wrapped = 0;
    for _ in 0..MOST_PASSES {
        tokio::time::sleep(PAUSE).await;
        match rotate(database).await? {
            0 => break,
            more => wrapped += more,
        }
    }
    Ok(wrapped)
}

/// One transaction's keys: the last of them, and how many; nothing where there are none.
async fn batch(
    tx: &mut crate::db::Tx<'_>,
    after: &str,
) -> Result<Option<(String, usize)>, Trouble> {
    let masters = tx.vault().masters();
    let Some(master) = masters.current() else { return Ok(None) };
    let mut start = Rows::default();
    start.push([after.into(), master.id().into()]);
    let found = tx.read_keys(&store::OUTDATED, &start).await?;
    let (mut rows, mut last) = (Rows::default(), None);
    for row in &found {
        let (subject, former, owned) = (row.text(0)?, row.text(1)?, row.text(3)?);
        let inner = unwrap(tx.vault(), &subject, &former, &row.bytes(2)?)?;
        let wrapped = master.wrap(random_nonce(), &subject, &inner);
        let present = master.id().into();
        rows.push([subject.as_str().into(), former.into(), owned.into(), present, wrapped.into()]);
        last = Some(subject);
    }
    if !rows.is_empty() {
        tx.write_keys(&store::REWRAP, &rows).await?;
    }
    Ok(last.map(|last| (last, found.len())))
}
