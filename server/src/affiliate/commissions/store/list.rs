//! Commissions as they are read: with how their sales stand, and their payouts.

use super::super::list::{Commission, Filter};
use super::entity::Found;
use crate::db::Type::{Int, Text};
use crate::db::{Database, Query, Rows, Tx};
use crate::error::Error;
use crate::ingest::Key;
use sea_orm::{FromQueryResult, Value};

/// The columns; `$now` stands for the present instant. Approval by rule waits for the hold's end.
macro_rules! state {
    ($now:literal) => {
        concat!(
            "case when p.state = 'paid' then 'paid'
                  when c.payout is not null then 'in_payout'
                  when e.state = 'approved' and e.reason = 'auto' and e.due_at > ",
            $now,
            " then 'pending'
                  else coalesce(e.state, 'pending') end"
        )
    };
}

macro_rules! columns {
    ($now:literal) => {
        concat!(
            "select c.id, c.program, c.partner, c.link, c.customer, s.name as source,
                    c.source_id, c.sale, c.kind, c.revision, c.currency, c.amount, c.base,
                    c.rate_bps, c.terms_version, c.occurred_at, coalesce(e.due_at, c.occurred_at)
                    as due_at, b.recorded_at, c.payout, ",
            state!($now),
            " as state, case when e.reason = 'auto' then '' else coalesce(e.reason, '') end
              as reason, coalesce(nullif(sold.currency, ''), c.currency) as base_currency "
        )
    };
}

macro_rules! joins {
    () => {
        " join batches b on b.id = c.batch
          join sources s on s.id = c.source_id
          left join earnings e on e.program = c.program and e.source_id = c.source_id
               and e.sale = c.sale and e.partner = c.partner and e.currency = c.currency
          left join payouts p on p.id = c.payout
          left join sales sold on sold.source_id = c.source_id and sold.id = c.sale "
    };
}

static BY_ID: Query = Query::new(
    "commissions_by_id",
    concat!(
        columns!("t0.now"),
        "from {0} cross join commissions c",
        joins!(),
        "where c.id = t0.wanted"
    ),
    &[("wanted", Text), ("now", Int)],
);

static OF_SALE: Query = Query::new(
    "commissions_of_sale",
    concat!(
        columns!("t0.now"),
        "from {0} cross join commissions c",
        joins!(),
        "where c.program = t0.program and c.source_id = t0.source_id and c.sale = t0.sold"
    ),
    &[("program", Text), ("source_id", Int), ("sold", Text), ("now", Int)],
);

impl Commission {
    fn read(row: &crate::db::Row) -> Result<Commission, crate::db::Error> {
        Ok(Commission {
            id: row.text(0)?,
            program: row.text(1)?,
            partner: row.text(2)?,
            link: row.opt_text(3)?,
            customer: row.text(4)?,
            source: row.text(5)?,
            source_id: row.int(6)?,
            sale: row.text(7)?,
            kind: row.text(8)?,
            revision: row.int(9)?,
            currency: row.text(10)?,
            amount: row.int(11)?,
            base: row.int(12)?,
            rate_bps: row.opt_int(13)?,
            terms_version: row.int(14)?,
            occurred_at: row.int(15)?,
            due_at: row.int(16)?,
            recorded_at: row.int(17)?,
            payout: row.opt_text(18)?,
            state: row.text(19)?,
            reason: row.text(20)?,
            base_currency: row.text(21)?,
        })
    }
}

/// The commissions of some ids, in any order.
pub(in crate::affiliate::commissions) async fn by_id(
    tx: &mut Tx<'_>,
    ids: &[String],
    now: i64,
) -> Result<Vec<Commission>, Error> {
    let mut set = Rows::default();
    ids.iter().for_each(|id| set.push([id.as_str().into(), now.into()]));
    let rows = tx.fetch(&BY_ID, &set).await?;
    Ok(rows.iter().map(Commission::read).collect::<Result<_, _>>()?)
}

/// All commissions of a sale, the oldest first.
pub(in crate::affiliate::commissions) async fn of_sale(
    tx: &mut Tx<'_>,
    program: &str,
    (source, sale): &Key,
    now: i64,
) -> Result<Vec<Commission>, Error> {
    let mut set = Rows::default();
    set.push([program.into(), (*source).into(), sale.as_str().into(), now.into()]);
    let rows = tx.fetch(&OF_SALE, &set).await?;
    let mut found: Vec<Commission> = rows.iter().map(Commission::read).collect::<Result<_, _>>()?;
    found.sort_by(|a, b| (a.occurred_at, &a.id).cmp(&(b.occurred_at, &b.id)));
    Ok(found)
}

/// Commissions that a filter lets through, the latest in business time first.
pub(in crate::affiliate::commissions) async fn read(
    database: &Database,
    Filter { program, partner, customer, payout, state, occurred }: &Filter,
    (after, limit): (Option<&(i64, String)>, u64),
    now: i64,
) -> Result<Vec<Commission>, Error> {
    let mut text =
        concat!(columns!("$1"), "from commissions c", joins!(), "where c.id <> ''").to_owned();
    let mut values: Vec<Value> = vec![now.into()];
    let mut add = |condition: &str, value: Value| {
        values.push(value);
        text.push_str(&format!(" and {}", condition.replace('?', &format!("${}", values.len()))));
    };
    for (condition, value) in [
        ("c.program = ?", program),
        ("c.partner = ?", partner),
        ("c.customer = ?", customer),
        ("c.payout = ?", payout),
    ] {
        if !value.is_empty() {
            add(condition, value.as_str().into());
        }
    }
    if let Some(state) = state {
        add(concat!(state!("$1"), " = ?"), (*state).into());
    }
    if let Some(start) = occurred.start {
        add("c.occurred_at >= ?", start.into());
    }
    if let Some(end) = occurred.end {
        add("c.occurred_at < ?", end.into());
    }
    if let Some((at, id)) = after {
        add("c.occurred_at <= ?", (*at).into());
        add("(c.occurred_at, c.id) < (?, ", (*at).into());
        values.push(id.as_str().into());
        text.push_str(&format!("${})", values.len()));
    }
    text.push_str(&format!(" order by c.occurred_at desc, c.id desc limit {limit}"));
    let rows = database.fetch("commissions", text, values).await?;
    let rows = rows.iter().map(|row| Found::from_query_result(row, "").map(Into::into));
    Ok(rows.collect::<Result<_, _>>()?)
}
