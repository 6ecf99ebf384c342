//! Rows of `changed_sales`, `changed_customers` and `awaited`: what is to be derived again, and what
//! that waits for.

use super::keys;
use crate::db::Type::{Int, Text};
use crate::db::{Bundle, Database, Delete, Insert, Part, Query, Row, Rows, Tx};
use crate::error::Error;
use crate::ingest::{Batch, Key, Trouble};
use sea_orm::Statement;
use std::collections::BTreeSet;
use takings_core::time::Timestamp;

static SETTLEMENTS: Query = Query::new(
    "changed_sales",
    "select source_id, settlement, batch from changed_sales
     where set_aside_at is null order by source_id, settlement
     limit (select t0.most from {0})",
    &[("most", Int)],
);

static CUSTOMERS: Query = Query::new(
    "changed_customers",
    "select source_id, customer, batch from changed_customers
     where set_aside_at is null order by source_id, customer
     limit (select t0.most from {0})",
    &[("most", Int)],
);

/// Settlements for which what they name has arrived: a click, a link's coupon, a subscription that
/// tells whose it is.
static ARRIVED: Query = Query::new(
    "arrived",
    "select a.wants, a.source_id, a.settlement from awaited a
     where exists (select 1 from clicks c where c.id = a.wants)
        or exists (select 1 from affiliate_links l where l.coupon = a.wants)
        or exists (select 1 from objects o where o.id = a.wants and o.source_id = a.source_id
                   and o.customer is not null)
     order by a.wants, a.source_id, a.settlement limit (select t0.most from {0})",
    &[("most", Int)],
);

/// A mark that was set again meanwhile has another batch, and stays.
static UNMARK: Delete =
    Delete::new("changed_sales", &[("source_id", Int), ("settlement", Text), ("batch", Int)]);

static UNMARK_CUSTOMER: Delete =
    Delete::new("changed_customers", &[("source_id", Int), ("customer", Text), ("batch", Int)]);

static ARRIVE: Delete =
    Delete::new("awaited", &[("wants", Text), ("source_id", Int), ("settlement", Text)]);

static CLEAR: Bundle = Bundle::new(
    "clear_marks",
    &[Part::Delete(&UNMARK), Part::Delete(&UNMARK_CUSTOMER), Part::Delete(&ARRIVE)],
);

/// A mark that was set again meanwhile has another batch, and is tried again.
static ASIDE: Insert = Insert::new(
    "changed_sales",
    &[("source_id", Int), ("settlement", Text), ("batch", Int), ("set_aside_at", Int)],
    "on conflict (source_id, settlement) do update set set_aside_at = excluded.set_aside_at
     where changed_sales.batch = excluded.batch",
);

static ASIDE_CUSTOMER: Insert = Insert::new(
    "changed_customers",
    &[("source_id", Int), ("customer", Text), ("batch", Int), ("set_aside_at", Int)],
    "on conflict (source_id, customer) do update set set_aside_at = excluded.set_aside_at
     where changed_customers.batch = excluded.batch",
);

static SET_ASIDE: Bundle = Bundle::new(
    "set_marks_aside",
    &[Part::Insert(&ASIDE), Part::Insert(&ASIDE_CUSTOMER), Part::Delete(&ARRIVE)],
);

/// Part of what a settlement's derivation writes.
pub(super) static AWAIT: Insert = Insert::new(
    "awaited",
    &[("wants", Text), ("source_id", Int), ("settlement", Text), ("until_at", Int)],
    "on conflict (wants, source_id, settlement) do nothing",
);

/// Customers of a program who were bound, or have paid, at an instant or later; of one partner, or,
/// where none is named, of all.
static MARK: Query = Query::new(
    "mark_customers",
    "insert into changed_customers (source_id, customer, batch)
     select b.source_id, b.customer, t0.unit from {0} cross join bindings b
     where b.program = t0.wanted and (t0.payee = '' or b.partner = t0.payee)
       and (b.bound_at >= t0.since
            or exists (select 1 from sales s where s.source_id = b.source_id
                       and s.customer = b.customer and s.paid_at >= t0.since))
     on conflict (source_id, customer) do update set batch = excluded.batch,
     set_aside_at = null",
    &[("wanted", Text), ("payee", Text), ("since", Int), ("unit", Int)],
);

/// Customers whose commissions a payout has.
static MARK_PAID: Query = Query::new(
    "mark_paid_customers",
    "insert into changed_customers (source_id, customer, batch)
     select distinct c.source_id, c.customer, t0.unit from {0} cross join commissions c
     where c.payout = t0.claimant
     on conflict (source_id, customer) do update set batch = excluded.batch,
     set_aside_at = null",
    &[("claimant", Text), ("unit", Int)],
);

/// Whose some subscriptions are, as far as that is known.
static OWNERS: Query = Query::new(
    "subscriptions_told",
    "select o.source_id, o.id, o.customer from {0} cross join objects o
     where o.id = t0.named and o.source_id = t0.source_id and o.customer is not null",
    &[("source_id", Int), ("named", Text)],
);

/// What is marked, with the rows that say so.
#[derive(Clone, Debug, Default)]
pub(in crate::affiliate::sales) struct Marks {
    pub(in crate::affiliate::sales) settlements: BTreeSet<Key>,
    pub(in crate::affiliate::sales) customers: BTreeSet<Key>,
    /// Each with the batch that has marked it.
    of_settlements: Vec<(Key, i64)>,
    of_customers: Vec<(Key, i64)>,
    /// What has arrived, with the settlement that named it.
    arrived: Vec<(String, Key)>,
    /// Whether more may wait.
    pub(in crate::affiliate::sales) is_full: bool,
}

impl Marks {
    /// Settlements that nothing has marked.
    pub(in crate::affiliate::sales) fn plain(settlements: Vec<Key>) -> Marks {
        Marks { settlements: settlements.into_iter().collect(), ..Marks::default() }
    }

    /// A customer whom nothing has marked, as a batch that is open marks it.
    pub(in crate::affiliate::sales) fn customer(customer: Key, batch: Batch) -> Marks {
        Marks::of(Vec::new(), vec![(customer, batch.id)], Vec::new())
    }

    fn of(
        of_settlements: Vec<(Key, i64)>,
        of_customers: Vec<(Key, i64)>,
        arrived: Vec<(String, Key)>,
    ) -> Marks {
        let marked = of_settlements.iter().map(|(key, _)| key);
        let settlements = marked.chain(arrived.iter().map(|(_, key)| key)).cloned().collect();
        let customers = of_customers.iter().map(|(key, _)| key.clone()).collect();
        Marks { settlements, customers, of_settlements, of_customers, arrived, is_full: false }
    }

    /// Reads the next ones, at most so many of a kind.
    pub(in crate::affiliate::sales) async fn next(
        tx: &mut Tx<'_>,
        most: usize,
    ) -> Result<Marks, Trouble> {
        let mut limit = Rows::default();
        limit.push([i64::try_from(most).unwrap_or(i64::MAX).into()]);
        let mark = |row: &Row| Ok(((row.int(0)?, row.text(1)?), row.int(2)?));
        let arrival = |row: &Row| Ok((row.text(0)?, (row.int(1)?, row.text(2)?)));
        let (settlements, customers) =
            (tx.fetch(&SETTLEMENTS, &limit).await?, tx.fetch(&CUSTOMERS, &limit).await?);
        let arrived = tx.fetch(&ARRIVED, &limit).await?;
        let counts = [settlements.len(), customers.len(), arrived.len()];
        let marks = |rows: &[Row]| rows.iter().map(mark).collect::<Result<Vec<_>, Trouble>>();
        let arrived = arrived.iter().map(arrival).collect::<Result<Vec<_>, Trouble>>()?;
        let is_full = counts.into_iter().any(|count| count >= most);
        Ok(Marks { is_full, ..Marks::of(marks(&settlements)?, marks(&customers)?, arrived) })
    }

    /// The same, each for itself.
    pub(in crate::affiliate::sales) fn each(self) -> impl Iterator<Item = Marks> {
        let settlements = self.of_settlements.into_iter();
        let customers = self.of_customers.into_iter();
        settlements
            .map(|mark| Marks::of(vec![mark], Vec::new(), Vec::new()))
            .chain(customers.map(|mark| Marks::of(Vec::new(), vec![mark], Vec::new())))
            .chain(self.arrived.into_iter().map(|it| Marks::of(Vec::new(), Vec::new(), vec![it])))
    }

    /// Takes them away, but for those that something has set again meanwhile.
    pub(in crate::affiliate::sales) async fn clear(&self, tx: &mut Tx<'_>) -> Result<(), Trouble> {
        let (mut settlements, mut customers) = (Rows::default(), Rows::default());
        for ((source, root), batch) in &self.of_settlements {
            settlements.push([(*source).into(), root.as_str().into(), (*batch).into()]);
        }
        for ((source, customer), batch) in &self.of_customers {
            customers.push([(*source).into(), customer.as_str().into(), (*batch).into()]);
        }
        Ok(tx.write(&CLEAR, &[&settlements, &customers, &self.arrivals()]).await?)
    }

    /// Lets them lie where they cannot be computed, but for those that something has set again
    /// meanwhile.
    pub(in crate::affiliate::sales) async fn set_aside(
        &self,
        tx: &mut Tx<'_>,
        batch: Batch,
    ) -> Result<(), Trouble> {
        let (mut settlements, mut customers) = (Rows::default(), Rows::default());
        let arrived = self.arrived.iter().map(|(_, key)| (key, batch.id));
        let marked = self.of_settlements.iter().map(|(key, batch)| (key, *batch));
        for ((source, root), mark) in marked.chain(arrived) {
            let at = batch.recorded_at.0.into();
            settlements.push([(*source).into(), root.as_str().into(), mark.into(), at]);
        }
        for ((source, customer), mark) in &self.of_customers {
            let at = batch.recorded_at.0.into();
            customers.push([(*source).into(), customer.as_str().into(), (*mark).into(), at]);
        }
        Ok(tx.write(&SET_ASIDE, &[&settlements, &customers, &self.arrivals()]).await?)
    }

    fn arrivals(&self) -> Rows {
        let mut arrived = Rows::default();
        for (wants, (source, root)) in &self.arrived {
            arrived.push([wants.as_str().into(), (*source).into(), root.as_str().into()]);
        }
        arrived
    }
}

/// The settlements and customers that were set aside.
///
/// # Errors
///
/// If the database does not answer.
pub(crate) async fn aside(database: &Database) -> Result<BTreeSet<Key>, Error> {
    let text = "select source_id, settlement as name from changed_sales
                where set_aside_at is not null
                union all select source_id, customer from changed_customers
                where set_aside_at is not null";
    let rows = database.primary().fetch("set_aside", text.to_owned(), Vec::new()).await?;
    rows.iter().map(|row| Ok((row.try_get("", "source_id")?, row.try_get("", "name")?))).collect()
}

/// Lets what was set aside be tried again.
///
/// # Errors
///
/// If the database does not answer.
pub(crate) async fn try_again(database: &Database) -> Result<(), Error> {
    for table in ["changed_sales", "changed_customers"] {
        let text = format!("update {table} set set_aside_at = null where set_aside_at is not null");
        database.execute(Statement::from_string(database.kind.into(), text)).await?;
    }
    Ok(())
}

/// Marks the customers of a program, or of one of its partners, of whom terms may hold that began at
/// an instant.
pub(in crate::affiliate) async fn mark_since(
    tx: &mut Tx<'_>,
    batch: Batch,
    (program, partner): (&str, Option<&str>),
    since: Timestamp,
) -> Result<(), Trouble> {
    let mut row = Rows::default();
    let partner = partner.unwrap_or_default();
    row.push([program.into(), partner.into(), since.0.into(), batch.id.into()]);
    tx.fetch(&MARK, &row).await?;
    Ok(())
}

/// Marks the customers whose commissions a payout has.
pub(in crate::affiliate) async fn mark_paid_by(
    tx: &mut Tx<'_>,
    batch: Batch,
    payout: &str,
) -> Result<(), Trouble> {
    let mut row = Rows::default();
    row.push([payout.into(), batch.id.into()]);
    tx.fetch(&MARK_PAID, &row).await?;
    Ok(())
}

/// The customers of some subscriptions, by source and subscription.
pub(in crate::affiliate::sales) async fn owners(
    tx: &mut Tx<'_>,
    subscriptions: &BTreeSet<Key>,
) -> Result<Vec<(Key, String)>, Trouble> {
    if subscriptions.is_empty() {
        return Ok(Vec::new());
    }
    let rows = tx.fetch(&OWNERS, &keys(subscriptions.iter())).await?;
    rows.iter().map(|row| Ok(((row.int(0)?, row.text(1)?), row.text(2)?))).collect()
}

/// Gives up what nobody has told of in time; answers how much that was.
///
/// # Errors
///
/// If the database does not answer.
pub async fn give_up(database: &Database, now: Timestamp) -> Result<u64, Error> {
    let text = "delete from awaited where until_at <= $1";
    let delete = Statement::from_sql_and_values(database.kind.into(), text, [now.0.into()]);
    Ok(database.execute(delete).await?.rows_affected())
}
