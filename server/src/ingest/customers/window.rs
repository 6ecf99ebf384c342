//! The stretch of an object's life that may change.

use crate::db::{Rows, Tx};
use crate::ingest::facts::Stored;
use crate::ingest::{Key, Trouble, store};
use std::collections::BTreeMap;
use takings_core::billing::facts::Seconds;
use takings_core::billing::past;
use takings_core::version::{Moment, Version, settle};

/// An object's moments from some second on.
pub(super) struct Window {
    /// The second asked for.
    from: Seconds,
    /// The settled moment before them; `None`: they are all there are.
    pub(super) anchor: Option<Moment>,
    /// The settled moments after the anchor, ascending; without one they begin with what the
    /// first version implies of the time before it.
    pub(super) moments: Vec<Moment>,
    /// What the last moment's observation says of a person.
    pub(super) personal: Option<String>,
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
        Window { from, anchor, moments, personal: None }
    }

    /// Where what may change begins.
    pub(super) fn begin(&self) -> Seconds {
        self.from.min(self.first())
    }

    /// The second of the first moment after the anchor.
    pub(super) fn first(&self) -> Seconds {
        self.moments.first().map_or(Seconds::MAX, |moment| moment.second)
    }

    /// The newest moment.
    pub(super) fn last(&self) -> Option<&Moment> {
        self.moments.last().or(self.anchor.as_ref())
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
    let (mut stored, mut personal) = (Stored::default(), BTreeMap::new());
    for row in tx.fetch(&store::WINDOWS, &wanted).await? {
        let key = (row.int(0)?, row.text(1)?);
        if let Some(text) = row.opt_text(8)? {
            personal.insert((key.clone(), row.text(3)?), text);
        }
        stored.read(key, &row, 2)?;
    }
    let versions = stored.versions()?.into_iter();
    Ok(versions
        .map(|(key, versions)| {
            let mut window = Window::new(&versions, froms[&key]);
            let last = window.moments.last().or(window.anchor.as_ref());
            window.personal =
                last.and_then(|moment| personal.remove(&(key.clone(), moment.event.clone())));
            (key, window)
        })
        .collect())
}
