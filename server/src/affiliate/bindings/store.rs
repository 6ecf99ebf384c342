//! Rows of `bindings`, and of `touches` as bindings see them.

use super::{Bound, Touched};
use crate::affiliate::sales::LEAD;
use crate::db::Type::{Int, Text};
use crate::db::{Bundle, Delete, Insert, Part, Query, Row, Rows, Tx};
use crate::ingest::{Batch, Key, Trouble};
use std::collections::BTreeMap;
use takings_core::affiliate::attribution::{Binding, Touch, TouchKind};
use takings_core::affiliate::click::Reason;
use takings_core::time::Timestamp;

/// The touches of customers in a program, with what their clicks were taken for, and their leads.
static TOUCHES: Query = Query::new(
    "load_touches",
    "select t.source_id, t.customer, t.id, t.partner, t.link, t.kind, t.touched_at, c.outcome
     from {0} cross join touches t left join clicks c on c.id = t.id
     where t.source_id = t0.source_id and t.customer = t0.buyer
       and (t.program = t0.program or t.program = '')",
    &[("source_id", Int), ("buyer", Text), ("program", Text)],
);

static STORED: Query = Query::new(
    "load_bindings",
    "select b.source_id, b.customer, b.link, b.terms_version, b.bound_at, b.content
     from {0} cross join bindings b
     where b.program = t0.program and b.source_id = t0.source_id and b.customer = t0.buyer",
    &[("source_id", Int), ("buyer", Text), ("program", Text)],
);

/// Customers of a partner who paid within a range.
static BOUND_IN: Query = Query::new(
    "load_bound",
    "select distinct b.source_id, b.customer
     from {0} cross join bindings b cross join sales s
     where b.program = t0.program and b.partner = t0.partner
       and s.source_id = b.source_id and s.customer = b.customer
       and s.paid_at >= t0.low and s.paid_at < t0.high",
    &[("program", Text), ("partner", Text), ("low", Int), ("high", Int)],
);

static KEEP: Insert = Insert::new(
    "bindings",
    &[
        ("program", Text),
        ("source_id", Int),
        ("customer", Text),
        ("partner", Text),
        ("link", Text),
        ("terms_version", Int),
        ("rule", Text),
        ("bound_at", Int),
        ("content", Text),
        ("batch", Int),
    ],
    "on conflict (program, source_id, customer) do update set partner = excluded.partner,
     link = excluded.link, terms_version = excluded.terms_version, rule = excluded.rule,
     bound_at = excluded.bound_at, content = excluded.content, batch = excluded.batch",
);

static DROP: Delete =
    Delete::new("bindings", &[("program", Text), ("source_id", Int), ("customer", Text)]);

static WRITE: Bundle = Bundle::new("write_bindings", &[Part::Delete(&DROP), Part::Insert(&KEEP)]);

fn rows(program: &str, customers: &[Key]) -> Rows {
    let mut rows = Rows::default();
    for (source, customer) in customers {
        rows.push([(*source).into(), customer.as_str().into(), program.into()]);
    }
    rows
}

/// Whether a click of that outcome can bring a customer: a visitor's second click within an hour is
/// counted once, and is a visit all the same.
fn can_bring(outcome: Option<String>) -> bool {
    let reason = outcome.as_deref().and_then(Reason::parse);
    reason.is_none_or(|it| it.counts() || it == Reason::Duplicate)
}

pub(super) async fn touches(
    tx: &mut Tx<'_>,
    program: &str,
    customers: &[Key],
) -> Result<BTreeMap<Key, Touched>, Trouble> {
    let mut touched: BTreeMap<Key, Touched> = BTreeMap::new();
    for row in tx.fetch(&TOUCHES, &rows(program, customers)).await? {
        let of = touched.entry((row.int(0)?, row.text(1)?)).or_default();
        let (id, kind, at) = (row.text(2)?, row.text(5)?, Timestamp(row.int(6)?));
        if kind == LEAD {
            of.lead = Some(of.lead.map_or(at, |lead| lead.min(at)));
            continue;
        }
        let unknown = || Trouble::Unreadable { what: "touch", why: format!("kind `{kind}`") };
        let kind = TouchKind::parse(&kind).ok_or_else(unknown)?;
        if !can_bring(row.opt_text(7)?) {
            continue;
        }
        of.links.insert(id.clone(), row.opt_text(4)?);
        let click = Some(id.clone()).filter(|_| kind == TouchKind::Link);
        of.touches.push(Touch { id, partner: row.text(3)?, kind, click, at });
    }
    Ok(touched)
}

/// The stored bindings of some customers in a program.
pub(in crate::affiliate) async fn stored(
    tx: &mut Tx<'_>,
    program: &str,
    customers: &[Key],
) -> Result<BTreeMap<Key, Bound>, Trouble> {
    let found = tx.fetch(&STORED, &rows(program, customers)).await?;
    found.iter().map(|row| Ok(((row.int(0)?, row.text(1)?), read(row)?))).collect()
}

fn read(row: &Row) -> Result<Bound, Trouble> {
    let unreadable =
        |error: serde_json::Error| Trouble::Unreadable { what: "binding", why: error.to_string() };
    let binding: Binding = serde_json::from_str(&row.text(5)?).map_err(unreadable)?;
    let (version, at) = (row.int(3)?, Timestamp(row.int(4)?));
    Ok(Bound { link: row.opt_text(2)?, version, at, binding })
}

/// The customers of a partner who paid within a range.
pub(in crate::affiliate) async fn bound_in(
    tx: &mut Tx<'_>,
    program: &str,
    ranges: &[(String, i64, i64)],
) -> Result<Vec<Key>, Trouble> {
    let mut rows = Rows::default();
    for (partner, low, high) in ranges {
        rows.push([program.into(), partner.as_str().into(), (*low).into(), (*high).into()]);
    }
    if rows.is_empty() {
        return Ok(Vec::new());
    }
    let found = tx.fetch(&BOUND_IN, &rows).await?;
    found.iter().map(|row| Ok((row.int(0)?, row.text(1)?))).collect()
}

/// Stores bindings; `None` takes one away.
pub(in crate::affiliate) async fn keep(
    tx: &mut Tx<'_>,
    batch: Batch,
    program: &str,
    bindings: &[(Key, Option<Bound>)],
) -> Result<(), Trouble> {
    let (mut kept, mut gone) = (Rows::default(), Rows::default());
    for ((source, customer), bound) in bindings {
        let Some(bound) = bound else {
            gone.push([program.into(), (*source).into(), customer.as_str().into()]);
            continue;
        };
        let content = serde_json::to_string(&bound.binding)
            .map_err(|error| Trouble::Data(error.to_string()))?;
        kept.push([
            program.into(),
            (*source).into(),
            customer.as_str().into(),
            bound.binding.partner.as_str().into(),
            bound.link.as_deref().into(),
            bound.version.into(),
            bound.binding.rule.as_str().into(),
            bound.at.0.into(),
            content.into(),
            batch.id.into(),
        ]);
    }
    Ok(tx.write(&WRITE, &[&gone, &kept]).await?)
}
