//! The order of one object's versions, from what the versions themselves say.
//!
//! Stripe promises no order, and dates events in whole seconds. Versions of one object are
//! therefore grouped by second; within a second the *path* is chosen that breaks the fewest
//! links (an update follows the version its previous values describe), then the fewest steps
//! back along the object's life, then the smallest list of event ids. Only the state after a
//! second counts. What cannot be told apart is marked, and settled by what comes next.

use crate::billing::facts::{Phase, Seconds, State};
use crate::unconfirmed::Reason;
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

/// More versions than this in one second are ordered by their life cycle alone, and marked.
const MOST_TIES: usize = 10;

/// Settles versions into one moment a second, ascending.
///
/// `start` is the state before the first of them: `None` where `versions` begins with the
/// object's first. The order of `versions` does not matter, nor do repetitions.
pub fn settle(start: Option<&State>, versions: &[Version]) -> Vec<Moment> {
    let mut seconds: BTreeMap<Seconds, Vec<&Version>> = BTreeMap::new();
    for version in versions {
        let group = seconds.entry(version.second).or_default();
        match group.iter_mut().find(|known| same_content(known, version)) {
            None => group.push(version),
            Some(known) if version.event < known.event => *known = version,
            Some(_) => {}
        }
    }
    let groups: Vec<(Seconds, Vec<&Version>)> = seconds.into_iter().collect();
    let mut moments: Vec<Moment> = Vec::with_capacity(groups.len());
    for (place, (second, group)) in groups.iter().enumerate() {
        let before = moments.last().map(|moment| &moment.state).or(start);
        let next = groups.get(place + 1).map(|(_, group)| group.as_slice());
        moments.push(settle_second(*second, group, before, next));
    }
    moments
}

/// The moment after one second, given the state before it and the versions of the next second.
fn settle_second(
    second: Seconds,
    group: &[&Version],
    before: Option<&State>,
    next: Option<&[&Version]>,
) -> Moment {
    let paths = best_paths(before, group);
    let mut marks = BTreeSet::new();
    let chosen = match choose(&paths, group, next) {
        Choice::Settled(path) => path,
        Choice::Tied(path) => {
            marks.insert(Reason::Tie);
            path
        }
    };
    if chosen.cost.broken > 0 {
        marks.insert(Reason::MissedUpdate);
    }
    let last = group[chosen.last];
    Moment {
        second,
        event: last.event.clone(),
        deleted: last.phase == Phase::Deleted,
        state: last.state.clone(),
        marks,
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

/// What is wrong with a path: fewer is better, in this order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Default)]
struct Cost {
    /// Updates whose previous values differ from the version before them.
    broken: u32,
    /// Steps back along the object's life.
    back: u32,
}

/// The best path through a second that ends with one given version.
#[derive(Clone, Debug)]
struct Path {
    cost: Cost,
    /// Places in the group, in order of the path.
    steps: Vec<usize>,
    last: usize,
}

enum Choice<'a> {
    Settled(&'a Path),
    Tied(&'a Path),
}

/// Among the cheapest paths, the one whose end the next second continues; else the smallest.
fn choose<'a>(paths: &'a [Path], group: &[&Version], next: Option<&[&Version]>) -> Choice<'a> {
    let best = &paths[0];
    let tied: Vec<&Path> = paths.iter().filter(|path| path.cost == best.cost).collect();
    let differs = |path: &&Path| !same_state(&group[path.last].state, &group[best.last].state);
    if !tied.iter().any(differs) {
        return Choice::Settled(best);
    }
    let Some(next) = next else { return Choice::Tied(best) };
    let continued = |path: &Path| best_paths(Some(&group[path.last].state), next)[0].cost.broken;
    let fewest = tied.iter().map(|path| continued(path)).min().unwrap_or(0);
    let fitting: Vec<&Path> = tied.into_iter().filter(|path| continued(path) == fewest).collect();
    let first = fitting[0];
    let open = |path: &&Path| !same_state(&group[path.last].state, &group[first.last].state);
    if fitting.iter().any(open) { Choice::Tied(first) } else { Choice::Settled(first) }
}

/// For every version that a path may end with, the best such path; the best of all first.
fn best_paths(before: Option<&State>, group: &[&Version]) -> Vec<Path> {
    if group.len() == 1 {
        return vec![begin(before, group, 0)];
    }
    if group.len() > MOST_TIES {
        return vec![by_life(group)];
    }
    let mut best: BTreeMap<(usize, usize), Path> = BTreeMap::new();
    for mask in 1..(1_usize << group.len()) {
        for last in (0..group.len()).filter(|last| mask & (1 << last) != 0) {
            let rest = mask & !(1 << last);
            let candidates = (0..group.len()).filter_map(|previous| best.get(&(rest, previous)));
            let extended = candidates.map(|path| extend(path, group, last));
            let path =
                if rest == 0 { Some(begin(before, group, last)) } else { best_of(extended, group) };
            if let Some(path) = path {
                best.insert((mask, last), path);
            }
        }
    }
    let full = (1_usize << group.len()) - 1;
    let mut paths: Vec<Path> =
        best.into_iter().filter(|((mask, _), _)| *mask == full).map(|(_, path)| path).collect();
    paths.sort_by(|a, b| order(a, b, group));
    paths
}

/// The least costly of some paths; of equals the one with the smallest list of event ids.
fn best_of(paths: impl Iterator<Item = Path>, group: &[&Version]) -> Option<Path> {
    paths.min_by(|a, b| order(a, b, group))
}

fn order(a: &Path, b: &Path, group: &[&Version]) -> std::cmp::Ordering {
    let events = |path: &Path| -> Vec<&str> {
        path.steps.iter().map(|step| group[*step].event.as_str()).collect()
    };
    a.cost.cmp(&b.cost).then_with(|| events(a).cmp(&events(b)))
}

fn begin(before: Option<&State>, group: &[&Version], first: usize) -> Path {
    let version = group[first];
    let broken = u32::from(!follows(before, version));
    let back = before
        .is_some_and(|state| life(Phase::Changed, state) > life(version.phase, &version.state));
    Path { cost: Cost { broken, back: u32::from(back) }, steps: vec![first], last: first }
}

fn extend(path: &Path, group: &[&Version], next: usize) -> Path {
    let (from, to) = (group[path.last], group[next]);
    let back = life(from.phase, &from.state) > life(to.phase, &to.state);
    let mut steps = path.steps.clone();
    steps.push(next);
    let cost = Cost {
        broken: path.cost.broken + u32::from(!follows(Some(&from.state), to)),
        back: path.cost.back + u32::from(back),
    };
    Path { cost, steps, last: next }
}

/// Whether `version` may directly follow `before`: its previous values are that state.
fn follows(before: Option<&State>, version: &Version) -> bool {
    let stated = if version.fetched { Some(&version.state) } else { version.before.as_ref() };
    match (before, stated) {
        (Some(before), Some(stated)) => same_state(before, stated),
        (None, Some(_)) => version.fetched,
        (_, None) => true,
    }
}

/// A version's place in its object's life: created first, deleted last, else by status.
fn life(phase: Phase, state: &State) -> (u8, u8) {
    match phase {
        Phase::Embedded => (0, 0),
        Phase::Created => (1, 0),
        Phase::Changed => (2, state.rank()),
        Phase::Deleted => (3, 0),
    }
}

/// More versions than can be searched: by life, then event id.
fn by_life(group: &[&Version]) -> Path {
    let mut steps: Vec<usize> = (0..group.len()).collect();
    steps.sort_by_key(|i| (life(group[*i].phase, &group[*i].state), &group[*i].event));
    let last = steps[steps.len() - 1];
    Path { cost: Cost { broken: 1, back: 0 }, steps, last }
}
