//! The hash of the state, as the database holds it.

use super::store;
use crate::db::{Database, Rows};
use crate::error::Error;
use crate::ingest::{Key, Stored, Trouble, transact};
use std::collections::BTreeMap;
use takings_core::hash::StateHash;
use takings_core::version::{Version, same_state};

/// The hash of everything that must not depend on the order of arrival.
pub async fn state_hash(database: &Database) -> Result<StateHash, Error> {
    let mut hash = StateHash::default();
    hash_facts(database, &mut hash).await?;
    for (kind, query) in store::LINES {
        for row in store::lines(database, query).await? {
            let fields: Vec<String> = (0..row.column_names().len())
                .map(|place| row.try_get_by_index(place))
                .collect::<Result<_, _>>()?;
            let line: Vec<&str> =
                std::iter::once(kind).chain(fields.iter().map(String::as_str)).collect();
            hash.add(&line);
        }
    }
    Ok(hash)
}

/// Every version of every object, in the one form that its renderings make; a fetched one only
/// where no event says the same.
async fn hash_facts(database: &Database, hash: &mut StateHash) -> Result<(), Error> {
    let mut after: Key = (i64::MIN, String::new());
    loop {
        let page = transact(database, async |tx| {
            let mut start = Rows::default();
            start.push([after.0.into(), after.1.as_str().into()]);
            let (mut stored, mut names) = (Stored::default(), BTreeMap::new());
            for row in tx.fetch(&store::FACTS, &start).await? {
                let source = row.int(0)?;
                names.insert(source, row.text(8)?);
                stored.read((source, row.text(1)?), &row, 2)?;
            }
            Ok::<_, Trouble>((stored.versions()?, names))
        });
        let (objects, names) = page.await?;
        let Some(last) = objects.keys().next_back().cloned() else { return Ok(()) };
        for ((source, object), versions) in objects {
            let told = |fetched: &Version| {
                let mut events = versions.iter().filter(|version| !version.fetched);
                fetched.fetched && events.any(|event| same_state(&event.state, &fetched.state))
            };
            for version in versions.iter().filter(|version| !told(version)) {
                let content =
                    serde_json::to_string(&(version.phase, &version.state, &version.before))
                        .map_err(Error::internal)?;
                let second = version.second.to_string();
                hash.add(&["fact", &names[&source], &object, &second, &version.event, &content]);
            }
        }
        after = last;
    }
}
