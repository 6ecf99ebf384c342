//! Rows of `sales` and `touches`.

pub(super) mod marks;

use super::{LEAD, Row, TouchKey, TouchRow};
use crate::db::Type::{Int, Text};
use crate::db::{Bundle, Delete, Insert, Kind, Part, Query, Rows, Tx};
use crate::ingest::{Batch, Key, Trouble};
use std::collections::{BTreeMap, BTreeSet};
use takings_core::affiliate::attribution::TouchKind;
use takings_core::affiliate::sale::Sale;
use takings_core::time::Timestamp;

pub(super) static CLICKS: Query = Query::new(
    "clicks_told",
    "select c.id, c.program, c.partner, c.link, c.clicked_at
     from {0} cross join clicks c where c.id = t0.click",
    &[("click", Text)],
);

pub(super) static COUPONS: Query = Query::new(
    "coupons_told",
    "select l.coupon, l.program, l.partner, l.id, l.created_at, l.disabled_at
     from {0} cross join affiliate_links l where l.coupon = t0.named",
    &[("named", Text)],
);

/// Whoever rewrites the sales of settlements does so alone.
static LOCK_SETTLEMENTS: Query =
    Query::new("lock_sales", "select pg_advisory_xact_lock(7415370618) is null", &[]);

/// Under whichever source: a customer of the program's own telling and a Stripe customer of the same id
/// are one person.
static LOCK_CUSTOMERS: Query = Query::new(
    "lock_customers",
    "select pg_advisory_xact_lock(k.key) is null
     from (select distinct hashtextextended('sales of ' || t0.id, 0) as key
           from {0} order by 1) k",
    &[("id", Text)],
);

/// The stored sales of settlements, and of those that became part of them: a settlement is named
/// by one of its objects.
static SALES: Query = Query::new(
    "load_sales",
    "select s.source_id, s.id, s.settlement, s.customer, s.paid_at, s.content
     from {0} cross join objects o cross join sales s
     where o.source_id = t0.source_id and o.settlement = t0.root
       and s.source_id = o.source_id and s.settlement = o.id",
    &[("source_id", Int), ("root", Text)],
);

static TOUCHES: Query = Query::new(
    "load_told_touches",
    "select t.program, t.source_id, t.customer, t.id, t.partner, t.link, t.kind, t.touched_at,
            t.told_by
     from {0} cross join objects o cross join touches t
     where o.source_id = t0.source_id and o.settlement = t0.root
       and t.source_id = o.source_id and t.told_by = o.id",
    &[("source_id", Int), ("root", Text)],
);

static OF_CUSTOMERS: Query = Query::new(
    "load_customers_sales",
    "select s.source_id, s.customer, s.content
     from {0} cross join sales s
     where s.source_id = t0.source_id and s.customer = t0.buyer",
    &[("source_id", Int), ("buyer", Text)],
);

static ONE: Query = Query::new(
    "load_sale",
    "select s.content from {0} cross join sales s
     where s.source_id = t0.source_id and s.id = t0.sale",
    &[("source_id", Int), ("sale", Text)],
);

static KEEP_SALES: Insert = Insert::new(
    "sales",
    &[
        ("source_id", Int),
        ("id", Text),
        ("settlement", Text),
        ("customer", Text),
        ("paid_at", Int),
        ("currency", Text),
        ("amount", Int),
        ("returns", Int),
        ("content", Text),
        ("batch", Int),
    ],
    "on conflict (source_id, id) do update set settlement = excluded.settlement,
     customer = excluded.customer, paid_at = excluded.paid_at, currency = excluded.currency,
     amount = excluded.amount, returns = excluded.returns, content = excluded.content,
     batch = excluded.batch",
);

static DROP_SALES: Delete = Delete::new("sales", &[("source_id", Int), ("id", Text)]);

static OF_LEAD: Query = Query::new(
    "load_leads_touches",
    "select t.program, t.source_id, t.customer, t.id, t.partner, t.link, t.kind, t.touched_at,
            t.told_by
     from {0} cross join touches t
     where t.source_id = t0.source_id and t.told_by = t0.lead and t.customer = t0.buyer",
    &[("source_id", Int), ("lead", Text), ("buyer", Text)],
);

static KEEP_TOUCHES: Insert = Insert::new(
    "touches",
    &[
        ("program", Text),
        ("source_id", Int),
        ("customer", Text),
        ("id", Text),
        ("partner", Text),
        ("link", Text),
        ("kind", Text),
        ("touched_at", Int),
        ("told_by", Text),
        ("batch", Int),
    ],
    "on conflict (program, source_id, customer, id, told_by) do update set
     partner = excluded.partner, link = excluded.link, kind = excluded.kind,
     touched_at = excluded.touched_at, batch = excluded.batch",
);

static DROP_TOUCHES: Delete = Delete::new(
    "touches",
    &[("program", Text), ("source_id", Int), ("customer", Text), ("id", Text), ("told_by", Text)],
);

static WRITE: Bundle = Bundle::new(
    "write_sales",
    &[
        Part::Delete(&DROP_SALES),
        Part::Insert(&KEEP_SALES),
        Part::Delete(&DROP_TOUCHES),
        Part::Insert(&KEEP_TOUCHES),
        Part::Insert(&marks::AWAIT),
    ],
);

/// What is to be written.
#[derive(Default)]
pub(super) struct Changes {
    pub(super) sales: Rows,
    pub(super) gone_sales: Rows,
    pub(super) touches: Rows,
    pub(super) gone_touches: Rows,
    pub(super) awaited: Rows,
}

impl Changes {
    pub(super) fn sale(&mut self, (source, id): &Key, row: &Row, batch: Batch) {
        let sale = serde_json::from_str::<Sale>(&row.content).ok();
        let currency = sale.as_ref().map_or("", |sale| sale.currency.as_str());
        let amount = sale.as_ref().map_or(0, |sale| sale.captured);
        let returns = sale.as_ref().is_none_or(Sale::may_have_returned);
        self.sales.push([
            (*source).into(),
            id.as_str().into(),
            row.settlement.as_str().into(),
            row.customer.as_str().into(),
            row.paid_at.0.into(),
            currency.into(),
            amount.into(),
            i64::from(returns).into(),
            row.content.as_str().into(),
            batch.id.into(),
        ]);
    }

    pub(super) fn sale_gone(&mut self, (source, id): &Key) {
        self.gone_sales.push([(*source).into(), id.as_str().into()]);
    }

    pub(super) fn touch(
        &mut self,
        TouchKey { program, source, customer, id, told_by }: &TouchKey,
        TouchRow { partner, link, kind, at }: &TouchRow,
        batch: Batch,
    ) {
        self.touches.push([
            program.as_str().into(),
            (*source).into(),
            customer.as_str().into(),
            id.as_str().into(),
            partner.as_str().into(),
            link.as_deref().into(),
            (*kind).into(),
            at.0.into(),
            told_by.as_str().into(),
            batch.id.into(),
        ]);
    }

    pub(super) fn touch_gone(&mut self, key: &TouchKey) {
        let TouchKey { program, source, customer, id, told_by } = key;
        self.gone_touches.push([
            program.as_str().into(),
            (*source).into(),
            customer.as_str().into(),
            id.as_str().into(),
            told_by.as_str().into(),
        ]);
    }

    /// Writes everything in one round trip.
    pub(super) async fn write(&self, tx: &mut Tx<'_>) -> Result<(), Trouble> {
        let rows =
            [&self.gone_sales, &self.sales, &self.gone_touches, &self.touches, &self.awaited];
        Ok(tx.write(&WRITE, &rows).await?)
    }
}

/// Waits until nobody else rewrites the sales of settlements.
pub(super) async fn lock_settlements(tx: &mut Tx<'_>) -> Result<(), Trouble> {
    if tx.kind() == Kind::Postgres {
        tx.fetch(&LOCK_SETTLEMENTS, &Rows::default()).await?;
    }
    Ok(())
}

/// Locks customers whose sales or touches are about to change, in the order that all keep.
pub(super) async fn lock_customers<'a>(
    tx: &mut Tx<'_>,
    customers: impl Iterator<Item = &'a Key>,
) -> Result<(), Trouble> {
    let mut rows = Rows::default();
    customers.for_each(|(_, id)| rows.push([id.as_str().into()]));
    if tx.kind() == Kind::Postgres && !rows.is_empty() {
        tx.fetch(&LOCK_CUSTOMERS, &rows).await?;
    }
    Ok(())
}

fn keys<'a>(keys: impl Iterator<Item = &'a Key>) -> Rows {
    let mut rows = Rows::default();
    keys.for_each(|(source, id)| rows.push([(*source).into(), id.as_str().into()]));
    rows
}

/// The stored sales and touches of settlements.
pub(super) async fn stored(
    tx: &mut Tx<'_>,
    settlements: &BTreeSet<Key>,
) -> Result<(BTreeMap<Key, Row>, BTreeMap<TouchKey, TouchRow>), Trouble> {
    let roots = keys(settlements.iter());
    let (mut sales, mut touches) = (BTreeMap::new(), BTreeMap::new());
    for row in tx.fetch(&SALES, &roots).await? {
        let sale = Row {
            settlement: row.text(2)?,
            customer: row.text(3)?,
            paid_at: Timestamp(row.int(4)?),
            content: row.text(5)?,
        };
        sales.insert((row.int(0)?, row.text(1)?), sale);
    }
    for row in tx.fetch(&TOUCHES, &roots).await? {
        let (key, touch) = touch(&row)?;
        touches.insert(key, touch);
    }
    Ok((sales, touches))
}

/// What a lead has told of customers.
pub(super) async fn told_by_lead(
    tx: &mut Tx<'_>,
    lead: &str,
    customers: &[Key],
) -> Result<BTreeMap<TouchKey, TouchRow>, Trouble> {
    let mut rows = Rows::default();
    for (source, customer) in customers {
        rows.push([(*source).into(), lead.into(), customer.as_str().into()]);
    }
    tx.fetch(&OF_LEAD, &rows).await?.iter().map(touch).collect()
}

fn touch(row: &crate::db::Row) -> Result<(TouchKey, TouchRow), Trouble> {
    let touch = TouchRow {
        partner: row.text(4)?,
        link: row.opt_text(5)?,
        kind: TouchKind::parse(&row.text(6)?).map_or(LEAD, TouchKind::as_str),
        at: Timestamp(row.int(7)?),
    };
    let key = TouchKey {
        program: row.text(0)?,
        source: row.int(1)?,
        customer: row.text(2)?,
        id: row.text(3)?,
        told_by: row.text(8)?,
    };
    Ok((key, touch))
}

/// All sales of some customers; which are of new customers is not said.
pub(in crate::affiliate) async fn of_customers<'a>(
    tx: &mut Tx<'_>,
    customers: impl Iterator<Item = &'a Key>,
) -> Result<BTreeMap<Key, Vec<Sale>>, Trouble> {
    let mut sales: BTreeMap<Key, Vec<Sale>> = BTreeMap::new();
    for row in tx.fetch(&OF_CUSTOMERS, &keys(customers)).await? {
        let key = (row.int(0)?, row.text(1)?);
        sales.entry(key).or_default().push(read(&row.text(2)?)?);
    }
    Ok(sales)
}

/// A sale as it is stored.
pub(in crate::affiliate) async fn one(
    tx: &mut Tx<'_>,
    sale: &Key,
) -> Result<Option<Sale>, Trouble> {
    let rows = tx.fetch(&ONE, &keys(std::iter::once(sale))).await?;
    rows.first().map(|row| read(&row.text(0)?)).transpose()
}

fn read(content: &str) -> Result<Sale, Trouble> {
    let unreadable =
        |error: serde_json::Error| Trouble::Unreadable { what: "sale", why: error.to_string() };
    serde_json::from_str(content).map_err(unreadable)
}

/// Stores a sale outside Stripe and its touches.
pub(in crate::affiliate) async fn write_conversion(
    tx: &mut Tx<'_>,
    batch: Batch,
    (sale, row): (&Key, &Row),
    touches: &[(TouchKey, TouchRow)],
) -> Result<(), Trouble> {
    let mut changes = Changes::default();
    changes.sale(sale, row, batch);
    touches.iter().for_each(|(key, touch)| changes.touch(key, touch, batch));
    changes.write(tx).await
}
