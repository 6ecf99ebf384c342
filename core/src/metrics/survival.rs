//! How long things last, when not all of them are over: the estimator of Kaplan and Meier.
//!
//! The mean of those that are over would leave out everyone who takes long. Here who is still
//! waiting counts as long as they were watched.

// Statistics live here: a share is shown, never posted.
#![allow(clippy::float_arithmetic)]

use super::interval::{Interval, Z_95};
use std::collections::BTreeMap;

/// One subject that was watched.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Watched {
    /// For how long, in any unit, from its own beginning.
    pub time: u64,
    /// Whether it ended then; otherwise it was only not watched any longer (it is *censored*).
    pub ended: bool,
}

/// The share that is left over time.
#[derive(Clone, Debug, PartialEq)]
pub struct Survival {
    /// How many were watched.
    pub watched: u64,
    /// Where the share falls, ascending; before the first it is 1.
    pub steps: Vec<SurvivalStep>,
}

/// A time at which the share falls.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SurvivalStep {
    /// The time.
    pub time: u64,
    /// How many were watched up to it; who was censored at that very time is among them.
    pub at_risk: u64,
    /// How many ended at it.
    pub ended: u64,
    /// The share that is left from it on.
    pub share: f64,
    /// Greenwood's standard error of the share; `None` where nobody is left, who has none.
    pub standard_error: Option<f64>,
}

/// Kaplan and Meier's estimate of the share that is left (JASA 1958), with Greenwood's standard
/// errors: `S(t) = prod (n - d) / n`, `se = S sqrt(sum d / (n (n - d)))`.
pub fn kaplan_meier(subjects: &[Watched]) -> Survival {
    let mut times: BTreeMap<u64, (u64, u64)> = BTreeMap::new();
    for subject in subjects {
        let (ended, censored) = times.entry(subject.time).or_default();
        *(if subject.ended { ended } else { censored }) += 1;
    }
    let watched = subjects.len() as u64;
    let (mut at_risk, mut hazard, mut steps) = (watched, 0.0, Vec::new());
    // Where nobody was censored the share is a plain fraction of those at risk since: so shares
    // such as a half come out exactly.
    let (mut base, mut since) = (1.0, watched);
    for (time, (ended, censored)) in times {
        let left = at_risk - ended;
        let share = base * left as f64 / since as f64;
        if ended > 0 {
            hazard += ended as f64 / (at_risk as f64 * left as f64);
            let standard_error = (left > 0).then(|| share * f64::sqrt(hazard));
            steps.push(SurvivalStep { time, at_risk, ended, share, standard_error });
        }
        at_risk = left - censored;
        if censored > 0 {
            (base, since) = (share, at_risk);
        }
    }
    Survival { watched, steps }
}

/// Shares nearer to a quantile than this are equal to it: products of fractions are not exact.
const TOLERANCE: f64 = 1e-12;

impl Survival {
    /// The share that is left at a time.
    pub fn share_at(&self, time: u64) -> f64 {
        self.steps.iter().rev().find(|step| step.time <= time).map_or(1.0, |step| step.share)
    }

    /// The first time at which no more than that share is left; `None`: not seen yet.
    pub fn time_to(&self, share: f64) -> Option<u64> {
        self.steps.iter().find(|step| step.share <= share + TOLERANCE).map(|step| step.time)
    }

    /// The times by which a quarter, half and three quarters have ended; `None`: not seen yet.
    pub fn quartiles(&self) -> [Option<u64>; 3] {
        [0.75, 0.5, 0.25].map(|share| self.time_to(share))
    }
}

impl SurvivalStep {
    /// The interval of 95 % on the scale of `log(-log S)`, which stays between 0 and 1:
    /// `S^exp(+-z se / (S log S))`; `None` where nobody is left.
    pub fn interval(&self) -> Option<Interval> {
        let width = Z_95 * self.standard_error? / (self.share * self.share.ln().abs());
        let end = |width: f64| self.share.powf(width.exp());
        Some(Interval { low: end(width), high: end(-width) })
    }
}

#[cfg(test)]
mod tests;
