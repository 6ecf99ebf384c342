//! Fetched states among delivered ones: what a fetch shows counts where no event says it.

use super::{Second, Version, same_state};
use crate::billing::facts::{Seconds, State};

/// A fetch is dated by the answering server's clock: it ties with events so near.
const NEAR: Seconds = 2;

/// The second a version belongs to: its own, or, for a fetched state that an event near it shows
/// before or after its change, that event's.
pub(super) fn second(version: &Version, versions: &[Version]) -> Seconds {
    if !version.fetched {
        return version.second;
    }
    let near = versions.iter().filter(|event| {
        !event.fetched && (event.second - version.second).abs() <= NEAR && touches(event, version)
    });
    let seconds = near.map(|event| event.second);
    seconds.min_by_key(|at| ((at - version.second).abs(), *at)).unwrap_or(version.second)
}

/// Whether an event shows a fetched state, before or after its change.
fn touches(event: &Version, fetched: &Version) -> bool {
    shows(event, &fetched.state) || was(event, &fetched.state)
}

fn shows(event: &Version, state: &State) -> bool {
    same_state(&event.state, state)
}

fn was(event: &Version, state: &State) -> bool {
    event.before.as_ref().is_some_and(|before| same_state(before, state))
}

/// Drops fetched states that only foresee the first event after them: the event dates the change.
pub(super) fn drop_foreseen(seconds: &mut Vec<(Seconds, Second<'_>)>) {
    for place in (0..seconds.len().saturating_sub(1)).rev() {
        let next = seconds[place + 1].1.versions.clone();
        let foreseen = |version: &Version| {
            let told = |event: &&&Version| !event.fetched && shows(event, &version.state);
            version.fetched && next.iter().any(|event| told(&event) && !was(event, &version.state))
        };
        seconds[place].1.versions.retain(|version| !foreseen(version));
        if seconds[place].1.versions.is_empty() {
            seconds.remove(place);
        }
    }
}

/// The version that speaks for a path's end: a delivered one of the same content, if there is one.
pub(super) fn delivered<'a>(group: &[&'a Version], last: usize) -> &'a Version {
    let end = group[last];
    if !end.fetched {
        return end;
    }
    group.iter().copied().find(|it| !it.fetched && shows(it, &end.state)).unwrap_or(end)
}
