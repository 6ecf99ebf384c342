//! The MRR movements of customers whose timelines changed.

use super::{Timelines, Work};
use crate::db::{Rows, Tx};
use crate::ingest::output::{Batch, Output, Sums};
use crate::ingest::{Key, Trouble, store};
use std::collections::BTreeMap;
use takings_core::billing::facts::Seconds;
use takings_core::billing::{Change, Definition, Movement, Point, changes, movements};
use takings_core::money::Currency;
use takings_core::time::Timestamp;

/// What identifies a movement within its customer.
type MovementKey = (Timestamp, String, String, String);

/// A movement's amounts, and the newest revision stored.
#[derive(Clone, Copy, Debug, Default)]
struct Net {
    units: i64,
    movements: i64,
    subscribers: i64,
    customers: i64,
    revision: i64,
}

/// Appends the differences between the movements that should be stored and those that are.
pub(super) async fn post(
    tx: &mut Tx<'_>,
    works: &[Work<'_>],
    output: &mut Output,
    batch: Batch,
) -> Result<(), Trouble> {
    let mut starts = Rows::default();
    let mut moved: Vec<(&Work<'_>, Seconds)> = Vec::new();
    for work in works {
        if let Some(start) = first_difference(&work.stored, &work.target) {
            let (source, customer) = work.key;
            let start_micros = Timestamp::from_secs(start).0;
            starts.push([(*source).into(), customer.as_str().into(), start_micros.into()]);
            moved.push((work, start));
        }
    }
    if moved.is_empty() {
        return Ok(());
    }
    let mut stored = load(tx, &starts).await?;
    let ever = load_ever(tx, &moved).await?;
    for (work, start) in moved {
        let targets = targets(&work.target, start, ever.contains(work.key))?;
        let stored = stored.remove(work.key).unwrap_or_default();
        difference(output, work, targets, stored, batch)?;
    }
    Ok(())
}

/// The first instant at which two sets of timelines hold different MRR.
fn first_difference(stored: &Timelines, target: &Timelines) -> Option<Seconds> {
    let none = BTreeMap::new();
    let subscriptions = target.keys().chain(stored.keys().filter(|id| !target.contains_key(*id)));
    subscriptions
        .filter_map(|id| {
            let (old, new) = (stored.get(id).unwrap_or(&none), target.get(id).unwrap_or(&none));
            let instants = old.keys().chain(new.keys()).copied();
            instants.filter(|at| holds(old, *at) != holds(new, *at)).min()
        })
        .min()
}

/// What a timeline holds at an instant.
fn holds(points: &BTreeMap<Seconds, Point>, at: Seconds) -> (i64, Option<Currency>) {
    match points.range(..=at).next_back() {
        Some((_, point)) if point.units != 0 => (point.units, point.currency),
        _ => (0, None),
    }
}

/// The movements from `start` on.
fn targets(timelines: &Timelines, start: Seconds, ever: bool) -> Result<Vec<Movement>, Trouble> {
    let mut totals: BTreeMap<Currency, i64> = BTreeMap::new();
    let mut all: Vec<Change> = Vec::new();
    for (subscription, points) in timelines {
        let before = points.range(..start).next_back().map(|(_, point)| point);
        if let Some((units, currency)) = before.and_then(|it| Some((it.units, it.currency?))) {
            *totals.entry(currency).or_default() += units;
        }
        let after: Vec<Point> = points.range(start..).map(|(_, point)| point.clone()).collect();
        all.extend(changes(subscription, before, &after));
    }
    movements(&totals, ever, &all).map_err(|overflow| Trouble::Data(overflow.to_string()))
}

async fn load_ever(
    tx: &mut Tx<'_>,
    moved: &[(&Work<'_>, Seconds)],
) -> Result<std::collections::BTreeSet<Key>, Trouble> {
    let mut wanted = Rows::default();
    for (work, start) in moved {
        let (source, customer) = work.key;
        wanted.push([(*source).into(), customer.as_str().into(), (*start).into()]);
    }
    let rows = tx.fetch(&store::EVER, &wanted).await?;
    rows.iter().map(|row| Ok((row.int(0)?, row.text(1)?))).collect()
}

async fn load(
    tx: &mut Tx<'_>,
    starts: &Rows,
) -> Result<BTreeMap<Key, BTreeMap<MovementKey, Net>>, Trouble> {
    let mut nets: BTreeMap<Key, BTreeMap<MovementKey, Net>> = BTreeMap::new();
    for row in tx.fetch(&store::MOVEMENTS, starts).await? {
        let net = Net {
            units: row.int(6)?,
            movements: row.int(7)?,
            subscribers: row.int(8)?,
            customers: row.int(9)?,
            revision: row.int(10)?,
        };
        let key = (Timestamp(row.int(2)?), row.text(3)?, row.text(4)?, row.text(5)?);
        nets.entry((row.int(0)?, row.text(1)?)).or_default().insert(key, net);
    }
    Ok(nets)
}

fn difference(
    output: &mut Output,
    work: &Work<'_>,
    targets: Vec<Movement>,
    mut stored: BTreeMap<MovementKey, Net>,
    batch: Batch,
) -> Result<(), Trouble> {
    let definition = Definition::default().name;
    for target in targets {
        let key = (
            Timestamp::from_secs(target.at),
            definition.to_string(),
            target.currency.as_str().to_owned(),
            target.kind.as_str().to_owned(),
        );
        let before = stored.remove(&key).unwrap_or_default();
        let delta = Net {
            units: target.units - before.units,
            movements: 1 - before.movements,
            subscribers: i64::from(target.subscriber_change) - before.subscribers,
            customers: i64::from(target.customer_change) - before.customers,
            revision: before.revision + 1,
        };
        write(output, work.key, key, (delta, &target.event), batch)?;
    }
    for (key, before) in stored {
        let delta = Net {
            units: -before.units,
            movements: -before.movements,
            subscribers: -before.subscribers,
            customers: -before.customers,
            revision: before.revision + 1,
        };
        write(output, work.key, key, (delta, work.event), batch)?;
    }
    Ok(())
}

fn write(
    output: &mut Output,
    (source, customer): &Key,
    (occurred, definition, currency, kind): MovementKey,
    (delta, event): (Net, &str),
    batch: Batch,
) -> Result<(), Trouble> {
    let sums = Sums {
        amount: delta.units,
        events: delta.movements,
        subscribers: delta.subscribers,
        customers: delta.customers,
    };
    if sums == Sums::default() {
        return Ok(());
    }
    let family = format!("mrr:{definition}");
    output.roll_up((&family, &kind, &currency), *source, occurred, sums, true)?;
    output.movements.push([
        (*source).into(),
        customer.as_str().into(),
        currency.into(),
        occurred.0.into(),
        kind.into(),
        definition.into(),
        delta.revision.into(),
        delta.units.into(),
        delta.movements.into(),
        delta.subscribers.into(),
        delta.customers.into(),
        event.into(),
        batch.id.into(),
    ]);
    Ok(())
}
