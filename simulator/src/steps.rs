//! MRR as step functions, one per subscription, and the movements that follow from their sums.

use std::collections::{BTreeMap, BTreeSet};

use crate::truth::{MovementKind, StepFunction, TrueMovement};

/// Subscription by subscription: its customer, its currency, and its steps.
#[derive(Clone, Default)]
pub(crate) struct Steps(BTreeMap<(String, &'static str, String), BTreeMap<i64, i128>>);

type ByCurrency = BTreeMap<&'static str, BTreeMap<i64, i128>>;

impl Steps {
    /// From `at` on the subscription brings `units`, whatever was said of later seconds.
    pub(crate) fn set(
        &mut self,
        (customer, currency, subscription): (&str, &'static str, &str),
        at: i64,
        units: i128,
    ) {
        let key = (customer.to_owned(), currency, subscription.to_owned());
        let steps = self.0.entry(key).or_default();
        steps.split_off(&at);
        if steps.last_key_value().map_or(0, |(_, last)| *last) != units {
            steps.insert(at, units);
        }
    }

    /// Per customer and currency, and as movements.
    pub(crate) fn tell(&self) -> (BTreeMap<(String, String), StepFunction>, Vec<TrueMovement>) {
        let mut changes: BTreeMap<&str, ByCurrency> = BTreeMap::new();
        for ((customer, currency, _), steps) in &self.0 {
            let sums = changes.entry(customer).or_default().entry(currency).or_default();
            let mut before = 0;
            for (at, units) in steps {
                *sums.entry(*at).or_default() += units - before;
                before = *units;
            }
        }
        let mut functions = BTreeMap::new();
        let mut movements = Vec::new();
        for (customer, by_currency) in &changes {
            for (currency, sums) in by_currency {
                let steps = accumulate(sums);
                if !steps.is_empty() {
                    functions.insert(((*customer).to_owned(), (*currency).to_owned()), steps);
                }
            }
            movements.extend(moves(customer, by_currency));
        }
        movements.sort_by(|a, b| {
            (a.at, &a.customer, &a.currency).cmp(&(b.at, &b.customer, &b.currency))
        });
        (functions, movements)
    }
}

fn accumulate(sums: &BTreeMap<i64, i128>) -> StepFunction {
    let mut total = 0;
    let mut steps = Vec::new();
    for (at, delta) in sums.iter().filter(|(_, delta)| **delta != 0) {
        total += delta;
        steps.push((*at, total));
    }
    steps
}

fn moves(customer: &str, by_currency: &ByCurrency) -> Vec<TrueMovement> {
    let instants: BTreeSet<i64> =
        by_currency.values().flat_map(|sums| sums.keys().copied()).collect();
    let (mut total, mut seen) = (0, false);
    let mut movements = Vec::new();
    for at in instants {
        let deltas = by_currency.iter().filter_map(|(c, sums)| Some((c, *sums.get(&at)?)));
        let deltas: Vec<_> = deltas.filter(|(_, delta)| *delta != 0).collect();
        let after = total + deltas.iter().map(|(_, delta)| delta).sum::<i128>();
        for (currency, units) in deltas {
            let kind = match (total > 0, after > 0) {
                (false, _) if seen => MovementKind::Reactivation,
                (false, _) => MovementKind::New,
                (true, false) => MovementKind::Churn,
                (true, true) if units > 0 => MovementKind::Expansion,
                (true, true) => MovementKind::Contraction,
            };
            movements.push(TrueMovement {
                at,
                customer: customer.to_owned(),
                currency: (*currency).to_owned(),
                kind,
                units,
            });
        }
        total = after;
        seen |= after > 0;
    }
    movements
}
