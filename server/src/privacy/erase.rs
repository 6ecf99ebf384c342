//! Erasing a person, and erasing again what a restored copy of the data has brought back.
//!
//! The keys go first: once they are destroyed, no copy of the data says anything of the person. Then
//! this copy is emptied. Whatever comes between, the next start goes on from the tombstones.

use super::link::link;
use super::person::rows_of;
use super::{By, Names, Person, store};
use crate::db::{Database, Rows, Tx};
use crate::error::Error;
use crate::ingest::{Trouble, transact};
use crate::lead;
use std::collections::BTreeMap;
use takings_core::privacy::Subject;
use takings_core::time::Timestamp;
use tokio::runtime::Handle;
use tokio::task::spawn_blocking;

/// What was erased.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Erased {
    /// The number of the erasure; they ascend.
    pub erasure: i64,
    /// Whose keys were destroyed.
    pub subjects: Names,
}

/// The newest erasure that has emptied this copy of the data.
const APPLIED: &str = "erasures_applied";

/// Erases a person. `None`: nobody is known by that name.
///
/// # Errors
///
/// If the database or the key store does not answer; then it may be half done, and is done by the next
/// call or the next start.
pub async fn erase(database: &Database, by: &By, now: Timestamp) -> Result<Option<Erased>, Error> {
    let (database, by, handle) = (database.clone(), by.clone(), Handle::current());
    let work =
        move || handle.block_on(transact(&database, async |tx| erase_within(tx, &by, now).await));
    Ok(spawn_blocking(work).await.map_err(Error::internal)??)
}

/// The same within a transaction, for an act that is done once a request.
///
/// # Errors
///
/// As [`erase`].
pub async fn erase_within(
    tx: &mut Tx<'_>,
    by: &By,
    now: Timestamp,
) -> Result<Option<Erased>, Trouble> {
    // Whoever erases has this row: so erasures are numbered in the order in which they are applied.
    let applied = applied(tx).await?;
    let person = Person::find(tx, by).await?;
    if person.subjects.is_empty() {
        return Ok(None);
    }
    let erasure = destroy(tx, &person, now).await?;
    // An older key store beside newer data counts from further back.
    apply(tx, applied.min(erasure - 1)).await?;
    Ok(Some(Erased { erasure, subjects: person.subjects }))
}

/// Destroys keys, and notes whom not to write to.
async fn destroy(tx: &mut Tx<'_>, person: &Person, now: Timestamp) -> Result<i64, Trouble> {
    let mut at = Rows::default();
    at.push([now.0.into()]);
    let rows = tx.insert_keys(&store::ERASURE, &at).await?;
    let erasure = rows.first().ok_or(Trouble::Retry)?.int(0)?;
    let indexes = tx.vault().unlocked_indexes()?;
    let mut suppressed = Rows::default();
    for index in &person.indexes {
        suppressed.push([indexes.suppressed("email", index).into(), erasure.into()]);
    }
    tx.insert_keys(&store::SUPPRESS, &suppressed).await?;
    let mut tombstones = Rows::default();
    for name in &person.subjects {
        tombstones.push([name.as_str().into(), "".into(), erasure.into()]);
        tx.destroyed().push(name.clone());
    }
    tx.insert_keys(&store::TOMBSTONE, &tombstones).await?;
    Ok(erasure)
}

/// Empties what erasures that this copy of the data has not seen have destroyed the keys of; answers
/// how many subjects that were. A start does so before it serves.
///
/// # Errors
///
/// If the database or the key store does not answer.
pub(crate) async fn apply_erasures(database: &Database) -> Result<usize, Error> {
    let emptied = transact(database, async |tx| {
        let applied = applied(tx).await?;
        apply(tx, applied).await
    });
    Ok(emptied.await?)
}

/// The newest erasure applied; nobody else applies one before this transaction ends.
async fn applied(tx: &mut Tx<'_>) -> Result<i64, Trouble> {
    let mut row = Rows::default();
    row.push([APPLIED.into(), "0".into()]);
    let rows = tx.insert(&store::HOLD_NOTE, &row).await?;
    let noted = rows.first().ok_or(Trouble::Retry)?.text(0)?;
    noted.parse().map_err(|_| Trouble::Unreadable { what: "erasure", why: noted })
}

async fn apply(tx: &mut Tx<'_>, applied: i64) -> Result<usize, Trouble> {
    let (mut after, mut newest, mut emptied) = (String::new(), applied, 0);
    loop {
        let mut start = Rows::default();
        start.push([applied.into(), after.as_str().into()]);
        let rows = tx.read_keys(&store::TOMBSTONES, &start).await?;
        let mut gone = BTreeMap::new();
        for row in &rows {
            gone.insert(row.text(0)?, row.opt_int(2)?);
            newest = newest.max(row.int(1)?);
        }
        let Some((last, _)) = gone.last_key_value() else { break };
        after.clone_from(last);
        emptied += gone.len();
        empty(tx, gone).await?;
    }
    if newest > applied {
        let mut row = Rows::default();
        row.push([APPLIED.into(), newest.to_string().into()]);
        tx.insert(&store::NOTE, &row).await?;
    }
    Ok(emptied)
}

/// Empties what is sealed under the keys of subjects, destroyed at an instant each, forgets by what it
/// is found, and destroys the keys of bodies that turn out to be theirs.
async fn empty(tx: &mut Tx<'_>, gone: BTreeMap<String, Option<i64>>) -> Result<(), Trouble> {
    let (mut customers, mut partners) = (Rows::default(), Rows::default());
    let mut leads = Vec::new();
    for (name, at) in &gone {
        match Subject::parse(name) {
            Some(Subject::Customer(source, id)) => customers.push([source.into(), id.into()]),
            Some(Subject::Partner(id)) => partners.push([id.into()]),
            Some(Subject::Lead(id)) => leads.push((id, *at)),
            _ => {}
        }
    }
    tx.fetch(&store::UNLISTED, &rows_of(&gone.into_keys().collect())).await?;
    lead::forget(tx, &leads).await?;
    if !partners.is_empty() {
        tx.fetch(&store::EMPTY_PARTNERS, &partners).await?;
    }
    if customers.is_empty() {
        return Ok(());
    }
    tx.fetch(&store::EMPTY_CUSTOMERS, &customers).await?;
    tx.fetch(&store::EMPTY_FACTS, &customers).await?;
    let rows = tx.fetch(&store::LOOSE_OF, &customers).await?;
    let loose = rows.iter().map(|row| Ok((row.int(0)?, row.text(1)?, row.text(2)?)));
    let loose: Vec<_> = loose.collect::<Result<_, Trouble>>()?;
    link(tx, &loose).await?;
    Ok(())
}
