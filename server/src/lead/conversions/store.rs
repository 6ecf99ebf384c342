//! Rows of `lead_conversions`, and what they follow from.

use crate::db::Type::{Int, Text};
use crate::db::{self, Bundle, Cell, Database, Delete, Insert, Part, Query, Rows, Tx};
use crate::error::Error;
use crate::ingest::{Key, Trouble};
use crate::lead::entity::standing;
use crate::lead::reads::{Reads, each, one};
use crate::lead::{Conversion, Standing};
use crate::privacy::Names;
use std::collections::HashMap;
use takings_core::affiliate::sale::Sale;
use takings_core::time::Timestamp;

/// The newest revision of each.
static LOAD: Query = Query::new(
    "lead_conversions_load",
    "select c.lead, c.converted_at, c.source_id, c.customer, c.automatic, c.paid_at
     from {0} cross join lead_conversions c
     where c.lead = t0.wanted and c.revision =
        (select max(n.revision) from lead_conversions n where n.lead = c.lead)",
    &[("wanted", Text)],
);

/// What somebody said last.
static BY_HAND: Query = Query::new(
    "lead_conversions_by_hand",
    "select c.lead, c.converted_at, c.source_id, c.customer, c.automatic, c.paid_at
     from {0} cross join lead_conversions c
     where c.lead = t0.wanted and c.automatic = 0 and c.converted_at is not null
     order by c.revision desc limit 1",
    &[("wanted", Text)],
);

static REVISION: Query = Query::new(
    "lead_conversions_revision",
    "select coalesce(max(c.revision), 0) from lead_conversions c where c.lead in
        (select t0.wanted from {0})",
    &[("wanted", Text)],
);

static APPEND: Insert = Insert::new(
    "lead_conversions",
    &[
        ("lead", Text),
        ("revision", Int),
        ("converted_at", Int),
        ("source_id", Int),
        ("customer", Text),
        ("automatic", Int),
        ("paid_at", Int),
        ("recorded_at", Int),
    ],
    "on conflict (lead, revision) do nothing returning lead",
);

/// The next mailboxes after one, with the leads that have them.
static MARKED: Query = Query::new(
    "changed_people",
    "select c.email_index, c.mark, l.id from {0} cross join changed_people c
     left join leads l on l.email_index = c.email_index
     where c.email_index > t0.after order by c.email_index limit 200",
    &[("after", Text)],
);

/// Takes marks away, but for those that somebody has set again.
static CLEAR: Delete = Delete::new("changed_people", &[("email_index", Text), ("mark", Int)]);

static CLEARED: Bundle = Bundle::new("clear_people", &[Part::Delete(&CLEAR)]);

/// Marks the mailboxes of the customers of settlements, also those that no lead has yet: one may be
/// captured at this moment.
static MARK: Query = Query::new(
    "changed_people_mark",
    "insert into changed_people (email_index, mark)
     select distinct p.email_index, 1
     from {0} cross join objects o cross join people p
     where o.source_id = t0.number and o.settlement = t0.root and o.customer is not null
       and p.subject = 'customer:' || cast(t0.number as text) || ':' || o.customer
     on conflict (email_index) do update set mark = changed_people.mark + 1",
    &[("number", Int), ("root", Text)],
);

/// The next mailboxes of leads after one, but for those that are marked.
static UNMARKED: Query = Query::new(
    "lead_mailboxes",
    "select l.email_index from {0} cross join leads l
     where l.email_index > t0.after
       and not exists (select 1 from changed_people c where c.email_index = l.email_index)
     order by l.email_index limit 200",
    &[("after", Text)],
);

/// Nobody else changes the lead before the transaction ends.
static LEAD: Query = Query::new(
    "lead_of_mailbox",
    "update leads set stage = leads.stage from {0} where leads.email_index = t0.mailbox
     returning leads.id, leads.captured_at, leads.click",
    &[("mailbox", Text)],
);

static CAPTURED: Query = Query::new(
    "lead_captured",
    "select l.captured_at, l.email_index from {0} cross join leads l where l.id = t0.wanted",
    &[("wanted", Text)],
);

static SUBJECTS: Query = Query::new(
    "subjects_of_mailbox",
    "select p.subject from {0} cross join people p where p.email_index = t0.mailbox",
    &[("mailbox", Text)],
);

static SALES: Query = Query::new(
    "sales_of_customers",
    "select s.source_id, s.customer, s.content from {0} cross join sales s
     where s.source_id = t0.number and s.customer = t0.buyer order by s.paid_at, s.id",
    &[("number", Int), ("buyer", Text)],
);

/// When sessions of customers were first seen.
static CHECKOUTS: Query = Query::new(
    "checkouts_of_customers",
    "select f.second from {0} cross join objects o cross join facts f
     where o.source_id = t0.number and o.customer = t0.buyer and substr(o.id, 1, 3) = 'cs_'
       and f.source_id = o.source_id and f.object = o.id",
    &[("number", Int), ("buyer", Text)],
);

/// Says of a lead whose click it came by that is no visit; a click that is not known says nothing.
static JUDGE: Query = Query::new(
    "lead_click",
    "update leads set unclicked_partner = (
         select c.partner from clicks c where c.id = leads.click
           and c.outcome not in ('valid', 'dedup_unknown', 'duplicate'))
     from {0} where leads.id = t0.wanted",
    &[("wanted", Text)],
);

/// A lead as far as conversions need it.
pub(super) struct Captured {
    pub(super) id: String,
    pub(super) captured_at: Timestamp,
    pub(super) click: Option<String>,
}

/// How some leads stand, by lead.
pub(in crate::lead) async fn of_leads(
    reads: &mut impl Reads,
    leads: &[&str],
) -> Result<HashMap<String, Standing>, Error> {
    let rows = reads.rows(&LOAD, &each(leads.iter().copied())).await?;
    rows.iter().map(|row| Ok((row.text(0)?, standing(row)?))).collect()
}

/// What somebody said last of a lead.
pub(super) async fn by_hand(tx: &mut Tx<'_>, lead: &str) -> Result<Option<Conversion>, Error> {
    let rows = tx.fetch(&BY_HAND, &one([lead])).await?;
    Ok(rows.first().map(standing).transpose()?.and_then(|it| it.conversion))
}

/// Appends how a lead stands now.
pub(super) async fn append(
    tx: &mut Tx<'_>,
    lead: &str,
    Standing { paid_at, conversion }: &Standing,
    now: Timestamp,
) -> Result<(), Error> {
    let conversion = conversion.as_ref();
    let rows = tx.fetch(&REVISION, &one([lead])).await?;
    let last = rows.first().map_or(Ok(0), |row| row.int(0))?;
    let mut row = Rows::default();
    row.push([
        lead.into(),
        (last + 1).into(),
        conversion.map(|it| it.at.0).into(),
        conversion.and_then(|it| it.source).into(),
        conversion.and_then(|it| it.customer.as_deref()).into(),
        conversion.is_none_or(|it| it.automatic).into(),
        paid_at.map(|at| at.0).into(),
        now.0.into(),
    ]);
    if tx.insert(&APPEND, &row).await?.is_empty() { Err(Error::Conflict) } else { Ok(()) }
}

/// When a lead was captured, and its mailbox.
pub(super) async fn captured(
    tx: &mut Tx<'_>,
    lead: &str,
) -> Result<Option<(Timestamp, Option<String>)>, Error> {
    let rows = tx.fetch(&CAPTURED, &one([lead])).await?;
    let read = |row: &db::Row| Ok((Timestamp(row.int(0)?), row.opt_text(1)?));
    rows.first().map(read).transpose()
}

/// A mailbox that was marked.
#[derive(Clone, Debug)]
pub(super) struct Marked {
    pub(super) mailbox: String,
    pub(super) mark: i64,
    /// Whether a lead has it.
    pub(super) is_leads: bool,
}

/// The next mailboxes to look at, after one.
pub(super) async fn marked(database: &Database, after: &str) -> Result<Vec<Marked>, Trouble> {
    let read = |row: &db::Row| {
        let (mailbox, mark) = (row.text(0)?, row.int(1)?);
        Ok(Marked { mailbox, mark, is_leads: row.opt_text(2)?.is_some() })
    };
    database.primary().rows(&MARKED, &one([after])).await?.iter().map(read).collect()
}

/// The next mailboxes of leads, after one, of which nothing waits for the job.
pub(super) async fn unmarked(database: &Database, after: &str) -> Result<Vec<String>, Trouble> {
    let rows = database.primary().rows(&UNMARKED, &one([after])).await?;
    rows.iter().map(|row| Ok(row.text(0)?)).collect()
}

/// Takes marks away, but for those that somebody has set again. Last in its transaction: whoever sets
/// one waits for it.
pub(super) async fn clear(tx: &mut Tx<'_>, marked: &[Marked]) -> Result<(), Trouble> {
    let mut rows = Rows::default();
    marked.iter().for_each(|it| rows.push([it.mailbox.as_str().into(), it.mark.into()]));
    Ok(tx.write(&CLEARED, &[&rows]).await?)
}

/// Marks the mailboxes of the customers of settlements in which something has changed.
pub(crate) async fn mark_settlements<'a>(
    tx: &mut Tx<'_>,
    settlements: impl Iterator<Item = &'a Key>,
) -> Result<(), Trouble> {
    let rows = rows_of(settlements);
    if !rows.is_empty() {
        tx.fetch(&MARK, &rows).await?;
    }
    Ok(())
}

/// The lead of a mailbox.
pub(super) async fn lead(tx: &mut Tx<'_>, mailbox: &str) -> Result<Option<Captured>, Trouble> {
    let rows = tx.fetch(&LEAD, &one([mailbox])).await?;
    let Some(row) = rows.first() else { return Ok(None) };
    let (id, captured_at) = (row.text(0)?, Timestamp(row.int(1)?));
    Ok(Some(Captured { id, captured_at, click: row.opt_text(2)? }))
}

/// Notes whose click it was that is no visit, if a lead came by one.
pub(super) async fn judge_click(tx: &mut Tx<'_>, lead: &str) -> Result<(), Trouble> {
    tx.fetch(&JUDGE, &one([lead])).await?;
    Ok(())
}

/// Who has a mailbox.
pub(super) async fn subjects(tx: &mut Tx<'_>, mailbox: &str) -> Result<Names, Trouble> {
    let rows = tx.fetch(&SUBJECTS, &one([mailbox])).await?;
    Ok(rows.iter().map(|row| row.text(0)).collect::<Result<_, db::Error>>()?)
}

/// The first sale of some customers that stands, and whose it is.
pub(super) async fn first_sale(
    tx: &mut Tx<'_>,
    customers: &[Key],
) -> Result<Option<(Timestamp, Key)>, Trouble> {
    let mut first: Option<(Timestamp, Key)> = None;
    for row in tx.fetch(&SALES, &rows_of(customers.iter())).await? {
        let unreadable =
            |error: serde_json::Error| Trouble::Unreadable { what: "sale", why: error.to_string() };
        let sale: Sale = serde_json::from_str(&row.text(2)?).map_err(unreadable)?;
        let found = (sale.paid_at, (row.int(0)?, row.text(1)?));
        if sale.stands() && first.as_ref().is_none_or(|first| found < *first) {
            first = Some(found);
        }
    }
    Ok(first)
}

/// When some customers first began a checkout since they were captured. Stripe tells whole seconds.
pub(super) async fn first_checkout(
    tx: &mut Tx<'_>,
    customers: &[Key],
    captured_at: Timestamp,
) -> Result<Option<Timestamp>, Trouble> {
    let rows = tx.fetch(&CHECKOUTS, &rows_of(customers.iter())).await?;
    let seconds: Vec<i64> = rows.iter().map(|row| row.int(0)).collect::<Result<_, _>>()?;
    let since = seconds.into_iter().filter(|second| *second >= captured_at.secs());
    Ok(since.min().map(|second| Timestamp::from_secs(second).max(captured_at)))
}

fn rows_of<'a>(keys: impl Iterator<Item = &'a Key>) -> Rows {
    let mut rows = Rows::default();
    for (source, id) in keys {
        rows.push([Cell::from(*source), id.as_str().into()]);
    }
    rows
}
