//! What a unit of work is about to write, gathered table by table and written sorted.

use super::links::Links;
use super::{Key, Trouble, tables};
use crate::db::{Cell, Insert, Rows, Tx};
use std::collections::{BTreeMap, BTreeSet};
use takings_core::billing::facts::Seconds;
use takings_core::time::Timestamp;

/// The transaction a row belongs to.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Batch {
    pub(crate) id: i64,
    pub(crate) recorded_at: Timestamp,
    pub(super) shard: i64,
}

/// What identifies a roll-up, but for when it was recorded and by whom.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct RollupKey {
    family: String,
    grain: i64,
    period: i64,
    name: String,
    currency: String,
    source: i64,
}

/// What a row adds to its roll-ups.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Sums {
    pub(super) amount: i64,
    pub(super) events: i64,
    pub(super) subscribers: i64,
    pub(super) customers: i64,
}

/// Everything to be written.
#[derive(Default)]
pub(super) struct Output {
    pub(super) mirrors: BTreeMap<&'static str, Rows>,
    pub(super) points: Rows,
    pub(super) dropped_points: Rows,
    pub(super) movements: Rows,
    pub(super) entries: Rows,
    pub(super) measures: Rows,
    pub(super) marks: Rows,
    pub(super) lifted: Rows,
    pub(super) waiting: Rows,
    /// Customers whose discounts do not show their coupons.
    pub(super) holders: Rows,
    /// Settlements whose sales may have changed.
    pub(super) changed_sales: Rows,
    /// Of invoices that were derived: the subscription paid for, and when.
    pub(super) billed: BTreeMap<Key, Option<(String, Seconds)>>,
    /// By what mailboxes customers are found.
    pub(super) people: BTreeSet<(String, String)>,
    arrived: Rows,
    rollups: BTreeMap<RollupKey, Sums>,
}

impl Output {
    /// Coupons that customers no longer wait for.
    pub(super) fn arrived(&mut self, coupons: &[(i64, String, String)]) {
        for (source, coupon, customer) in coupons {
            let key = [(*source).into(), coupon.as_str().into(), customer.as_str().into()];
            self.arrived.push(key);
        }
    }

    /// How many target rows differ from what was stored.
    pub(super) fn differences(&self) -> usize {
        let targets = [&self.movements, &self.entries, &self.measures, &self.marks, &self.lifted];
        targets.iter().map(|rows| rows.len()).sum()
    }

    /// Adds a row's sums to its day, and to its month where `months` says so.
    pub(super) fn roll_up(
        &mut self,
        (family, name, currency): (&str, &str, &str),
        source: i64,
        occurred: Timestamp,
        sums: Sums,
        months: bool,
    ) -> Result<(), Trouble> {
        let day = occurred.day();
        for (grain, period) in [(0, i64::from(day.0)), (1, i64::from(day.month().0))] {
            if grain == 1 && !months {
                continue;
            }
            let key = RollupKey {
                family: family.to_owned(),
                grain,
                period,
                name: name.to_owned(),
                currency: currency.to_owned(),
                source,
            };
            self.rollups.entry(key).or_default().add(sums)?;
        }
        Ok(())
    }

    /// Writes everything in one round trip, in the order that every process keeps.
    pub(super) async fn flush(
        self,
        tx: &mut Tx<'_>,
        links: &mut Links,
        batch: Batch,
    ) -> Result<(), Trouble> {
        let none = Rows::default();
        let objects = object_rows(links, batch);
        let mut rows = vec![&objects];
        let mirror = |table: &&Insert| self.mirrors.get(table.table).unwrap_or(&none);
        rows.extend(MIRRORS.iter().map(mirror));
        let rollups = rollup_rows(self.rollups, batch);
        let (mut people, mut mailboxes) = (Rows::default(), Rows::default());
        for (subject, mailbox) in &self.people {
            people.push([subject.as_str().into(), mailbox.as_str().into()]);
        }
        let distinct: BTreeSet<&String> = self.people.iter().map(|(_, mailbox)| mailbox).collect();
        distinct.into_iter().for_each(|it| mailboxes.push([it.as_str().into(), 1.into()]));
        rows.extend([
            &self.dropped_points,
            &self.points,
            &self.movements,
            &self.entries,
            &self.measures,
            &self.lifted,
            &self.marks,
            &self.arrived,
            &self.waiting,
            &self.holders,
            &self.changed_sales,
            &people,
            &mailboxes,
            &rollups,
        ]);
        Ok(tx.write(&tables::FLUSH, &rows).await?)
    }
}

impl Sums {
    fn add(&mut self, other: Sums) -> Result<(), Trouble> {
        let sum = |a: i64, b: i64| {
            a.checked_add(b).ok_or_else(|| Trouble::Data("a day's sum leaves 64 bits".into()))
        };
        *self = Sums {
            amount: sum(self.amount, other.amount)?,
            events: sum(self.events, other.events)?,
            subscribers: sum(self.subscribers, other.subscribers)?,
            customers: sum(self.customers, other.customers)?,
        };
        Ok(())
    }
}

const MIRRORS: [&Insert; 6] = [
    &tables::CUSTOMERS,
    &tables::SUBSCRIPTIONS,
    &tables::INVOICES,
    &tables::PAYMENTS,
    &tables::REFUNDS,
    &tables::DISPUTES,
];

/// The links to be stored.
pub(super) fn object_rows(links: &mut Links, batch: Batch) -> Rows {
    let mut rows = Rows::default();
    for ((source, id), link) in links.take_changes() {
        let (kind, settlement, customer) = (link.kind, link.settlement, link.customer);
        rows.push([
            source.into(),
            id.into(),
            kind.into(),
            settlement.into(),
            customer.into(),
            batch.id.into(),
        ]);
    }
    rows
}

fn rollup_rows(rollups: BTreeMap<RollupKey, Sums>, batch: Batch) -> Rows {
    let mut rows = Rows::default();
    let day = batch.recorded_at.day();
    for (key, sums) in rollups.into_iter().filter(|(_, sums)| *sums != Sums::default()) {
        let recorded = if key.grain == 0 { day.0 } else { day.month().0 };
        rows.push([
            key.family.into(),
            key.grain.into(),
            key.period.into(),
            key.name.into(),
            key.currency.into(),
            i64::from(recorded).into(),
            key.source.into(),
            batch.shard.into(),
            sums.amount.into(),
            sums.events.into(),
            sums.subscribers.into(),
            sums.customers.into(),
        ]);
    }
    rows
}

/// A mirrored object, as it stands.
pub(super) struct Mirror<'a> {
    pub(super) customer: Option<&'a str>,
    pub(super) parent: Option<&'a str>,
    pub(super) status: Option<String>,
    pub(super) currency: Option<String>,
    pub(super) amount: i64,
    pub(super) created: i64,
    pub(super) deleted: bool,
    pub(super) content: String,
    pub(super) personal: Option<String>,
    pub(super) event: &'a str,
}

impl Output {
    /// Puts a mirror's row down.
    pub(super) fn mirror(
        &mut self,
        table: &'static Insert,
        key: &Key,
        it: Mirror<'_>,
        batch: Batch,
    ) {
        let row: [Cell; 13] = [
            key.0.into(),
            key.1.as_str().into(),
            it.customer.into(),
            it.parent.into(),
            it.status.into(),
            it.currency.into(),
            it.amount.into(),
            Timestamp::from_secs(it.created).0.into(),
            it.deleted.into(),
            it.content.into(),
            it.personal.into(),
            it.event.into(),
            batch.id.into(),
        ];
        self.mirrors.entry(table.table).or_default().push(row);
    }
}
