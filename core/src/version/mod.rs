//! The order of one object's versions, from what the versions themselves say.
//!
//! Stripe promises no order, and dates events in whole seconds. Versions of one object are
//! therefore grouped by second; within a second the *path* is chosen that breaks the fewest
//! links (an update follows the version its previous values describe), then the fewest steps
//! back along the object's life, then the smallest list of event ids. Only the state after a
//! second counts. What cannot be told apart is marked, and settled by what comes next.

mod fetched;
mod path;

use crate::billing::facts::{Phase, Seconds, State};
use crate::unconfirmed::Reason;
use path::{Path, best_paths};
use std::collections::{BTreeMap, BTreeSet};

/// One version of an object, as one observation showed it.
#[derive(Clone, Debug, PartialEq)]
pub struct Version {
    /// The second it is dated.
    pub second: Seconds,
    /// The observation's key: the event's id.
    pub event: String,
    /// Where in its life the object is.
    pub phase: Phase,
    /// The object as seen.
    pub state: State,
    /// The whole state before an update.
    pub before: Option<State>,
    /// Fetched from Stripe instead of delivered by an event.
    pub fetched: bool,
}

/// The state of an object after one second.
#[derive(Clone, Debug, PartialEq)]
pub struct Moment {
    /// The second.
    pub second: Seconds,
    /// The observation that ends the second.
    pub event: String,
    /// Whether the object is deleted from here on.
    pub deleted: bool,
    /// The state after the second.
    pub state: State,
    /// What the versions of this second leave open.
    pub marks: BTreeSet<Reason>,
}

/// Settles versions into one moment a second, ascending.
///
/// `start` is the state before the first of them: `None` where `versions` begins with the
/// object's first. The order of `versions` does not matter, nor do repetitions.
pub fn settle(start: Option<&State>, versions: &[Version]) -> Vec<Moment> {
    let groups = seconds(versions);
    let mut moments: Vec<Moment> = Vec::with_capacity(groups.len());
    for (place, (second, group)) in groups.iter().enumerate() {
        let before = moments.last().map(|moment| &moment.state).or(start);
        let next = groups.get(place + 1).map(|(_, group)| group.as_slice());
        let repeats = |version: &&Version| {
            version.fetched && before.is_some_and(|before| same_state(before, &version.state))
        };
        if !group.iter().all(repeats) {
            moments.push(settle_second(*second, group, before, next));
        }
    }
    moments
}

/// The versions by second, each second's in the order of event ids, every content once.
fn seconds(versions: &[Version]) -> Vec<(Seconds, Vec<&Version>)> {
    let mut seconds: BTreeMap<Seconds, Vec<&Version>> = BTreeMap::new();
    for version in versions {
        let group = seconds.entry(fetched::second(version, versions)).or_default();
        match group.iter_mut().find(|known| same_content(known, version)) {
            None => group.push(version),
            Some(known) if version.event < known.event => *known = version,
            Some(_) => {}
        }
    }
    for group in seconds.values_mut() {
        group.sort_by(|a, b| a.event.cmp(&b.event).then_with(|| text(a).cmp(&text(b))));
    }
    let mut seconds: Vec<(Seconds, Vec<&Version>)> = seconds.into_iter().collect();
    fetched::drop_foreseen(&mut seconds);
    seconds
}

/// Tells apart versions that share an event id.
fn text(version: &Version) -> String {
    serde_json::to_string(&(version.phase, version.fetched, &version.state, &version.before))
        .unwrap_or_default()
}

/// The moment after one second, given the state before it and the versions of the next second.
fn settle_second(
    second: Seconds,
    group: &[&Version],
    before: Option<&State>,
    next: Option<&[&Version]>,
) -> Moment {
    let paths = best_paths(before, group);
    let (path, tied) = choose(&paths, group, next);
    let mut marks = BTreeSet::new();
    marks.extend(tied.then_some(Reason::Tie));
    marks.extend((path.cost.broken > 0).then_some(Reason::MissedUpdate));
    let last = fetched::delivered(group, path.last);
    Moment {
        second,
        event: last.event.clone(),
        deleted: last.phase == Phase::Deleted,
        state: last.state.clone(),
        marks,
    }
}

/// Among the cheapest paths, the one whose end the next second continues; else the smallest,
/// and whether nothing decided.
fn choose(paths: &[Path], group: &[&Version], next: Option<&[&Version]>) -> (Path, bool) {
    let best = paths[0];
    let end = |path: &Path| &group[path.last].state;
    let tied: Vec<Path> = paths.iter().copied().filter(|path| path.cost == best.cost).collect();
    let open = |paths: &[Path]| paths.iter().any(|path| !same_state(end(path), end(&paths[0])));
    let Some(next) = next.filter(|_| open(&tied)) else { return (best, open(&tied)) };
    let broken: Vec<u32> =
        tied.iter().map(|path| best_paths(Some(end(path)), next)[0].cost.broken).collect();
    let fewest = broken.iter().min().copied();
    let fits = tied.iter().zip(&broken).filter(|(_, broken)| Some(**broken) == fewest);
    let fitting: Vec<Path> = fits.map(|(path, _)| *path).collect();
    (fitting[0], open(&fitting))
}

/// Whether two versions of one second say the same: they count once.
fn same_content(a: &Version, b: &Version) -> bool {
    a.phase == b.phase && a.state == b.state && a.before == b.before && a.fetched == b.fetched
}

/// Whether two states agree in everything that every API version can hold.
pub fn same_state(a: &State, b: &State) -> bool {
    a == b || comparable(a) == comparable(b)
}

/// The state without what only some API versions show.
fn comparable(state: &State) -> State {
    let mut state = state.clone();
    match &mut state {
        State::Invoice(it) => {
            it.charge = None;
            it.payment_intent = None;
            it.paid_out_of_band = None;
        }
        State::Charge(it) => it.invoice = None,
        State::PaymentIntent(it) => it.invoice = None,
        _ => {}
    }
    state
}
