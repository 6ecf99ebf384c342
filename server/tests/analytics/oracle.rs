//! The same numbers, computed by going through all rows.

use super::books::{Books, Dice, NOW, Row};
use std::collections::{BTreeMap, BTreeSet};
use takings_core::time::Timestamp;

pub const DAY: i64 = 86_400_000_000;
pub const MOVEMENTS: [&str; 5] = ["new", "reactivation", "expansion", "contraction", "churn"];
pub const REVENUE: [&str; 4] = ["payment", "one_off", "refund", "dispute"];
const OTHERS: [&str; 8] = [
    "customers",
    "subscriptions:active",
    "subscriptions:trialing",
    "subscriptions:past_due",
    "subscriptions:paused",
    "trials:converted",
    "trials:cancelled",
    "invoices:paid",
];
const CURRENCIES: [&str; 4] = ["eur", "jpy", "kwd", "usd"];

/// Random rows, and what they add up to.
pub trait Oracle {
    /// Random rows over two years and a little of the future, some recorded late, some taken back.
    fn random(seed: u64, count: i64) -> Books;

    /// The rows of some kinds before an instant, as known.
    fn before<'a>(
        &'a self,
        at: Timestamp,
        known: Option<Timestamp>,
        kinds: &'a [&str],
    ) -> impl Iterator<Item = &'a Row>;

    /// What some kinds add up to before an instant, in one currency or all.
    fn sums(
        &self,
        at: Timestamp,
        known: Option<Timestamp>,
        kinds: &[&str],
        currency: Option<&str>,
    ) -> [i64; 4];

    /// What some kinds add up to inside a range, in one currency.
    fn inside(
        &self,
        range: (Timestamp, Timestamp),
        known: Option<Timestamp>,
        kinds: &[&str],
        currency: &str,
    ) -> [i64; 4];

    /// The currencies in which some kind adds up to anything before one of the instants.
    fn currencies(
        &self,
        instants: &[Timestamp],
        known: Option<Timestamp>,
        kinds: &[&str],
    ) -> BTreeSet<&'static str>;

    /// Units of MRR at two instants, by customer, in one currency.
    fn by_customer(
        &self,
        range: (Timestamp, Timestamp),
        known: Option<Timestamp>,
        currency: &str,
    ) -> Vec<(i64, i64)>;
}

impl Oracle for Books {
    fn random(seed: u64, count: i64) -> Books {
        let (mut dice, mut books) = (Dice(seed), Books::default());
        for number in 0..count {
            let at = Timestamp((NOW.0 - dice.below(730 * DAY)) / 1_000_000 * 1_000_000);
            let at = if dice.percent(3) { Timestamp(at.0 + 800 * DAY) } else { at };
            let late = if dice.percent(15) { dice.below(60 * DAY) } else { dice.below(5_000_000) };
            let recorded = Timestamp((at.0 + late).min(NOW.0));
            // Numbers of transactions follow recorded time but for neighbours.
            let batch = 2 * number + 1;
            let row = row(&mut dice, at, recorded, batch);
            let taken_back = dice.percent(8);
            let back = Timestamp((recorded.0 + dice.below(20 * DAY)).min(NOW.0));
            if taken_back {
                let sums = row.sums.map(|sum| -sum);
                books.add(Row {
                    revision: 2,
                    sums,
                    recorded: back,
                    batch: batch + 1,
                    ..row.clone()
                });
            }
            books.add(row);
        }
        books
    }

    fn before<'a>(
        &'a self,
        at: Timestamp,
        known: Option<Timestamp>,
        kinds: &'a [&str],
    ) -> impl Iterator<Item = &'a Row> {
        self.rows.iter().filter(move |row| {
            row.at < at
                && known.is_none_or(|known| row.recorded <= known)
                && kinds.contains(&row.kind)
        })
    }

    fn sums(
        &self,
        at: Timestamp,
        known: Option<Timestamp>,
        kinds: &[&str],
        currency: Option<&str>,
    ) -> [i64; 4] {
        let mut sums = [0; 4];
        let rows = self.before(at, known, kinds);
        for row in rows.filter(|row| currency.is_none_or(|only| only == row.currency)) {
            sums.iter_mut().zip(row.sums).for_each(|(sum, more)| *sum += more);
        }
        sums
    }

    fn inside(
        &self,
        (start, end): (Timestamp, Timestamp),
        known: Option<Timestamp>,
        kinds: &[&str],
        currency: &str,
    ) -> [i64; 4] {
        let before = self.sums(start, known, kinds, Some(currency));
        let mut sums = self.sums(end, known, kinds, Some(currency));
        sums.iter_mut().zip(before).for_each(|(sum, less)| *sum -= less);
        sums
    }

    fn currencies(
        &self,
        instants: &[Timestamp],
        known: Option<Timestamp>,
        kinds: &[&str],
    ) -> BTreeSet<&'static str> {
        let any = |currency: &&str| {
            instants.iter().any(|at| {
                kinds.iter().any(|kind| self.sums(*at, known, &[kind], Some(currency)) != [0; 4])
            })
        };
        CURRENCIES.into_iter().filter(any).collect()
    }

    fn by_customer(
        &self,
        (start, end): (Timestamp, Timestamp),
        known: Option<Timestamp>,
        currency: &str,
    ) -> Vec<(i64, i64)> {
        let mut customers: BTreeMap<(i64, &str), (i64, i64)> = BTreeMap::new();
        for row in self.before(end, known, &MOVEMENTS).filter(|row| row.currency == currency) {
            let (at_start, at_end) = customers.entry((row.source, &row.customer)).or_default();
            *at_end += row.sums[0];
            *at_start += if row.at < start { row.sums[0] } else { 0 };
        }
        customers.into_values().filter(|(start, _)| *start > 0).collect()
    }
}

fn row(dice: &mut Dice, at: Timestamp, recorded: Timestamp, batch: i64) -> Row {
    let movement = dice.percent(50);
    let kind = if movement {
        dice.of(&MOVEMENTS)
    } else if dice.percent(60) {
        dice.of(&REVENUE)
    } else {
        dice.of(&OTHERS)
    };
    let sign = match kind {
        "contraction" | "churn" | "refund" | "dispute" => -1,
        _ => 1,
    };
    let size = if movement { dice.below(1_000_000_000) } else { dice.below(100_000) };
    let amount = if OTHERS.contains(&kind) { 1 } else { sign * (size + 1) };
    let (subscribers, customers) = match kind {
        "new" | "reactivation" => (1, dice.below(2)),
        "churn" => (-1, -dice.below(2)),
        _ => (0, 0),
    };
    let currency = if kind == "customers" { "" } else { dice.of(&CURRENCIES) };
    let sums = if movement { [amount, 1, subscribers, customers] } else { [amount, 0, 0, 0] };
    let customer = format!("cus_{}", dice.below(40));
    let source = 1 + dice.below(2);
    Row { movement, source, customer, kind, currency, at, revision: 1, sums, recorded, batch }
}

/// Units of MRR in minor units, half to even.
pub fn minor(units: i128, per: i128) -> i64 {
    let (whole, rest) = (units.div_euclid(per), units.rem_euclid(per));
    let up = 2 * rest > per || (2 * rest == per && whole % 2 != 0);
    i64::try_from(whole + i128::from(up)).unwrap()
}
