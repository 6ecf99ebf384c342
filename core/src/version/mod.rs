//! The order of one object's versions, from what the versions themselves say.
//!
//! Stripe promises no order, and dates events in whole seconds. Versions of one object are
//! therefore grouped by second; within a second the *path* is chosen that breaks the fewest
//! links (an update follows the version its previous values describe), then the fewest steps
//! back along the object's life, then the smallest list of event ids. Only the state after a
//! second counts. What cannot be told apart is marked, and settled by what comes next; so is an end
//! that a version of equal content, counted once, could have left again (1, 2, 1, 2).

mod fetched;
mod path;
mod whole;

use crate::billing::facts::{Phase, Seconds, State};
use crate::unconfirmed::Reason;
use path::{Path, best_paths};
use std::cmp::Ordering;
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
    /// No version shows it: a later one implies it.
    pub reconstructed: bool,
}

/// Settles versions into one moment a second, ascending.
///
/// `start` is the state before the first of them: `None` where `versions` begins with the
/// object's first. The order of `versions` does not matter, nor do repetitions.
pub fn settle(start: Option<&State>, versions: &[Version]) -> Vec<Moment> {
    let versions = &*whole::whole(versions);
    let groups = seconds(versions);
    let mut moments: Vec<Moment> = Vec::with_capacity(groups.len());
    for (place, (second, group)) in groups.iter().enumerate() {
        let before = moments.last().map(|moment| &moment.state).or(start);
        let next = groups.get(place + 1).map(|(_, group)| group.versions.as_slice());
        let repeats = |version: &&Version| {
            version.fetched && before.is_some_and(|before| same_state(before, &version.state))
        };
        if !group.versions.iter().all(repeats) {
            moments.push(settle_second(*second, group, before, next));
        }
    }
    moments
}

/// The versions of one second, in the order of event ids.
#[derive(Default)]
struct Second<'a> {
    /// Every content once.
    versions: Vec<&'a Version>,
    /// What other events said in the same words.
    repeats: Vec<&'a Version>,
}

impl<'a> Second<'a> {
    fn take(&mut self, version: &'a Version) {
        match self.versions.iter_mut().find(|known| same_content(known, version)) {
            None => self.versions.push(version),
            Some(known) if version.event < known.event => {
                self.repeats.push(std::mem::replace(known, version));
            }
            Some(known) if version.event > known.event => self.repeats.push(version),
            Some(_) => {}
        }
    }

    fn sort(&mut self) {
        for versions in [&mut self.versions, &mut self.repeats] {
            versions.sort_by(|a, b| a.event.cmp(&b.event).then_with(|| text(a).cmp(&text(b))));
        }
    }
}

/// The versions by second.
fn seconds(versions: &[Version]) -> Vec<(Seconds, Second<'_>)> {
    let mut seconds: BTreeMap<Seconds, Second<'_>> = BTreeMap::new();
    for version in versions {
        seconds.entry(fetched::second(version, versions)).or_default().take(version);
    }
    seconds.values_mut().for_each(Second::sort);
    let mut seconds: Vec<(Seconds, Second<'_>)> = seconds.into_iter().collect();
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
    Second { versions: group, repeats }: &Second<'_>,
    before: Option<&State>,
    next: Option<&[&Version]>,
) -> Moment {
    let paths = best_paths(before, group);
    let (path, tied) = choose(&paths, group, next);
    let end = fetched::delivered(group, path.last);
    let (last, left) = left_again(end, repeats, next);
    let mut marks = BTreeSet::new();
    marks.extend((tied || left).then_some(Reason::Tie));
    marks.extend((path.cost.broken > 0).then_some(Reason::MissedUpdate));
    Moment {
        second,
        event: last.event.clone(),
        deleted: last.phase == Phase::Deleted,
        state: last.state.clone(),
        marks,
        reconstructed: false,
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

/// A second's end, unless a repeated change leads away from it and the next second goes on from
/// there; and whether nothing decided.
fn left_again<'a>(
    end: &'a Version,
    repeats: &[&'a Version],
    next: Option<&[&Version]>,
) -> (&'a Version, bool) {
    let leaves = |it: &&&Version| {
        let from = it.before.as_ref().is_some_and(|before| same_state(before, &end.state));
        from && !same_state(&it.state, &end.state)
    };
    let Some(leaving) = repeats.iter().find(leaves) else { return (end, false) };
    let Some(next) = next else { return (end, true) };
    let broken = |it: &Version| best_paths(Some(&it.state), next)[0].cost.broken;
    match broken(leaving).cmp(&broken(end)) {
        Ordering::Less => (leaving, false),
        Ordering::Equal => (end, true),
        Ordering::Greater => (end, false),
    }
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
