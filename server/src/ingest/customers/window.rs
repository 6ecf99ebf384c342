//! The stretch of an object's life that may change.

use crate::db::{Rows, Tx};
use crate::ingest::facts::Stored;
use crate::ingest::{Key, Trouble, store};
use crate::privacy::Keys;
use crate::privacy::customers::Said;
use std::collections::BTreeMap;
use takings_core::billing::facts::{Seconds, State};
use takings_core::billing::past;
use takings_core::version::{Moment, Version, settle};
use zeroize::Zeroizing;

/// An object's moments from some second on.
pub(super) struct Window {
    /// The second asked for.
    from: Seconds,
    /// The first second after the anchor: of a moment, or of a fetch that makes none.
    first: Seconds,
    /// The settled moment before them; `None`: they are all there are.
    pub(super) anchor: Option<Moment>,
    /// The settled moments after the anchor, ascending; without one they begin with what the
    /// first version implies of the time before it.
    pub(super) moments: Vec<Moment>,
    /// What the last moment's observation says of a person, or a later one that says nothing else.
    pub(super) personal: Option<Personal>,
    /// What all others in the window say.
    pub(super) others: Vec<Personal>,
}

/// What an observation says of a person, sealed as it is stored.
pub(super) struct Personal {
    second: Seconds,
    event: String,
    api_version: String,
    sealed: String,
}

impl Personal {
    /// What it says; `None`: the customer was erased.
    pub(super) fn open(
        &self,
        keys: &Keys,
        key: &Key,
    ) -> Result<Option<Zeroizing<String>>, Trouble> {
        let Personal { second, event, api_version, sealed } = self;
        let (source, customer) = (key.0, key.1.as_str());
        Said { source, customer, second: *second, event, api_version }.open(keys, sealed)
    }
}

impl Window {
    fn new(versions: &[Version], from: Seconds) -> Window {
        let mut moments = settle(None, versions);
        let first = moments.first().map(|moment| moment.second);
        let alone =
            |second| versions.iter().filter(|version| version.second == second).count() == 1;
        let anchor = match first {
            Some(second) if second < from && alone(second) => Some(moments.remove(0)),
            _ => None,
        };
        if let Some(first) = moments.first().filter(|_| anchor.is_none()) {
            let before = past(versions, first);
            moments.splice(..0, before);
        }
        let settled = anchor.as_ref().map(|anchor| anchor.second);
        let seen = versions.iter().map(|version| version.second);
        let seconds = moments.iter().map(|moment| moment.second).chain(seen);
        let first = seconds.filter(|second| Some(*second) != settled).min();
        let first = first.unwrap_or(Seconds::MAX);
        Window { from, first, anchor, moments, personal: None, others: Vec::new() }
    }

    /// Where what may change begins.
    pub(super) fn begin(&self) -> Seconds {
        self.from.min(self.first)
    }

    /// From here on, points are made anew.
    pub(super) fn first(&self) -> Seconds {
        self.first
    }

    /// The newest moment.
    pub(super) fn last(&self) -> Option<&Moment> {
        self.moments.last().or(self.anchor.as_ref())
    }

    /// The newest moment that says what a customer is: a deleted one is fetched as its id alone.
    pub(super) fn told(&self) -> Option<&Moment> {
        let tells = |state: &State| matches!(state, State::Customer(it) if it.created > 0);
        let mut newest = self.moments.iter().rev().chain(&self.anchor);
        newest.find(|moment| tells(&moment.state)).or(self.last())
    }
}

/// Loads the windows of objects, each from a second on.
pub(super) async fn load(
    tx: &mut Tx<'_>,
    froms: &BTreeMap<Key, Seconds>,
) -> Result<BTreeMap<Key, Window>, Trouble> {
    let mut wanted = Rows::default();
    froms.iter().for_each(|((source, id), from)| {
        wanted.push([(*source).into(), id.as_str().into(), (*from).into()]);
    });
    let mut stored = Stored::default();
    let mut personal: BTreeMap<Key, Observed> = BTreeMap::new();
    for row in tx.fetch(&store::WINDOWS, &wanted).await? {
        let key = (row.int(0)?, row.text(1)?);
        if let Some(sealed) = row.opt_text(8)? {
            let (second, event, api_version) = (row.int(2)?, row.text(3)?, row.text(4)?);
            let said = personal.entry(key.clone()).or_default();
            // Of several renderings the newest counts, in whatever order they are read.
            match said.get(&(second, event.clone())) {
                Some(other) if other.api_version > api_version => {}
                _ => {
                    let it = Personal { second, event: event.clone(), api_version, sealed };
                    said.insert((second, event), it);
                }
            }
        }
        stored.read(key, &row, 2)?;
    }
    let versions = stored.versions()?.into_iter();
    Ok(versions
        .map(|(key, versions)| {
            let mut window = Window::new(&versions, froms[&key]);
            let mut said = personal.remove(&key).unwrap_or_default();
            window.personal = window.last().and_then(|moment| newest(&mut said, moment));
            window.others = said.into_values().collect();
            (key, window)
        })
        .collect())
}

/// What observations say of a person, by second and event.
type Observed = BTreeMap<(Seconds, String), Personal>;

/// Takes out what is known of a person at last. A name is no part of a state, so a fetched state that repeats
/// the one before makes no moment, and may all the same say another name.
fn newest(said: &mut Observed, moment: &Moment) -> Option<Personal> {
    match said.pop_last() {
        Some(((second, _), text)) if second > moment.second => Some(text),
        Some((version, text)) => {
            said.insert(version, text);
            said.remove(&(moment.second, moment.event.clone()))
        }
        None => None,
    }
}
