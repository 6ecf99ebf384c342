//! Earning an invoice over its lines' service periods, and what reversals leave of it.
//!
//! Per line, of net amount A over n UTC days: through day j, `round((A - sum R') * j / n) + sum
//! c`. A reversal of R on day k takes `R' = min(R, A - standing R')` from what is to be earned,
//! of which `c = round(R' * k / n)` was earned already.

use super::amount::{Result, add, neg, part, parts, sub, sum};
use super::timeline::Step;
use crate::billing::facts::{Line, Seconds};
use crate::time::{Day, Month, Timestamp};

/// The earning of one invoice.
#[derive(Debug)]
pub(super) struct Schedule {
    /// Nothing is earned before.
    finalized: Day,
    lines: Vec<LineSchedule>,
    /// The sum of R' that stands.
    reversed: i64,
}

#[derive(Debug)]
struct LineSchedule {
    net: i64,
    start: Day,
    /// Zero: earned at once.
    days: i64,
    changes: Vec<Change>,
}

/// R' and c of one reversal, or, negative, of its undoing.
#[derive(Clone, Copy, Debug)]
struct Change {
    day: Day,
    reversed: i64,
    earned: i64,
}

/// A reversal that stands: R' and c per line.
#[derive(Clone, Debug, Default)]
pub(super) struct Reversal {
    lines: Vec<(i64, i64)>,
}

impl Reversal {
    /// What it takes from deferred revenue: `R' - c`.
    pub(super) fn deferred(&self) -> Result<i64> {
        self.lines.iter().try_fold(0, |all, (reversed, earned)| add(all, sub(*reversed, *earned)?))
    }
}

impl LineSchedule {
    fn of(line: &Line) -> LineSchedule {
        let day = |second| Timestamp::from_secs(second).day();
        let (start, end) = (day(line.period_start), day(line.period_end));
        let days = (i64::from(end.0) - i64::from(start.0)).max(0);
        LineSchedule { net: line.net, start, days, changes: Vec::new() }
    }

    /// How many of the line's days are over at the end of `day`, of how many.
    fn progress(&self, day: Day) -> (i64, i64) {
        if self.days == 0 {
            return (1, 1);
        }
        let passed = i64::from(day.0) - i64::from(self.start.0);
        (passed.saturating_add(1).clamp(0, self.days), self.days)
    }

    fn recognised(&self, day: Day) -> Result<i64> {
        let (mut reversed, mut earned) = (0, 0);
        for change in self.changes.iter().filter(|change| change.day <= day) {
            reversed = add(reversed, change.reversed)?;
            earned = add(earned, change.earned)?;
        }
        let (passed, days) = self.progress(day);
        add(part(sub(self.net, reversed)?, passed, days)?, earned)
    }

    /// The last day on which what is earned changes.
    fn last_change(&self, finalized: Day) -> Day {
        let over = Day(self.start.0.saturating_add(i32::try_from(self.days).unwrap_or(i32::MAX)));
        let changes = self.changes.iter().map(|change| change.day);
        changes.chain([over, finalized]).max().unwrap_or(finalized)
    }
}

impl Schedule {
    pub(super) fn new(finalized: Seconds, lines: &[Line]) -> Schedule {
        let finalized = Timestamp::from_secs(finalized).day();
        let lines = lines.iter().map(LineSchedule::of).collect();
        Schedule { finalized, lines, reversed: 0 }
    }

    /// Reverses as much of `net`, an amount without tax, as is left.
    pub(super) fn reverse(&mut self, net: i64, second: Seconds) -> Result<Reversal> {
        let day = Timestamp::from_secs(second).day();
        let weights: Vec<i64> = self.lines.iter().map(|line| line.net).collect();
        let left = sub(sum(weights.iter().copied())?, self.reversed)?;
        let reversed = net.min(left).max(0);
        self.reversed = add(self.reversed, reversed)?;
        let mut reversal = Reversal::default();
        for (line, reversed) in self.lines.iter_mut().zip(parts(reversed, &weights)) {
            let (passed, days) = line.progress(day);
            let earned = part(reversed, passed, days)?;
            line.changes.push(Change { day, reversed, earned });
            reversal.lines.push((reversed, earned));
        }
        Ok(reversal)
    }

    /// Undoes `n / d` of what stands of a reversal; answers what that gives back to deferred
    /// revenue.
    pub(super) fn undo(
        &mut self,
        reversal: &mut Reversal,
        (n, d): (i64, i64),
        second: Seconds,
    ) -> Result<i64> {
        let day = Timestamp::from_secs(second).day();
        let before = reversal.deferred()?;
        for (line, (standing, kept)) in self.lines.iter_mut().zip(&mut reversal.lines) {
            let (reversed, earned) = (part(*standing, n, d)?, part(*kept, n, d)?);
            line.changes.push(Change { day, reversed: neg(reversed)?, earned: neg(earned)? });
            *standing = sub(*standing, reversed)?;
            *kept = sub(*kept, earned)?;
            self.reversed = sub(self.reversed, reversed)?;
        }
        sub(before, reversal.deferred()?)
    }

    /// What is earned through the end of `day`.
    pub(super) fn recognised(&self, day: Day) -> Result<i64> {
        if day < self.finalized {
            return Ok(0);
        }
        self.lines.iter().try_fold(0, |all, line| add(all, line.recognised(day)?))
    }

    /// What every month up to `through` earns, dated at its last second.
    pub(super) fn closes<'a>(&self, through: Month, event: &'a str) -> Result<Vec<Step<'a>>> {
        let changes = self.lines.iter().map(|line| line.last_change(self.finalized));
        let last = changes.max().unwrap_or(self.finalized).month().min(through);
        let mut steps = Vec::new();
        let (mut month, mut before) = (self.finalized.month(), 0);
        while month <= last {
            let earned = self.recognised(month.last())?;
            let second = month.next().first().start().secs().saturating_sub(1);
            steps.push(Step { second, event, delta: sub(earned, before)? });
            (month, before) = (month.next(), earned);
        }
        Ok(steps)
    }
}
