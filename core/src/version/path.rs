//! Paths through the versions of one second.

use super::{Version, same_state};
use crate::billing::facts::{Phase, State};

/// More versions than this in one second are not searched: their end is told by what none of
/// them continues, else by the life cycle.
const MOST_TIES: usize = 10;

/// What is wrong with a path: fewer is better, in this order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Default)]
pub(super) struct Cost {
    /// Updates whose previous values differ from the version before them.
    pub(super) broken: u32,
    /// Steps back along the object's life.
    back: u32,
}

impl Cost {
    fn and(self, other: Cost) -> Cost {
        Cost { broken: self.broken + other.broken, back: self.back + other.back }
    }
}

/// The best path through a second that ends with one given version. Paths are ordered by cost,
/// then by their list of places; as a second's versions stand in the order of their event ids,
/// that is the order of the paths' lists of event ids.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Path {
    pub(super) cost: Cost,
    /// Places in the second's versions from the path's start, four bits each.
    steps: u64,
    /// The place of its last version.
    pub(super) last: usize,
}

impl Path {
    fn then(self, next: usize, cost: Cost) -> Path {
        Path { cost: self.cost.and(cost), steps: self.steps << 4 | next as u64, last: next }
    }
}

/// For every version that a path may end with, the best such path; the best of all first.
/// `group` is not empty and stands in the order of event ids.
pub(super) fn best_paths(before: Option<&State>, group: &[&Version]) -> Vec<Path> {
    let count = group.len();
    if count > MOST_TIES {
        return vec![unsearched(before, group)];
    }
    if count == 1 {
        return vec![Path { cost: first_cost(before, group[0]), steps: 0, last: 0 }];
    }
    let step = |from: usize, to: usize| step_cost(group[from], group[to]);
    let costs: Vec<Cost> =
        (0..count * count).map(|pair| step(pair / count, pair % count)).collect();
    let mut best: Vec<Option<Path>> = vec![None; count << count];
    for mask in 1..(1_usize << count) {
        for last in (0..count).filter(|last| mask & (1 << last) != 0) {
            let rest = mask & !(1 << last);
            best[mask * count + last] = if rest == 0 {
                Some(Path { cost: first_cost(before, group[last]), steps: last as u64, last })
            } else {
                let befores = best[rest * count..(rest + 1) * count].iter().flatten();
                befores.map(|path| path.then(last, costs[path.last * count + last])).min()
            };
        }
    }
    let mut paths: Vec<Path> =
        best.split_off(count * ((1 << count) - 1)).into_iter().flatten().collect();
    paths.sort();
    paths
}

/// The cost of beginning with a version.
fn first_cost(before: Option<&State>, version: &Version) -> Cost {
    let back = before
        .is_some_and(|state| life(Phase::Changed, state) > life(version.phase, &version.state));
    Cost { broken: u32::from(!follows(before, version)), back: u32::from(back) }
}

/// The cost of one version directly after another.
fn step_cost(from: &Version, to: &Version) -> Cost {
    let back = life(from.phase, &from.state) > life(to.phase, &to.state);
    Cost { broken: u32::from(!follows(Some(&from.state), to)), back: u32::from(back) }
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

/// The end of more versions than can be searched: the only one that none of them continues;
/// where there is no such one, the last by life and event id, which is as good as broken.
fn unsearched(before: Option<&State>, group: &[&Version]) -> Path {
    let others = |of: usize| (0..group.len()).filter(move |other| *other != of);
    let continued = |it: usize| {
        others(it).any(|other| {
            let stated = group[other].before.as_ref();
            stated.is_some_and(|stated| same_state(stated, &group[it].state))
        })
    };
    let begun = |it: usize| {
        follows(before, group[it])
            || others(it).any(|other| follows(Some(&group[other].state), group[it]))
    };
    let mut ends = (0..group.len()).filter(|it| !continued(*it));
    let broken = (0..group.len()).filter(|it| !begun(*it)).count() as u32;
    match (ends.next(), ends.next()) {
        (Some(last), None) => Path { cost: Cost { broken, back: 0 }, steps: 0, last },
        _ => {
            let by_life = |it: &usize| (life(group[*it].phase, &group[*it].state), *it);
            let last = (0..group.len()).max_by_key(by_life).unwrap_or(0);
            Path { cost: Cost { broken: broken.max(1), back: 0 }, steps: 0, last }
        }
    }
}
