//! Commissions: what sales earn partners, posted as differences to what is stored.
//!
//! [`settle`] is the one way: the job calls it after sales have changed, acts after a decision, a
//! rebuild for everything. It holds the lock of every program it touches, so that two of them, or
//! one and a payout, never see half of each other.

mod acts;
mod calculate;
mod conversion;
pub(super) mod convert;
mod derive;
mod held;
mod list;
mod people;
mod scope;
mod signs;
mod store;

pub(super) use acts::{Decide, Decided};
pub(super) use calculate::{Calculate, Calculated, calculate};
pub(super) use conversion::{Convert, Converted, source_of};
pub(super) use list::{Commission, Filter, page};
pub(crate) use store::lock_programs;

use super::agreement::Agreement;
use super::bindings;
use super::sales::{self, Affected};
use crate::db::Tx;
use crate::ingest::{Batch, Key, Transfer, Trouble, Unit};
use held::Held;
use people::People;
use scope::Scope;
use std::collections::{BTreeMap, BTreeSet};
use takings_core::affiliate::commission::{Key as Target, transfer};
use takings_core::affiliate::decision::Decision;
use takings_core::affiliate::sale::{Sale, mark_new_customers};
use takings_core::ledger::TransferKind;
use takings_core::money::Currency;

/// The most commissions of one answer.
const MOST: usize = 1_000;

/// What was done, or would be.
#[derive(Clone, Debug, Default)]
pub(crate) struct Settled {
    /// The rows appended, by program.
    pub(super) rows: Vec<Row>,
    /// How many bindings have changed.
    pub(crate) bindings: usize,
    /// How many sales were derived.
    pub(super) sales: usize,
}

impl Settled {
    /// How many rows differ from what was stored.
    pub(crate) fn differences(&self) -> usize {
        self.rows.len() + self.bindings
    }
}

/// A commission row to append.
#[derive(Clone, Debug)]
pub(super) struct Row {
    pub(super) id: String,
    pub(super) program: String,
    pub(super) partner: String,
    pub(super) source: i64,
    pub(super) customer: String,
    pub(super) link: Option<String>,
    pub(super) target: Target,
    pub(super) revision: i64,
    pub(super) amount: i64,
    pub(super) base: i64,
    /// The sale's, which a fixed commission does not share.
    pub(super) base_currency: Currency,
    pub(super) rate: Option<i64>,
    pub(super) version: i64,
}

/// How a sale stands with a partner: a row of `earnings`.
#[derive(Clone, Debug)]
pub(super) struct Earning {
    pub(super) sale: Key,
    pub(super) partner: String,
    pub(super) currency: String,
    pub(super) state: &'static str,
    pub(super) reason: String,
    pub(super) amount: i64,
    pub(super) due_at: i64,
}

/// The decisions on sales, by source.
type Decisions = BTreeMap<i64, Vec<Decision>>;

/// What becomes of the differences.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mode {
    /// They are posted.
    Post,
    /// They are only told.
    DryRun,
}

/// Derives the bindings and commissions of what was affected.
pub(crate) async fn settle(
    tx: &mut Tx<'_>,
    batch: Batch,
    affected: &Affected,
    mode: Mode,
) -> Result<Settled, Trouble> {
    let mut settled = Settled::default();
    if affected.is_empty() {
        return Ok(settled);
    }
    let mut programs = store::programs_of(tx, affected.customers()).await?;
    programs.extend(affected.programs().iter().cloned());
    store::lock_programs(tx, &programs).await?;
    for program in programs {
        settle_program(tx, (batch, mode), &program, affected, &mut settled).await?;
    }
    Ok(settled)
}

async fn settle_program(
    tx: &mut Tx<'_>,
    (batch, mode): (Batch, Mode),
    program: &str,
    affected: &Affected,
    settled: &mut Settled,
) -> Result<(), Trouble> {
    let agreement = Agreement::load(tx, program).await?;
    let sources = store::source_names(tx).await?;
    let people = People::of(program, &sources);
    let affected = &people.join(affected);
    let customers: Vec<Key> = affected.customers().cloned().collect();
    let mut held = rebind(tx, program, (&agreement, &people), &customers).await?;
    let changed: Vec<_> = held
        .iter()
        .filter(|it| it.bound != it.was)
        .map(|it| (it.customer.clone(), it.bound.clone()))
        .collect();
    let scope = Scope::of(&agreement, &held, affected);
    let others = bindings::bound_in(tx, program, &scope.ranges()).await?;
    let affected_too: BTreeSet<&Key> = customers.iter().collect();
    let others: BTreeSet<Key> =
        others.into_iter().filter(|key| !affected_too.contains(key)).collect();
    let others: Vec<Key> = others.into_iter().collect();
    held.extend(load(tx, program, &people, &others).await?);
    let wanted = scope.sales(&agreement, &held, affected);
    let stored = store::stored(tx, program, &wanted).await?;
    if mode == Mode::Post {
        signs::look(tx, program, (&agreement, &held), &stored, batch.recorded_at).await?;
    }
    let decisions = store::decisions(tx, program, &held).await?;
    let derived = derive::Derivation { agreement: &agreement, scope: &scope, held: &held };
    let (rows, earnings) = derived.compare(program, &sources, &decisions, &stored)?;
    settled.bindings += changed.len();
    settled.sales += wanted.len();
    if mode == Mode::Post {
        bindings::keep(tx, batch, program, &changed).await?;
        store::append(tx, batch, program, &rows, &earnings).await?;
        post(tx, batch, &rows).await?;
    }
    settled.rows.extend(rows);
    Ok(())
}

/// Customers with all their sales and with their stored bindings.
async fn load(
    tx: &mut Tx<'_>,
    program: &str,
    people: &People,
    customers: &[Key],
) -> Result<Vec<Held>, Trouble> {
    if customers.is_empty() {
        return Ok(Vec::new());
    }
    let others = customers.iter().flat_map(|it| people.others(it));
    let names: BTreeSet<Key> = customers.iter().cloned().chain(others).collect();
    let sales = sales::of_customers(tx, names.iter()).await?;
    let mut bindings = bindings::stored(tx, program, customers).await?;
    let held = customers.iter().map(|customer| {
        let (sales, elsewhere) = bought(people, customer, &sales);
        let was = bindings.remove(customer);
        Held { customer: customer.clone(), sales, elsewhere, bound: was.clone(), was }
    });
    Ok(held.collect())
}

/// What a customer has bought, and what the same person has under other names.
fn bought(
    people: &People,
    customer: &Key,
    sales: &BTreeMap<Key, Vec<Sale>>,
) -> (Vec<Sale>, Vec<(i64, Sale)>) {
    let of = |name: &Key| sales.get(name).into_iter().flatten().cloned().collect::<Vec<Sale>>();
    let (mut own, others) = (of(customer), people.others(customer).collect::<Vec<Key>>());
    let count = own.len();
    let sources: Vec<i64> = others.iter().flat_map(|it| vec![it.0; of(it).len()]).collect();
    own.extend(others.iter().flat_map(of));
    mark_new_customers(&mut own);
    let elsewhere = sources.into_iter().zip(own.split_off(count)).collect();
    own.sort_by(|a, b| a.place().cmp(&b.place()));
    (own, elsewhere)
}

/// The same, bound anew.
async fn rebind(
    tx: &mut Tx<'_>,
    program: &str,
    (agreement, people): (&Agreement, &People),
    customers: &[Key],
) -> Result<Vec<Held>, Trouble> {
    let mut held = load(tx, program, people, customers).await?;
    let touched = bindings::touched(tx, program, customers).await?;
    let sent = store::sent(tx, program, &held).await?;
    for it in &mut held {
        let own = touched.get(&it.customer);
        let sent = sent.contains(&it.customer);
        if own.is_none() && it.sales.is_empty() && !sent {
            // Nobody of this name: there is nothing to bind.
            it.bound = None;
            continue;
        }
        let mut touched_at_all = own.cloned().unwrap_or_default();
        for other in people.others(&it.customer) {
            touched.get(&other).into_iter().for_each(|other| touched_at_all.join(other));
        }
        let sales: Vec<&Sale> = it.everything().collect();
        it.bound = bindings::derive(agreement, &touched_at_all, &sales, it.was.as_ref(), sent);
    }
    Ok(held)
}

/// Posts each row to the ledger.
async fn post(tx: &mut Tx<'_>, batch: Batch, rows: &[Row]) -> Result<(), Trouble> {
    let mut transfers = Vec::new();
    for row in rows {
        let (debit, credit, amount) =
            transfer(&row.partner, row.amount).map_err(|error| Trouble::Data(error.to_string()))?;
        let Target { sale, kind, occurred, currency } = &row.target;
        transfers.push(Transfer {
            source: row.source,
            object: format!("{}/{sale}", row.program),
            target: format!("commission|{}|{}|{currency}", kind.as_str(), row.partner),
            revision: row.revision,
            kind: TransferKind::Commission,
            debit,
            credit,
            currency: *currency,
            amount,
            occurred: *occurred,
            customer: Some(row.customer.clone()),
            event: row.id.clone(),
        });
    }
    Unit { shard: 0 }.post(tx, batch, &transfers).await
}
