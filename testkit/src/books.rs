//! Made-up rows as the units of work write them.

use std::collections::BTreeMap;
use takings_core::time::Timestamp;

/// The sources that rows may name.
const SOURCES: &str = "insert into sources (id, name) values (1, 'stripe:default:live'), \
                       (2, 'stripe:acct_2:live')";

/// A number generator whose numbers are the same on every machine.
#[derive(Clone, Debug)]
pub struct Dice(pub u64);

impl Dice {
    /// A number below `limit`.
    pub fn below(&mut self, limit: i64) -> i64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 1).cast_signed() % limit
    }

    /// One of several.
    pub fn of<T: Copy>(&mut self, them: &[T]) -> T {
        them[self.below(them.len() as i64) as usize]
    }

    /// True in so many of a hundred.
    pub fn percent(&mut self, chance: i64) -> bool {
        self.below(100) < chance
    }
}

/// One row of `mrr_movements` or `measures`.
#[derive(Clone, Debug)]
pub struct Row {
    /// A movement, or a measure.
    pub movement: bool,
    /// Its source's number.
    pub source: i64,
    /// Whose it is.
    pub customer: String,
    /// What it is.
    pub kind: &'static str,
    /// In which currency; empty: none.
    pub currency: &'static str,
    /// When it happened.
    pub at: Timestamp,
    /// Which revision of its target it is.
    pub revision: i64,
    /// Units, or amount; movements; subscribers; customers.
    pub sums: [i64; 4],
    /// When its transaction was recorded.
    pub recorded: Timestamp,
    /// The transaction's number.
    pub batch: i64,
}

/// Everything stored.
#[derive(Clone, Debug, Default)]
pub struct Books {
    /// Movements and measures.
    pub rows: Vec<Row>,
    batches: BTreeMap<i64, Timestamp>,
}

impl Books {
    /// Adds a row, and the batch it was recorded in.
    pub fn add(&mut self, row: Row) {
        self.batches.insert(row.batch, row.recorded);
        self.rows.push(row);
    }

    /// The statements that write everything, roll-ups included.
    pub fn statements(&self) -> Vec<String> {
        let mut texts = vec![SOURCES.to_owned()];
        let batches = self.batches.iter().map(|(id, at)| format!("({id}, {})", at.0));
        insert(&mut texts, "batches (id, recorded_at)", batches);
        let movements = self.rows.iter().filter(|row| row.movement);
        insert(&mut texts, "mrr_movements", movements.map(movement));
        let measures = self.rows.iter().filter(|row| !row.movement).enumerate();
        insert(&mut texts, "measures", measures.map(|(number, row)| measure(number, row)));
        insert(&mut texts, "rollups", self.rollups().into_iter());
        texts
    }

    fn rollups(&self) -> Vec<String> {
        let mut sums: BTreeMap<String, [i64; 4]> = BTreeMap::new();
        for row in &self.rows {
            let family = if row.movement { "mrr:v1" } else { "measure" };
            let (day, shard) = (row.at.day(), row.batch % 3);
            for (grain, period) in [(0, day.0), (1, day.month().0)] {
                let (kind, currency, source) = (row.kind, row.currency, row.source);
                let recorded = row.recorded.day();
                let recorded = if grain == 0 { recorded.0 } else { recorded.month().0 };
                let key = format!(
                    "'{family}', {grain}, {period}, '{kind}', '{currency}', {recorded}, {source}, {shard}"
                );
                let sum = sums.entry(key).or_default();
                sum.iter_mut().zip(row.sums).for_each(|(sum, more)| *sum += more);
            }
        }
        let row = |(key, [a, b, c, d]): (String, [i64; 4])| format!("({key}, {a}, {b}, {c}, {d})");
        sums.into_iter().map(row).collect()
    }
}

fn movement(row: &Row) -> String {
    let Row { source, customer, currency, at, kind, revision, sums: [a, b, c, d], batch, .. } = row;
    format!(
        "({source}, '{customer}', '{currency}', {}, '{kind}', 'v1', {revision}, {a}, {b}, {c}, {d}, 'evt_{batch}', {batch})",
        at.0
    )
}

fn measure(number: usize, row: &Row) -> String {
    let Row { source, customer, currency, at, kind, revision, sums: [a, ..], batch, .. } = row;
    format!(
        "({source}, 'in_{number}', {number}, {revision}, '{kind}', '{currency}', {a}, {}, '{customer}', 'evt_{batch}', {batch})",
        at.0
    )
}

fn insert(texts: &mut Vec<String>, table: &str, rows: impl Iterator<Item = String>) {
    let rows: Vec<String> = rows.collect();
    for chunk in rows.chunks(500) {
        texts.push(format!("insert into {table} values {}", chunk.join(", ")));
    }
}
