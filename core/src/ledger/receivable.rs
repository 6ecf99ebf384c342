//! What is owed on one invoice at every instant, but for what is given up.

use super::amount::{Result, neg, sum};
use super::timeline::{Level, Step, steps};
use crate::billing::facts::Seconds;
use std::collections::BTreeSet;

/// Debits of the receivable account for one invoice, credits negative.
#[derive(Debug, Default)]
pub(super) struct Receivable<'a> {
    moves: Vec<Step<'a>>,
}

impl<'a> Receivable<'a> {
    pub(super) fn owe(&mut self, second: Seconds, event: &'a str, amount: i64) {
        self.moves.push(Step { second, event, delta: amount });
    }

    pub(super) fn settle(&mut self, second: Seconds, event: &'a str, amount: i64) -> Result<()> {
        self.owe(second, event, neg(amount)?);
        Ok(())
    }

    /// What is owed at the end of a second.
    pub(super) fn at(&self, second: Seconds) -> Result<i64> {
        let until = self.moves.iter().filter(|moved| moved.second <= second);
        sum(until.map(|moved| moved.delta))
    }

    /// The steps of what is given up from `start` on: all that is owed then, and every change of
    /// it, until the invoice is paid or void.
    pub(super) fn given_up(
        &self,
        start: (Seconds, &'a str),
        end: Option<(Seconds, &'a str)>,
    ) -> Result<Vec<Step<'a>>> {
        let mut instants: BTreeSet<(Seconds, &str)> = BTreeSet::from([start]);
        for moved in &self.moves {
            let open = end.is_none_or(|(end, _)| moved.second < end);
            if moved.second > start.0 && open {
                instants.insert((moved.second, moved.event));
            }
        }
        let mut levels = Vec::new();
        for (second, event) in instants {
            levels.push(Level { second, event, amount: self.at(second)? });
        }
        levels.extend(end.map(|(second, event)| Level { second, event, amount: 0 }));
        steps(&levels)
    }
}
