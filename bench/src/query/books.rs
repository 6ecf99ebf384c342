//! A business of any size over the same days, currencies and kinds.

use takings_core::time::{Day, Timestamp};
use takings_testkit::{Books, Dice, Row};

/// The last day anything happened: 2026-03-19.
pub(super) const LAST: Day = Day(20_531);
/// How many days are occupied: two years, a month before, and what a month's end needs.
pub(super) const DAYS: i64 = 792;
/// The microseconds of a day.
pub(super) const DAY: i64 = 86_400_000_000;

const CURRENCIES: [&str; 3] = ["eur", "jpy", "usd"];
const MOVEMENTS: [&str; 8] =
    ["new", "new", "reactivation", "expansion", "expansion", "contraction", "churn", "churn"];
const REVENUE: [&str; 8] =
    ["payment", "payment", "payment", "payment", "one_off", "one_off", "refund", "dispute"];
const OTHERS: [&str; 5] = [
    "customers",
    "subscriptions:active",
    "subscriptions:trialing",
    "invoices:attempted",
    "invoices:paid",
];

/// So many facts. Each transaction holds three: a movement, money, and a count; every day has them
/// in every currency, 5 % are recorded up to ten days late, and three processes took them in.
pub(super) fn books(facts: i64) -> Books {
    let (mut dice, mut books) = (Dice(0x5eed), Books::default());
    let bundles = facts / 3;
    let mut bundles: Vec<(Timestamp, Timestamp, &str)> = (0..bundles)
        .map(|number| {
            let at = LAST.start().0 - (number % DAYS) * DAY + dice.below(DAY);
            let at = at / 1_000_000 * 1_000_000;
            let late = if dice.percent(5) { dice.below(10 * DAY) } else { dice.below(5_000_000) };
            let currency = CURRENCIES[(number / DAYS) as usize % CURRENCIES.len()];
            (Timestamp(at + late), Timestamp(at), currency)
        })
        .collect();
    bundles.sort();
    let customers = facts / 20 + 1;
    for (batch, (recorded, at, currency)) in (1..).zip(bundles) {
        let row = Row {
            movement: true,
            source: 1,
            customer: format!("cus_{}", dice.below(customers)),
            kind: "",
            currency,
            at,
            revision: 1,
            sums: [0; 4],
            recorded,
            batch,
        };
        for row in [moved(&row, &mut dice), paid(&row, &mut dice), counted(&row, &mut dice)] {
            books.add(row);
        }
    }
    books
}

fn moved(row: &Row, dice: &mut Dice) -> Row {
    let kind = dice.of(&MOVEMENTS);
    let (sign, subscribers) = match kind {
        "contraction" => (-1, 0),
        "churn" => (-1, -1),
        "expansion" => (1, 0),
        _ => (1, 1),
    };
    let units = sign * (1 + dice.below(1_000_000_000));
    Row { kind, sums: [units, 1, subscribers, subscribers], ..row.clone() }
}

fn paid(row: &Row, dice: &mut Dice) -> Row {
    let kind = dice.of(&REVENUE);
    let sign = if ["refund", "dispute"].contains(&kind) { -1 } else { 1 };
    let amount = sign * (1 + dice.below(100_000));
    Row { movement: false, kind, sums: [amount, 0, 0, 0], ..row.clone() }
}

fn counted(row: &Row, dice: &mut Dice) -> Row {
    let kind = dice.of(&OTHERS);
    let currency = if kind == "customers" { "" } else { row.currency };
    Row { movement: false, kind, currency, sums: [1, 0, 0, 0], ..row.clone() }
}
