//! One-sided targets: amounts and counts of an object, each dated, in one currency or none.

use super::links::fingerprint;
use super::output::{Batch, Output, Sums};
use super::{Key, Trouble, store};
use crate::db::{Rows, Tx};
use std::collections::BTreeMap;
use takings_core::time::Timestamp;

/// What identifies a measure within its object.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Measure {
    pub(super) kind: String,
    pub(super) currency: String,
    pub(super) occurred: Timestamp,
}

/// An object's measures as they should be, each with the observation that makes it so.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Measures {
    pub(super) customer: Option<String>,
    pub(super) targets: BTreeMap<Measure, (i64, String)>,
}

impl Measures {
    /// Adds to a target.
    pub(super) fn add(
        &mut self,
        measure: Measure,
        amount: i64,
        event: &str,
    ) -> Result<(), Trouble> {
        let (sum, _) = self.targets.entry(measure).or_insert_with(|| (0, event.to_owned()));
        let beyond = || Trouble::Data("a measure leaves 64 bits".into());
        *sum = sum.checked_add(amount).ok_or_else(beyond)?;
        Ok(())
    }
}

/// Objects with the instant from which their measures are compared.
pub(super) type Wanted = BTreeMap<Key, (Timestamp, Measures)>;

/// Appends the differences between what should be stored and what is.
pub(super) async fn post(
    tx: &mut Tx<'_>,
    output: &mut Output,
    batch: Batch,
    wanted: Wanted,
) -> Result<(), Trouble> {
    if wanted.is_empty() {
        return Ok(());
    }
    let stored = load(tx, &wanted).await?;
    let wanted = wanted.into_iter().map(|(key, (_, measures))| (key, measures));
    compare(output, batch, wanted, stored)
}

/// Appends the differences to what is known to be stored.
pub(super) fn compare(
    output: &mut Output,
    batch: Batch,
    wanted: impl IntoIterator<Item = (Key, Measures)>,
    mut stored: BTreeMap<Key, Nets>,
) -> Result<(), Trouble> {
    for (key, measures) in wanted {
        let mut stored = stored.remove(&key).unwrap_or_default();
        let customer = measures.customer;
        for (measure, (amount, event)) in measures.targets {
            let (before, revision) = stored.remove(&measure).unwrap_or_default();
            let row = Row { measure, delta: amount - before, revision, event: &event };
            write(output, &key, customer.as_deref(), row, batch)?;
        }
        for (measure, (before, revision)) in stored {
            let row = Row { measure, delta: -before, revision, event: "" };
            write(output, &key, customer.as_deref(), row, batch)?;
        }
    }
    Ok(())
}

/// What is stored of an object's measures: the net, and the newest revision.
pub(super) type Nets = BTreeMap<Measure, (i64, i64)>;

async fn load(tx: &mut Tx<'_>, wanted: &Wanted) -> Result<BTreeMap<Key, Nets>, Trouble> {
    let mut keys = Rows::default();
    for ((source, id), (start, _)) in wanted {
        keys.push([(*source).into(), id.as_str().into(), start.0.into()]);
    }
    let mut nets: BTreeMap<Key, Nets> = BTreeMap::new();
    for row in tx.fetch(&store::MEASURES, &keys).await? {
        let measure = Measure {
            kind: row.text(2)?,
            currency: row.text(3)?,
            occurred: Timestamp(row.int(4)?),
        };
        let key = (row.int(0)?, row.text(1)?);
        nets.entry(key).or_default().insert(measure, (row.int(5)?, row.int(6)?));
    }
    Ok(nets)
}

struct Row<'a> {
    measure: Measure,
    delta: i64,
    revision: i64,
    event: &'a str,
}

fn write(
    output: &mut Output,
    (source, object): &Key,
    customer: Option<&str>,
    row: Row<'_>,
    batch: Batch,
) -> Result<(), Trouble> {
    if row.delta == 0 {
        return Ok(());
    }
    let Measure { kind, currency, occurred } = row.measure;
    let target = fingerprint(occurred.0, &format!("{kind}|{currency}"));
    let sums = Sums { amount: row.delta, events: row.delta.signum(), ..Sums::default() };
    output.roll_up(("measure", &kind, &currency), *source, occurred, sums, true)?;
    output.measures.push([
        (*source).into(),
        object.as_str().into(),
        target.into(),
        (row.revision + 1).into(),
        kind.into(),
        currency.into(),
        row.delta.into(),
        occurred.0.into(),
        customer.into(),
        row.event.into(),
        batch.id.into(),
    ]);
    Ok(())
}
