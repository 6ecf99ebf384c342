//! Bodies of nobody: once a settlement tells whose one is, its key is put into shares of theirs.

use super::bodies::Named;
use super::customers::customer;
use super::keys::{key_in, unwrap};
use super::retention::forget;
use super::shared::owners_of;
use super::{Keys, Names, random_nonce, store};
use crate::db::{Cell, Database, Rows, Tx};
use crate::error::Error;
use crate::ingest::{Trouble, transact};
use std::collections::BTreeMap;
use takings_core::privacy::Subject;

/// A row of `loose_bodies`: source, object, subject.
pub(super) type Loose = (i64, String, String);

/// Goes once through every body of nobody of whom somebody is known by now, a few hundred a
/// transaction; answers how many were linked. Bodies of guests stay as they are, and nobody waits for
/// them.
///
/// # Errors
///
/// If the database or the key store does not answer.
pub async fn link_bodies(database: &Database) -> Result<usize, Error> {
    let (mut after, mut linked) = ((i64::MIN, String::new(), String::new()), 0);
    loop {
        let page = page(database, &after).await?;
        let Some(last) = page.last().cloned() else { return Ok(linked) };
        linked += transact(database, async |tx| link(tx, &page).await).await?;
        after = last;
    }
}

async fn page(database: &Database, after: &Loose) -> Result<Vec<Loose>, Trouble> {
    let rows = database.primary().rows(&store::LOOSE, &row_of(after)).await?;
    rows.iter().map(|row| Ok((row.int(0)?, row.text(1)?, row.text(2)?))).collect()
}

/// Links those of whom somebody is known by now; answers how many.
pub(super) async fn link(tx: &mut Tx<'_>, page: &[Loose]) -> Result<usize, Trouble> {
    let owners = owners(tx, page).await?;
    let found = page.iter().filter_map(|loose| {
        let owners = owners.get(&(loose.0, loose.1.clone()))?;
        Some((loose, owners))
    });
    let found: Vec<(&Loose, &Names)> = found.collect();
    let names = found.iter().flat_map(|(_, owners)| owners.iter().cloned()).collect();
    let keys = Keys::hold(tx, names).await?;
    let mut subjects = Rows::default();
    found.iter().for_each(|((_, _, subject), _)| subjects.push([subject.as_str().into()]));
    let mut stored = BTreeMap::new();
    for row in tx.read_keys(&store::KEYS, &subjects).await? {
        // One that has owners was linked before.
        if let Some(master) = row.opt_text(1)?.filter(|_| row.text(3).is_ok_and(|it| it.is_empty()))
        {
            stored.insert(row.text(0)?, (master, row.bytes(2)?));
        }
    }
    let (mut shared, mut destroyed, mut done) = (Rows::default(), Names::new(), Rows::default());
    let masters = tx.vault().masters();
    let current = masters.current().ok_or(Trouble::Retry)?;
    for (loose, owners) in &found {
        done_row(&mut done, loose);
        let Some((master, wrapped)) = stored.get(&loose.2) else { continue };
        let key = key_in(&unwrap(tx.vault(), &loose.2, master, wrapped)?)?;
        let shares = shares(&loose.2, &key, owners, &keys);
        match shares {
            Some(shares) => {
                let wrapped = current.wrap(random_nonce(), &loose.2, &shares);
                let (subject, under) = (loose.2.as_str(), owners_of(owners));
                shared.push([subject.into(), current.id().into(), wrapped.into(), under.into()]);
            }
            None => drop(destroyed.insert(loose.2.clone())),
        }
    }
    if !shared.is_empty() {
        tx.write_keys(&store::SHARED, &shared).await?;
    }
    forget(tx, destroyed).await?;
    if !done.is_empty() {
        tx.fetch(&store::LINKED, &done).await?;
    }
    Ok(found.len())
}

/// The shares of a body's key; `None`: one of its owners was erased.
fn shares(
    subject: &str,
    key: &takings_core::privacy::Key,
    owners: &Names,
    keys: &Keys,
) -> Option<Vec<u8>> {
    let Some(Subject::Event(source, event, api_version)) = Subject::parse(subject) else {
        return None;
    };
    Named { source, event: &event, api_version: &api_version }.share(key, owners, keys)
}

/// The customers of the settlements of some objects.
async fn owners(
    tx: &mut Tx<'_>,
    page: &[Loose],
) -> Result<BTreeMap<(i64, String), Names>, Trouble> {
    let mut objects = BTreeMap::new();
    page.iter().for_each(|(source, object, _)| {
        objects.insert((*source, object.clone()), Names::new());
    });
    let mut rows = Rows::default();
    objects
        .keys()
        .for_each(|(source, object)| rows.push([(*source).into(), object.as_str().into()]));
    for row in tx.fetch(&store::OWNERS, &rows).await? {
        let (source, object, owner) = (row.int(0)?, row.text(1)?, row.text(2)?);
        if let Some(owners) = objects.get_mut(&(source, object)) {
            owners.insert(customer(source, &owner));
        }
    }
    objects.retain(|_, owners| !owners.is_empty());
    Ok(objects)
}

fn done_row(done: &mut Rows, (source, object, subject): &Loose) {
    let cells: [Cell; 3] = [(*source).into(), object.as_str().into(), subject.as_str().into()];
    done.push(cells);
}

fn row_of(loose: &Loose) -> Rows {
    let mut row = Rows::default();
    done_row(&mut row, loose);
    row
}
