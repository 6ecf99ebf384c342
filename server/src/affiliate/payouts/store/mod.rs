//! Rows of `payout_batches` and `payouts`, and the claims in `commissions`.

mod read;

pub(super) use read::{find, page, payouts};

use super::csv::Line;
use super::due::Candidate;
use super::entity::{Row, currency};
use super::{Batch, Payout};
use crate::db::{self, Cell, Insert, Query, Rows, Tx, Type};
use crate::error::Error;
use crate::privacy::{Keys, partners};
use std::collections::BTreeSet;
use takings_core::time::Timestamp;

static KNOWN: Query = Query::new(
    "payout_partners",
    "select p.id from {0} cross join partners p
     where p.id = t0.partner and p.program = t0.wanted",
    &[("wanted", Type::Text), ("partner", Type::Text)],
);

/// Partners with unclaimed commissions, the terms in force, how many of their customers have paid
/// and kept something, and whether they were paid before.
static CANDIDATES: Query = Query::new(
    "payout_candidates",
    "select p.id, p.payout_method, p.tax_profile, t.terms,
            (select count(*) from (
                select 1 from commissions c where c.program = p.program and c.partner = p.id
                group by c.source_id, c.customer having sum(c.amount) > 0) as paying),
            (select count(*) from payouts o
             where o.program = p.program and o.partner = p.id and o.state in ('sent', 'paid'))
     from {0} cross join programs g cross join partners p cross join program_terms t
     where g.id = t0.wanted and p.program = g.id
       and t.program = g.id and t.version = coalesce(p.own_version, g.terms_version)
       and exists (select 1 from commissions u
                   where u.program = p.program and u.partner = p.id and u.payout is null)",
    &[("wanted", Type::Text)],
);

/// Unclaimed commissions of partners, with the mirrors of their sales.
static OPEN: Query = Query::new(
    "payout_open",
    "select c.id, c.partner, c.source_id, c.sale, c.kind, c.currency, c.occurred_at, c.amount,
            e.state, e.due_at
     from {0} cross join commissions c
     left join earnings e on e.program = c.program and e.source_id = c.source_id
       and e.sale = c.sale and e.partner = c.partner and e.currency = c.currency
     where c.program = t0.wanted and c.partner = t0.payee and c.payout is null",
    &[("wanted", Type::Text), ("payee", Type::Text)],
);

/// The claim: what another payout has is not claimed.
static CLAIM: Query = Query::new(
    "payout_claim",
    "update commissions set payout = t0.claimant from {0}
     where commissions.id = t0.commission and payout is null
     returning payout, amount",
    &[("commission", Type::Text), ("claimant", Type::Text)],
);

static RELEASE: Query = Query::new(
    "payout_release",
    "update commissions set payout = null from {0} where commissions.payout = t0.claimant",
    &[("claimant", Type::Text)],
);

static BATCH: Insert = Insert::new(
    "payout_batches",
    &[
        ("id", Type::Text),
        ("program", Type::Text),
        ("through_at", Type::Int),
        ("left_out", Type::Text),
        ("created_at", Type::Int),
    ],
    "",
);

static PAYOUTS: Insert = Insert::new(
    "payouts",
    &[
        ("id", Type::Text),
        ("payout_batch", Type::Text),
        ("program", Type::Text),
        ("partner", Type::Text),
        ("currency", Type::Text),
        ("amount", Type::Int),
        ("commissions", Type::Int),
        ("state", Type::Text),
        ("method", Type::Text),
        ("reference", Type::Text),
        ("failure_reason", Type::Text),
        ("settled_at", Type::Int),
    ],
    "",
);

static LOAD: Query = Query::new(
    "payout_load",
    "select o.id, o.payout_batch, o.program, o.partner, o.currency, o.amount, o.commissions,
            o.state, o.method, o.reference, o.failure_reason, o.settled_at
     from {0} cross join payouts o where o.id = t0.payout",
    &[("payout", Type::Text)],
);

/// A payout ends once.
static SETTLE: Query = Query::new(
    "payout_settle",
    "update payouts set state = t0.outcome, reference = t0.name, failure_reason = t0.why,
        settled_at = t0.instant
     from {0} where payouts.id = t0.payout and state in ('approved', 'sent') returning id",
    &[
        ("payout", Type::Text),
        ("outcome", Type::Text),
        ("name", Type::Text),
        ("why", Type::Text),
        ("instant", Type::Int),
    ],
);

static BY_SOURCE: Query = Query::new(
    "payout_by_source",
    "select c.source_id, cast(sum(c.amount) as bigint)
     from {0} cross join commissions c where c.payout = t0.claimant
     group by c.source_id order by c.source_id",
    &[("claimant", Type::Text)],
);

static MADE_AT: Query = Query::new(
    "payout_batch_made",
    "select b.created_at from {0} cross join payout_batches b where b.id = t0.batch",
    &[("batch", Type::Text)],
);

static PROGRAM_OF: Query = Query::new(
    "payout_batch_program",
    "select b.program from {0} cross join payout_batches b where b.id = t0.batch",
    &[("batch", Type::Text)],
);

/// Open payouts, and how their partners are paid by now: the account is of that way.
static LINES: Query = Query::new(
    "payout_lines",
    "select o.id, p.name, p.payout_account, p.tax_profile, o.currency, o.amount, p.id,
            cast(case when p.payout_method = o.method then 1 else 0 end as bigint)
     from {0} cross join payouts o cross join partners p
     where o.payout_batch = t0.batch and o.method = t0.way and o.state in ('approved', 'sent')
       and p.id = o.partner
     order by o.id",
    &[("batch", Type::Text), ("way", Type::Text)],
);

static SEND: Query = Query::new(
    "payout_send",
    "update payouts set state = 'sent' from {0}
     where payouts.id = t0.payout and state = 'approved'",
    &[("payout", Type::Text)],
);

/// Which of some partners are a program's.
pub(super) async fn known(
    tx: &mut Tx<'_>,
    program: &str,
    partners: &BTreeSet<String>,
) -> Result<BTreeSet<String>, Error> {
    let rows = tx.fetch(&KNOWN, &pairs(program, partners.iter().map(String::as_str))).await?;
    Ok(rows.iter().map(|row| row.text(0)).collect::<Result<_, _>>()?)
}

/// Partners of a program with unclaimed commissions, by id.
pub(super) async fn candidates(tx: &mut Tx<'_>, program: &str) -> Result<Vec<Candidate>, Error> {
    let rows = tx.fetch(&CANDIDATES, &one(program)).await?;
    let mut found = rows.iter().map(Candidate::read).collect::<Result<Vec<_>, Error>>()?;
    found.sort_by(|a, b| a.partner.cmp(&b.partner));
    Ok(found)
}

/// Unclaimed commissions of partners.
pub(super) async fn open(
    tx: &mut Tx<'_>,
    program: &str,
    partners: &[&str],
) -> Result<Vec<db::Row>, Error> {
    Ok(tx.fetch(&OPEN, &pairs(program, partners.iter().copied())).await?)
}

/// Claims commissions for payouts; answers the payout and the amount of each one claimed.
pub(super) async fn claim(
    tx: &mut Tx<'_>,
    items: impl Iterator<Item = (&str, &str)>,
) -> Result<Vec<(String, i64)>, Error> {
    let mut set = Rows::default();
    items.for_each(|(commission, payout)| set.push([commission, payout].map(Cell::from)));
    let rows = tx.fetch(&CLAIM, &set).await?;
    let claimed = rows.iter().map(|row| Ok((row.text(0)?, row.int(1)?)));
    claimed.collect::<Result<_, db::Error>>().map_err(Error::from)
}

/// Gives a payout's commissions back.
pub(super) async fn release(tx: &mut Tx<'_>, payout: &str) -> Result<(), Error> {
    tx.fetch(&RELEASE, &one(payout)).await?;
    Ok(())
}

/// Stores a batch with its payouts.
pub(super) async fn insert(
    tx: &mut Tx<'_>,
    batch: &Batch,
    payouts: &[Payout],
) -> Result<(), Error> {
    let left_out = serde_json::to_string(&batch.left_out).map_err(Error::internal)?;
    let mut row = Rows::default();
    row.push([
        batch.id.as_str().into(),
        batch.program.as_str().into(),
        batch.through.0.into(),
        left_out.into(),
        batch.created_at.0.into(),
    ]);
    tx.insert(&BATCH, &row).await?;
    let mut rows = Rows::default();
    for payout in payouts {
        rows.push([
            payout.id.as_str().into(),
            payout.batch.as_str().into(),
            payout.program.as_str().into(),
            payout.partner.as_str().into(),
            payout.currency.as_str().into(),
            payout.amount.into(),
            payout.commissions.into(),
            payout.state.as_str().into(),
            payout.method.as_deref().into(),
            payout.reference.as_str().into(),
            payout.failure_reason.as_str().into(),
            payout.settled_at.map(|at| at.0).into(),
        ]);
    }
    tx.insert(&PAYOUTS, &rows).await?;
    Ok(())
}

/// A payout as a transaction sees it.
pub(super) async fn load(tx: &mut Tx<'_>, id: &str) -> Result<Option<Payout>, Error> {
    let rows = tx.fetch(&LOAD, &one(id)).await?;
    rows.first().map(|row| Row::read(row)?.payout()).transpose()
}

/// Notes how an open payout ended; tells whether it was open.
pub(super) async fn settle(
    tx: &mut Tx<'_>,
    payout: &str,
    outcome: &str,
    reference: &str,
    why: &str,
    at: Timestamp,
) -> Result<bool, Error> {
    let mut row = Rows::default();
    row.push([payout.into(), outcome.into(), reference.into(), why.into(), at.0.into()]);
    Ok(!tx.fetch(&SETTLE, &row).await?.is_empty())
}

/// What a payout's commissions sum to, by the number of their source.
pub(super) async fn by_source(tx: &mut Tx<'_>, payout: &str) -> Result<Vec<(i64, i64)>, Error> {
    let rows = tx.fetch(&BY_SOURCE, &one(payout)).await?;
    let sums = rows.iter().map(|row| Ok((row.int(0)?, row.int(1)?)));
    sums.collect::<Result<_, db::Error>>().map_err(Error::from)
}

/// The program of a batch.
pub(super) async fn program_of(tx: &mut Tx<'_>, batch: &str) -> Result<Option<String>, Error> {
    let rows = tx.fetch(&PROGRAM_OF, &one(batch)).await?;
    Ok(rows.first().map(|row| row.text(0)).transpose()?)
}

/// When a batch was made.
pub(super) async fn made_at(tx: &mut Tx<'_>, batch: &str) -> Result<Timestamp, Error> {
    let rows = tx.fetch(&MADE_AT, &one(batch)).await?;
    let made = rows.first().map(|row| row.int(0)).transpose()?;
    made.map(Timestamp).ok_or_else(|| Error::internal("a payout has no batch"))
}

/// The lines of a batch's file, by the payouts' ids.
pub(super) async fn lines(tx: &mut Tx<'_>, batch: &str, method: &str) -> Result<Vec<Line>, Error> {
    let mut row = Rows::default();
    row.push([batch, method].map(Cell::from));
    let rows = tx.fetch(&LINES, &row).await?;
    let payees: Vec<String> = rows.iter().map(|row| row.text(6)).collect::<Result<_, _>>()?;
    let keys = Keys::load(tx, partners::names(payees.iter().map(String::as_str))).await?;
    let line = |row: &db::Row| {
        let partner = row.text(6)?;
        let open = |column, sealed: &str| partners::open(&keys, &partner, column, sealed);
        Ok::<_, Error>(Line {
            payout: row.text(0)?,
            name: open("name", &row.text(1)?)?,
            account: open("payout_account", &row.opt_text(2)?.unwrap_or_default())?,
            partner: partner.clone(),
            company: row.opt_text(3)?.as_deref() == Some("w8ben_e"),
            currency: currency(&row.text(4)?)?,
            amount: row.int(5)?,
            is_of_method: row.int(7)? != 0,
        })
    };
    rows.iter().map(line).collect()
}

/// Notes that payouts are in a file.
pub(super) async fn send(
    tx: &mut Tx<'_>,
    payouts: impl Iterator<Item = &str>,
) -> Result<(), Error> {
    let mut set = Rows::default();
    payouts.for_each(|payout| set.push([payout.into()]));
    tx.fetch(&SEND, &set).await?;
    Ok(())
}

fn one(id: &str) -> Rows {
    let mut row = Rows::default();
    row.push([id.into()]);
    row
}

fn pairs<'a>(first: &str, others: impl Iterator<Item = &'a str>) -> Rows {
    let mut rows = Rows::default();
    others.for_each(|other| rows.push([first, other].map(Cell::from)));
    rows
}
