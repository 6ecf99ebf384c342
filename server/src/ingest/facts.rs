//! Stored facts as versions: several renderings of one event are one version.

use super::{Key, Trouble};
use crate::db::Row;
use serde_json::Value;
use std::collections::BTreeMap;
use takings_core::billing::facts::Fact;
use takings_core::version::Version;

/// The version of the rules in `core::stripe` that this binary normalises by.
pub(super) const NORMALISER: i64 = 1;

/// One stored rendering of a fact.
struct Rendering {
    normaliser: i64,
    api_version: String,
    fetched: bool,
    content: String,
}

/// Stored facts, by object, second and event.
#[derive(Default)]
pub(crate) struct Stored {
    renderings: BTreeMap<Key, BTreeMap<(i64, String), Vec<Rendering>>>,
}

impl Stored {
    /// Takes in a row; `first` is the place of `second`, which event, api_version, normaliser,
    /// fetched and content follow.
    pub(crate) fn read(&mut self, key: Key, row: &Row, first: usize) -> Result<(), Trouble> {
        let rendering = Rendering {
            api_version: row.text(first + 2)?,
            normaliser: row.int(first + 3)?,
            fetched: row.int(first + 4)? != 0,
            content: row.text(first + 5)?,
        };
        let version = (row.int(first)?, row.text(first + 1)?);
        self.renderings.entry(key).or_default().entry(version).or_default().push(rendering);
        Ok(())
    }

    /// The objects, each with its versions.
    pub(crate) fn versions(self) -> Result<BTreeMap<Key, Vec<Version>>, Trouble> {
        self.renderings
            .into_iter()
            .map(|(key, events)| {
                let versions = events
                    .into_iter()
                    .map(|((second, event), renderings)| version(second, event, renderings))
                    .collect::<Result<_, _>>()?;
                Ok((key, versions))
            })
            .collect()
    }
}

/// The version that several renderings of one event make: by the highest normaliser, the newest
/// shape wins, and older ones fill what it cannot hold.
fn version(second: i64, event: String, mut renderings: Vec<Rendering>) -> Result<Version, Trouble> {
    let normaliser = renderings.iter().map(|rendering| rendering.normaliser).max();
    renderings.retain(|rendering| Some(rendering.normaliser) == normaliser);
    renderings.sort_by(|a, b| b.api_version.cmp(&a.api_version));
    let fetched = renderings.iter().all(|rendering| rendering.fetched);
    let fact = match renderings.as_slice() {
        [only] => serde_json::from_str(&only.content),
        all => merged(all).and_then(serde_json::from_value),
    };
    let Fact { phase, state, before, .. } = fact.map_err(unreadable)?;
    Ok(Version { second, event, phase, state, before, fetched })
}

fn merged(renderings: &[Rendering]) -> serde_json::Result<Value> {
    let mut merged = Value::Null;
    for rendering in renderings {
        fill(&mut merged, serde_json::from_str(&rendering.content)?);
    }
    Ok(merged)
}

/// Fills what is null, absent or empty from an older rendering.
fn fill(newer: &mut Value, older: Value) {
    match (newer, older) {
        (Value::Object(newer), Value::Object(older)) => {
            for (key, value) in older {
                fill(newer.entry(key).or_insert(Value::Null), value);
            }
        }
        (newer @ Value::Null, older) => *newer = older,
        (Value::Array(newer), Value::Array(older)) if newer.is_empty() => *newer = older,
        _ => {}
    }
}

pub(super) fn unreadable(error: serde_json::Error) -> Trouble {
    Trouble::Unreadable { what: "fact", why: error.to_string() }
}
