//! Rows of `commissions`, `earnings` and `decisions`.

mod entity;
pub(super) mod list;

use super::held::Held;
use super::{Decisions, Earning, Row};
use crate::db::Type::{Int, Text};
use crate::db::{Bundle, Insert, Kind, Part, Query, Rows, Tx};
use crate::ingest::{Batch, Key, Trouble};
use std::collections::{BTreeMap, BTreeSet};
use takings_core::affiliate::commission::{self, Key as Target};
use takings_core::affiliate::decision::{Act, Decision};
use takings_core::money::Currency;
use takings_core::time::Timestamp;

/// The programs that have touches of some customers, under whichever source.
static PROGRAMS_OF: Query = Query::new(
    "load_programs_of",
    "select distinct t.program from {0} cross join touches t
     where t.customer = t0.buyer and t.program <> ''",
    &[("buyer", Text)],
);

/// Locks programs until the transaction ends, in the order of their keys: whoever derives or pays
/// out commissions of one does so alone.
static LOCK: Query = Query::new(
    "lock_programs",
    "select pg_advisory_xact_lock(k.key) is null
     from (select distinct hashtextextended(t0.program, 0) as key from {0} order by 1) k",
    &[("program", Text)],
);

static SOURCES: Query = Query::new("load_sources", "select id, name from sources", &[]);

static SUMS: Query = Query::new(
    "load_commissions",
    "select c.source_id, c.sale, c.partner, c.kind, c.currency, c.occurred_at,
            cast(sum(c.amount) as bigint), max(c.revision), max(c.terms_version), max(c.customer)
     from {0} cross join commissions c
     where c.program = t0.program and c.source_id = t0.source_id and c.sale = t0.sold
     group by c.source_id, c.sale, c.partner, c.kind, c.currency, c.occurred_at",
    &[("program", Text), ("source_id", Int), ("sold", Text)],
);

/// Customers for whose sales a payout was sent.
static SENT: Query = Query::new(
    "load_sent",
    "select distinct c.source_id, c.customer
     from {0} cross join commissions c cross join payouts p
     where c.program = t0.program and c.source_id = t0.source_id and c.sale = t0.sold
       and p.id = c.payout and p.state in ('sent', 'paid')",
    &[("program", Text), ("source_id", Int), ("sold", Text)],
);

static DECISIONS: Query = Query::new(
    "load_decisions",
    "select d.source_id, d.id, d.sale, d.act, d.reason, d.decided_at
     from {0} cross join decisions d
     where d.program = t0.program and d.source_id = t0.source_id and d.sale = t0.sold",
    &[("program", Text), ("source_id", Int), ("sold", Text)],
);

static APPEND: Insert = Insert::new(
    "commissions",
    &[
        ("id", Text),
        ("program", Text),
        ("partner", Text),
        ("source_id", Int),
        ("sale", Text),
        ("customer", Text),
        ("link", Text),
        ("kind", Text),
        ("currency", Text),
        ("occurred_at", Int),
        ("revision", Int),
        ("amount", Int),
        ("base", Int),
        ("rate_bps", Int),
        ("terms_version", Int),
        ("batch", Int),
    ],
    "",
);

static STAND: Insert = Insert::new(
    "earnings",
    &[
        ("program", Text),
        ("source_id", Int),
        ("sale", Text),
        ("partner", Text),
        ("currency", Text),
        ("state", Text),
        ("reason", Text),
        ("amount", Int),
        ("due_at", Int),
        ("batch", Int),
    ],
    "on conflict (program, source_id, sale, partner, currency) do update set
     state = excluded.state, reason = excluded.reason, amount = excluded.amount,
     due_at = excluded.due_at, batch = excluded.batch
     where earnings.state <> excluded.state or earnings.reason <> excluded.reason
        or earnings.amount <> excluded.amount or earnings.due_at <> excluded.due_at",
);

static WRITE: Bundle =
    Bundle::new("write_commissions", &[Part::Insert(&APPEND), Part::Insert(&STAND)]);

/// The partners of a program who have customers.
static PARTNERS: Query = Query::new(
    "bound_partners",
    "select distinct b.partner from {0} cross join bindings b where b.program = t0.wanted",
    &[("wanted", Text)],
);

static DECIDE: Insert = Insert::new(
    "decisions",
    &[
        ("id", Text),
        ("program", Text),
        ("source_id", Int),
        ("sale", Text),
        ("act", Text),
        ("reason", Text),
        ("decided_at", Int),
    ],
    "",
);

/// What is stored of a sale.
#[derive(Debug, Default)]
pub(super) struct Stored {
    /// Sums by partner.
    pub(super) sums: BTreeMap<String, BTreeMap<Target, Sum>>,
    /// Whose it was.
    pub(super) customer: String,
}

/// What is stored of a target.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sum {
    pub(super) amount: i64,
    pub(super) revision: i64,
    pub(super) version: i64,
}

fn unknown(what: &'static str, text: &str) -> Trouble {
    Trouble::Unreadable { what, why: format!("`{text}` is not known to this binary") }
}

/// The programs that have touches of some customers.
pub(super) async fn programs_of<'a>(
    tx: &mut Tx<'_>,
    customers: impl Iterator<Item = &'a Key>,
) -> Result<BTreeSet<String>, Trouble> {
    let mut rows = Rows::default();
    customers.for_each(|(_, id)| rows.push([id.as_str().into()]));
    let found = tx.fetch(&PROGRAMS_OF, &rows).await?;
    found.iter().map(|row| Ok(row.text(0)?)).collect()
}

/// Locks programs until the transaction ends: their bindings, commissions and payouts are read and
/// written by nobody else meanwhile.
pub(crate) async fn lock_programs(
    tx: &mut Tx<'_>,
    programs: &BTreeSet<String>,
) -> Result<(), Trouble> {
    let mut rows = Rows::default();
    programs.iter().for_each(|program| rows.push([program.as_str().into()]));
    if tx.kind() == Kind::Postgres && !rows.is_empty() {
        tx.fetch(&LOCK, &rows).await?;
    }
    Ok(())
}

/// The names of the sources.
pub(super) async fn source_names(tx: &mut Tx<'_>) -> Result<BTreeMap<i64, String>, Trouble> {
    let rows = tx.fetch(&SOURCES, &Rows::default()).await?;
    rows.iter().map(|row| Ok((row.int(0)?, row.text(1)?))).collect()
}

fn sold<'a>(program: &str, sales: impl Iterator<Item = (i64, &'a str)>) -> Rows {
    let mut rows = Rows::default();
    sales.for_each(|(source, sale)| rows.push([program.into(), source.into(), sale.into()]));
    rows
}

/// What is stored of some sales; each has an entry.
pub(super) async fn stored(
    tx: &mut Tx<'_>,
    program: &str,
    sales: &BTreeSet<Key>,
) -> Result<BTreeMap<Key, Stored>, Trouble> {
    let mut stored: BTreeMap<Key, Stored> =
        sales.iter().map(|key| (key.clone(), Stored::default())).collect();
    if sales.is_empty() {
        return Ok(stored);
    }
    let set = sold(program, sales.iter().map(|(source, sale)| (*source, sale.as_str())));
    for row in tx.fetch(&SUMS, &set).await? {
        let (sale, kind, currency) = (row.text(1)?, row.text(3)?, row.text(4)?);
        let of = stored.entry((row.int(0)?, sale.clone())).or_default();
        of.customer = row.text(9)?;
        let target = Target {
            sale,
            kind: commission::Kind::parse(&kind).ok_or_else(|| unknown("kind", &kind))?,
            occurred: Timestamp(row.int(5)?),
            currency: Currency::parse(&currency).map_err(|_| unknown("currency", &currency))?,
        };
        let sum = Sum { amount: row.int(6)?, revision: row.int(7)?, version: row.int(8)? };
        of.sums.entry(row.text(2)?).or_default().insert(target, sum);
    }
    Ok(stored)
}

/// The customers for whose sales a payout was sent.
pub(super) async fn sent(
    tx: &mut Tx<'_>,
    program: &str,
    held: &[Held],
) -> Result<BTreeSet<Key>, Trouble> {
    let sales = held.iter().flat_map(|it| {
        it.sales.iter().map(|sale| (it.customer.0, sale.id.as_str())).filter(|_| it.was.is_some())
    });
    let set = sold(program, sales);
    if set.is_empty() {
        return Ok(BTreeSet::new());
    }
    let rows = tx.fetch(&SENT, &set).await?;
    rows.iter().map(|row| Ok((row.int(0)?, row.text(1)?))).collect()
}

/// The decisions on the sales of some customers.
pub(super) async fn decisions(
    tx: &mut Tx<'_>,
    program: &str,
    held: &[Held],
) -> Result<Decisions, Trouble> {
    let mut names: BTreeSet<(i64, &str)> = BTreeSet::new();
    for it in held {
        let sales = it.sales.iter().flat_map(|sale| [sale.id.as_str(), sale.order.as_str()]);
        names.extend(sales.map(|name| (it.customer.0, name)));
    }
    let mut decisions = Decisions::new();
    if names.is_empty() {
        return Ok(decisions);
    }
    for row in tx.fetch(&DECISIONS, &sold(program, names.into_iter())).await? {
        let decision = Decision {
            id: row.text(1)?,
            sale: row.text(2)?,
            at: Timestamp(row.int(5)?),
            act: act(&row.text(3)?)?,
            reason: row.text(4)?,
        };
        decisions.entry(row.int(0)?).or_default().push(decision);
    }
    Ok(decisions)
}

fn act(name: &str) -> Result<Act, Trouble> {
    Ok(match name {
        "approve" => Act::Approve,
        "hold" => Act::Hold,
        "release" => Act::Release,
        "reject" => Act::Reject,
        other => return Err(unknown("act", other)),
    })
}

fn name_of(act: Act) -> &'static str {
    match act {
        Act::Approve => "approve",
        Act::Hold => "hold",
        Act::Release => "release",
        Act::Reject => "reject",
    }
}

/// The partners of a program who have customers.
pub(super) async fn bound_partners(
    tx: &mut Tx<'_>,
    program: &str,
) -> Result<BTreeSet<String>, Trouble> {
    let mut wanted = Rows::default();
    wanted.push([program.into()]);
    let rows = tx.fetch(&PARTNERS, &wanted).await?;
    rows.iter().map(|row| Ok(row.text(0)?)).collect()
}

/// Logs decisions on sales of a program.
pub(crate) async fn decide(
    tx: &mut Tx<'_>,
    program: &str,
    decisions: &[(i64, Decision)],
) -> Result<(), Trouble> {
    let mut rows = Rows::default();
    for (source, Decision { id, sale, at, act, reason }) in decisions {
        rows.push([
            id.as_str().into(),
            program.into(),
            (*source).into(),
            sale.as_str().into(),
            name_of(*act).into(),
            reason.as_str().into(),
            at.0.into(),
        ]);
    }
    tx.insert(&DECIDE, &rows).await?;
    Ok(())
}

/// Appends commissions, and writes how their sales stand.
pub(super) async fn append(
    tx: &mut Tx<'_>,
    batch: Batch,
    program: &str,
    rows: &[Row],
    earnings: &[Earning],
) -> Result<(), Trouble> {
    let (mut appended, mut stand) = (Rows::default(), Rows::default());
    for row in rows {
        appended.push([
            row.id.as_str().into(),
            program.into(),
            row.partner.as_str().into(),
            row.source.into(),
            row.target.sale.as_str().into(),
            row.customer.as_str().into(),
            row.link.as_deref().into(),
            row.target.kind.as_str().into(),
            row.target.currency.as_str().into(),
            row.target.occurred.0.into(),
            row.revision.into(),
            row.amount.into(),
            row.base.into(),
            row.rate.into(),
            row.version.into(),
            batch.id.into(),
        ]);
    }
    for it in earnings {
        stand.push([
            program.into(),
            it.sale.0.into(),
            it.sale.1.as_str().into(),
            it.partner.as_str().into(),
            it.currency.as_str().into(),
            it.state.into(),
            it.reason.as_str().into(),
            it.amount.into(),
            it.due_at.into(),
            batch.id.into(),
        ]);
    }
    Ok(tx.write(&WRITE, &[&appended, &stand]).await?)
}
