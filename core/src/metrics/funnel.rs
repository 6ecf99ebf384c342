//! Funnels: how many of a cohort come how far, in order and in time.

#[cfg(test)]
mod tests;

use super::interval::Proportion;
use crate::time::{DAY_MICROS, Range, Timestamp};

/// Something a subject did that is a step of the funnel.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Hit {
    /// When.
    pub at: Timestamp,
    /// Which step, from 0.
    pub step: usize,
}

/// What is asked of a funnel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Funnel {
    /// How many steps, the entry included.
    pub steps: usize,
    /// How many times 86,400 seconds a subject has from its entry on.
    pub window_days: i64,
    /// When the cohort entered.
    pub entered: Range,
    /// What happened later is not counted.
    pub as_of: Timestamp,
}

/// How many came to a step. `reached`, `open` and `lost` sum to those who entered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct FunnelStep {
    /// Came to it in order and in time.
    pub reached: i64,
    /// Did not yet, and still may: their window is not over.
    pub open: i64,
    /// Did not, and their window is over.
    pub lost: i64,
}

impl FunnelStep {
    /// The share of those who entered that came to it so far; `None`: nobody entered.
    pub fn rate(&self) -> Option<Proportion> {
        Proportion::new(self.reached, self.reached + self.open + self.lost)
    }
}

impl Funnel {
    /// Counts a cohort, step by step. A subject's hits may come in any order.
    ///
    /// A subject enters with its first hit of step 0 ever, and is of the cohort if that lies in
    /// `entered`. Step k is reached by the first hit of it at or after step k-1 was reached, and
    /// before the window's end: `at < entry + window`.
    pub fn count<'a>(&self, subjects: impl IntoIterator<Item = &'a [Hit]>) -> Vec<FunnelStep> {
        let mut counts = vec![FunnelStep::default(); self.steps];
        for subject in subjects {
            let Some(entry) = self.entry(subject) else { continue };
            let end =
                Timestamp(entry.0.saturating_add(self.window_days.saturating_mul(DAY_MICROS)));
            let reached = self.reached(subject, entry, end);
            for (step, count) in counts.iter_mut().enumerate() {
                *(match step < reached {
                    true => &mut count.reached,
                    false if self.as_of < end => &mut count.open,
                    false => &mut count.lost,
                }) += 1;
            }
        }
        counts
    }

    fn entry(&self, subject: &[Hit]) -> Option<Timestamp> {
        let entries = subject.iter().filter(|hit| hit.step == 0 && hit.at <= self.as_of);
        let entry = entries.map(|hit| hit.at).min()?;
        (self.entered.start <= entry && entry < self.entered.end).then_some(entry)
    }

    /// How many steps were reached, the entry included.
    fn reached(&self, subject: &[Hit], entry: Timestamp, end: Timestamp) -> usize {
        let mut last = entry;
        let next = |step: usize| {
            let later = subject.iter().filter(|hit| hit.step == step && hit.at >= last);
            last = later.map(|hit| hit.at).min().filter(|at| *at < end && *at <= self.as_of)?;
            Some(last)
        };
        1 + (1..self.steps).map_while(next).count()
    }
}
