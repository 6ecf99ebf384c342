//! Sales: what settlements and conversions sold, and who says to have brought the customers.
//!
//! A settlement's rows are rewritten from all its facts. What it names and nobody has told of yet, a
//! click, a link's coupon, the subscription that tells whose it is, is awaited in `awaited`: once that
//! is stored, the settlement is derived again. What never comes is given up in the end.

mod affected;
mod leads;
mod said;
mod store;

pub(crate) use affected::Affected;
pub(crate) use leads::tell_lead;
pub(super) use said::Known;
pub use store::marks::give_up;
pub(crate) use store::marks::{aside, try_again};
pub(super) use store::marks::{mark_paid_by, mark_since};
pub(super) use store::{of_customers, one, write_conversion};

use crate::db::Tx;
use crate::ingest::{Batch, Key, Trouble, members};
use said::Said;
use std::collections::BTreeMap;
use store::marks::Marks;
use takings_core::affiliate::sale::Sale;
use takings_core::time::Timestamp;

/// A sale as it is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Row {
    /// The settlement it is part of; for a conversion its own id.
    pub(super) settlement: String,
    /// Whose it is; a sale of nobody is its order's.
    pub(super) customer: String,
    /// When it was paid.
    pub(super) paid_at: Timestamp,
    /// All of it, as JSON.
    pub(super) content: String,
}

/// What a touch is known by. Whoever tells of it has a row of its own, so that none depends on who was
/// the last.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct TouchKey {
    /// Empty for a lead.
    pub(super) program: String,
    pub(super) source: i64,
    pub(super) customer: String,
    pub(super) id: String,
    /// The settlement, the conversion or the lead that says so.
    pub(super) told_by: String,
}

/// A touch as it is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct TouchRow {
    pub(super) partner: String,
    pub(super) link: Option<String>,
    pub(super) kind: &'static str,
    pub(super) at: Timestamp,
}

/// The kind of a row of `touches` that is a lead.
pub(super) const LEAD: &str = "lead";

/// Settlements whose sales may have changed, and customers of whom other terms may hold.
#[derive(Clone, Debug, Default)]
pub(crate) struct Marked(Marks);

impl Marked {
    /// The next ones, at most so many of a kind.
    pub(crate) async fn next(tx: &mut Tx<'_>, most: usize) -> Result<Marked, Trouble> {
        Marks::next(tx, most).await.map(Marked)
    }

    /// Settlements that nothing has marked.
    pub(crate) fn plain(settlements: Vec<Key>) -> Marked {
        Marked(Marks::plain(settlements))
    }

    /// A customer whom nothing has marked, as a batch that is open marks it.
    pub(crate) fn customer(customer: Key, batch: Batch) -> Marked {
        Marked(Marks::customer(customer, batch))
    }

    /// Which they are.
    pub(crate) fn settlements(&self) -> impl Iterator<Item = &Key> {
        self.0.settlements.iter()
    }

    /// Whether there is none.
    pub(crate) fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// How many there are.
    pub(crate) fn len(&self) -> usize {
        self.0.settlements.len() + self.0.customers.len()
    }

    /// Takes the marks away, but for those that something has set again meanwhile. Last in its
    /// transaction: a unit of work that sets one waits for it.
    pub(crate) async fn clear(&self, tx: &mut Tx<'_>) -> Result<(), Trouble> {
        self.0.clear(tx).await
    }

    /// The same, each for itself.
    pub(crate) fn each(self) -> impl Iterator<Item = Marked> {
        self.0.each().map(Marked)
    }

    /// Lets them lie where they cannot be computed, until something sets them again.
    pub(crate) async fn set_aside(&self, tx: &mut Tx<'_>, batch: Batch) -> Result<(), Trouble> {
        self.0.set_aside(tx, batch).await
    }

    /// Whether more may wait.
    pub(crate) fn is_full(&self) -> bool {
        self.0.is_full
    }
}

/// Rewrites the sales and touches of settlements; answers what else follows.
pub(crate) async fn derive(
    tx: &mut Tx<'_>,
    batch: Batch,
    Marked(Marks { settlements, customers, .. }): &Marked,
) -> Result<Affected, Trouble> {
    store::lock_settlements(tx).await?;
    let members = members(tx, settlements.iter()).await?;
    let mut told: BTreeMap<Key, Said> = BTreeMap::new();
    for (key, members) in &members {
        told.insert(key.clone(), Said::of(members)?);
    }
    let known = Known::load(tx, &told).await?;
    let (mut sales, mut touches) = (BTreeMap::new(), BTreeMap::new());
    let mut changes = store::Changes::default();
    for ((source, root), said) in &told {
        for sale in &said.sales {
            sales.insert((*source, sale.id.clone()), row(root, sale)?);
        }
        touches.extend(said.touches((*source, root), &known));
        for (wants, until) in said.awaits(*source, &known, batch.recorded_at) {
            let root = root.as_str().into();
            changes.awaited.push([wants.into(), (*source).into(), root, until.into()]);
        }
    }
    let (old_sales, old_touches) = store::stored(tx, settlements).await?;
    let mut affected = Affected::default();
    customers.iter().for_each(|customer| affected.whole(customer.clone()));
    compare_sales(&old_sales, &sales, (&mut changes, &mut affected), batch);
    compare_touches(&old_touches, &touches, (&mut changes, &mut affected), batch);
    store::lock_customers(tx, affected.customers()).await?;
    changes.write(tx).await?;
    Ok(affected)
}

/// Waits until nobody else rewrites sales, and holds up who would: no touch comes or goes meanwhile.
pub(crate) async fn lock_settlements(tx: &mut Tx<'_>) -> Result<(), Trouble> {
    store::lock_settlements(tx).await
}

/// Locks a customer, whose sales or touches are about to change.
pub(super) async fn lock_customer(tx: &mut Tx<'_>, customer: &Key) -> Result<(), Trouble> {
    store::lock_customers(tx, std::iter::once(customer)).await
}

pub(super) fn row(settlement: &str, sale: &Sale) -> Result<Row, Trouble> {
    let content = serde_json::to_string(sale).map_err(|error| Trouble::Data(error.to_string()))?;
    Ok(Row {
        settlement: settlement.to_owned(),
        customer: sale.owner().to_owned(),
        paid_at: sale.paid_at,
        content,
    })
}

fn compare_sales(
    old: &BTreeMap<Key, Row>,
    new: &BTreeMap<Key, Row>,
    (changes, affected): (&mut store::Changes, &mut Affected),
    batch: Batch,
) {
    for (key, row) in new {
        let known = old.get(key);
        if known == Some(row) {
            continue;
        }
        changes.sale(key, row, batch);
        if known.is_none_or(|it| (&it.customer, &it.content) != (&row.customer, &row.content)) {
            for it in known.into_iter().chain([row]) {
                affected.sale((key.0, it.customer.clone()), it.paid_at);
            }
        }
    }
    for (key, row) in old.iter().filter(|(key, _)| !new.contains_key(key)) {
        changes.sale_gone(key);
        affected.gone(key.clone(), (key.0, row.customer.clone()), row.paid_at);
    }
}

fn compare_touches(
    old: &BTreeMap<TouchKey, TouchRow>,
    new: &BTreeMap<TouchKey, TouchRow>,
    (changes, affected): (&mut store::Changes, &mut Affected),
    batch: Batch,
) {
    for (key, row) in new.iter().filter(|(key, row)| old.get(key) != Some(row)) {
        changes.touch(key, row, batch);
        affected.touch(key);
    }
    for key in old.keys().filter(|key| !new.contains_key(key)) {
        changes.touch_gone(key);
        affected.touch(key);
    }
}
