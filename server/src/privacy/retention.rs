//! What is not kept for ever: bodies as long as configured, the keys of commands for a month.

use super::bodies::Named;
use super::person::rows_of;
use super::{Names, store};
use crate::db::{Database, Rows, Tx};
use crate::error::Error;
use crate::ingest::{Trouble, transact};
use takings_core::privacy::Subject;
use takings_core::time::{DAY_MICROS, Timestamp};

/// Days that the calls of commands, and what Stripe refused them with, stay readable. A command is
/// sent for 23 hours at most.
const CALLS: i64 = 30;

/// Drops the bodies of events that came more than so many days ago (0: none), a few hundred a
/// transaction, and the keys of commands of more than 30 days ago. Answers how many bodies.
///
/// # Errors
///
/// If the database or the key store does not answer.
pub async fn retain(database: &Database, days: u32, now: Timestamp) -> Result<usize, Error> {
    transact(database, async |tx| forget_calls(tx, now).await).await?;
    let mut dropped = 0;
    if days == 0 {
        return Ok(dropped);
    }
    let before = now.0 - i64::from(days) * DAY_MICROS;
    loop {
        match transact(database, async |tx| drop_bodies(tx, before).await).await? {
            0 => return Ok(dropped),
            count => dropped += count,
        }
    }
}

async fn forget_calls(tx: &mut Tx<'_>, now: Timestamp) -> Result<(), Trouble> {
    let last = i64::from(now.day().0) - CALLS;
    let mut old = Names::new();
    for row in tx.read_keys(&store::CALLS, &Rows::default()).await? {
        let name = row.text(0)?;
        if matches!(Subject::parse(&name), Some(Subject::Calls(day)) if day < last) {
            old.insert(name);
        }
    }
    forget(tx, old).await
}

async fn drop_bodies(tx: &mut Tx<'_>, before: i64) -> Result<usize, Trouble> {
    let mut limit = Rows::default();
    limit.push([before.into()]);
    let rows = tx.fetch(&store::OLD_BODIES, &limit).await?;
    let (mut numbers, mut loose) = (Rows::default(), Names::new());
    for row in &rows {
        numbers.push([row.int(0)?.into()]);
        let (event, api_version) = (row.text(2)?, row.text(3)?);
        let named = Named { source: row.int(1)?, event: &event, api_version: &api_version };
        if row.int(4)? != 0 {
            loose.insert(named.subject());
        }
    }
    if !numbers.is_empty() {
        forget(tx, loose).await?;
        tx.fetch(&store::DROP_BODIES, &numbers).await?;
    }
    Ok(numbers.len())
}

/// Destroys the keys of subjects, and leaves nothing of them in a log.
pub(super) async fn forget(tx: &mut Tx<'_>, names: Names) -> Result<(), Trouble> {
    if names.is_empty() {
        return Ok(());
    }
    tx.destroyed().extend(names.iter().cloned());
    tx.write_keys(&store::FORGET, &rows_of(&names)).await?;
    Ok(())
}
