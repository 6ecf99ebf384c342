//! The life of one object, and the steps in which an amount of it changes.

use super::amount::{Result, sub};
use crate::billing::facts::Seconds;

/// A state of an object after one second.
#[derive(Clone, Copy, Debug)]
pub(super) struct Version<'a, T> {
    pub(super) second: Seconds,
    pub(super) event: &'a str,
    pub(super) state: &'a T,
}

/// All states of one object, ascending, never empty.
#[derive(Clone, Debug)]
pub(super) struct Timeline<'a, T> {
    pub(super) id: &'a str,
    pub(super) versions: Vec<Version<'a, T>>,
}

/// An amount that holds from an instant on.
#[derive(Clone, Copy, Debug)]
pub(super) struct Level<'a> {
    pub(super) second: Seconds,
    pub(super) event: &'a str,
    pub(super) amount: i64,
}

/// A change of an amount.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Step<'a> {
    pub(super) second: Seconds,
    pub(super) event: &'a str,
    pub(super) delta: i64,
}

impl<'a, T> Timeline<'a, T> {
    /// The newest state.
    pub(super) fn last(&self) -> &'a T {
        self.versions[self.versions.len() - 1].state
    }

    /// The newest version that has something to say.
    pub(super) fn newest<U>(&self, say: impl Fn(&'a T) -> Option<U>) -> Option<U> {
        self.versions.iter().rev().find_map(|version| say(version.state))
    }

    /// The first version that fits.
    pub(super) fn first(&self, fits: impl Fn(&T) -> bool) -> Option<Version<'a, T>> {
        let found = self.versions.iter().find(|version| fits(version.state))?;
        Some(Version { second: found.second, event: found.event, state: found.state })
    }

    /// One level a version.
    pub(super) fn levels(
        &self,
        level: impl Fn(usize, &Version<'a, T>) -> Level<'a>,
    ) -> Vec<Level<'a>> {
        self.versions.iter().enumerate().map(|(place, version)| level(place, version)).collect()
    }
}

/// The changes between levels, from nothing. None is dated before the one it changes: a clock that
/// runs behind another must not undo what was not done.
pub(super) fn steps<'a>(levels: &[Level<'a>]) -> Result<Vec<Step<'a>>> {
    let mut steps = Vec::new();
    let (mut before, mut earliest) = (0, Seconds::MIN);
    for Level { second, event, amount } in levels.iter().copied() {
        let second = second.max(earliest);
        let delta = sub(amount, before)?;
        if delta != 0 {
            steps.push(Step { second, event, delta });
            earliest = second;
        }
        before = amount;
    }
    Ok(steps)
}
