//! What clicks, bindings, sales and commissions add up to in some ranges.

#[cfg(test)]
mod plans;
mod sales;

pub(super) use sales::{ever_sold, returned, sold};

use super::Scope;
use crate::db::Database;
use crate::error::Error;
use sea_orm::Value;
use takings_core::money::Currency;
use takings_core::time::{Range, Timestamp};

/// A step on the way of a customer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// The customer was bound.
    Lead,
    /// The first trial began.
    Trial,
    /// The first sale was paid.
    Conversion,
}

impl Step {
    /// Every step.
    pub(super) const ALL: [Step; 3] = [Step::Lead, Step::Trial, Step::Conversion];
}

/// Commissions of one state in one range.
#[derive(Clone, Debug)]
pub(super) struct Earned {
    /// Which range.
    pub(super) place: usize,
    pub(super) currency: Currency,
    /// How their sales stand.
    pub(super) state: String,
    /// Whether the hold is over.
    pub(super) over: bool,
    /// How far the payout is that has them.
    pub(super) payout: Option<String>,
    pub(super) amount: i64,
    /// What of it was taken back, as a positive amount.
    pub(super) reversed: i64,
}

/// The ranges as a table `b` of place, low and high.
fn ranges(ranges: &[Range]) -> String {
    let row =
        |(place, range): (usize, &Range)| format!("({place}, {}, {})", range.start.0, range.end.0);
    let rows: Vec<String> = ranges.iter().enumerate().map(row).collect();
    format!("with b(place, low, high) as (values {})", rows.join(", "))
}

/// The conditions of a scope on a table that names program, partner and link; and their values.
fn within(scope: &Scope, table: &str) -> (String, Vec<Value>) {
    let mut text = format!("{table}.program = $1");
    let mut values = vec![Value::from(scope.program.as_str())];
    for (column, wanted) in [("partner", &scope.partner), ("link", &scope.link)] {
        if let Some(wanted) = wanted {
            values.push(wanted.as_str().into());
            text.push_str(&format!(" and {table}.{column} = ${}", values.len()));
        }
    }
    (text, values)
}

fn place(row: &sea_orm::QueryResult) -> Result<usize, Error> {
    usize::try_from(row.try_get::<i64>("", "place")?).map_err(Error::internal)
}

/// Whether a link is of the scope's partner or program.
pub(super) async fn has_link(
    database: &Database,
    scope: &Scope,
    link: &str,
) -> Result<bool, Error> {
    let mut text =
        "select l.id from affiliate_links l where l.id = $1 and l.program = $2".to_owned();
    let mut values: Vec<Value> = vec![link.into(), scope.program.as_str().into()];
    if let Some(partner) = &scope.partner {
        text.push_str(" and l.partner = $3");
        values.push(partner.as_str().into());
    }
    Ok(!database.fetch("partner_link", text, values).await?.is_empty())
}

/// The instant before which nothing of a scope happened.
pub(super) async fn beginning(database: &Database, scope: &Scope) -> Result<Timestamp, Error> {
    let mut earliest: Option<i64> = None;
    for (table, column) in [("bindings", "bound_at"), ("commissions", "occurred_at")] {
        let (condition, values) = within(scope, "x");
        let text = format!("select min(x.{column}) as first from {table} x where {condition}");
        let rows = database.fetch("partner_beginning", text, values).await?;
        let found: Option<i64> =
            rows.first().map(|row| row.try_get("", "first")).transpose()?.flatten();
        earliest = earliest.into_iter().chain(found).min();
    }
    for (name, first) in
        [("partner_first_click", FIRST_CLICK), ("partner_first_count", FIRST_COUNT)]
    {
        let (text, values) = first_of_links(scope, first);
        let rows = database.fetch(name, text, values).await?;
        let found: Option<i64> =
            rows.first().map(|row| row.try_get("", "first")).transpose()?.flatten();
        earliest = earliest.into_iter().chain(found).min();
    }
    let text = "select created_at from programs where id = $1";
    let rows = database.fetch("partner_program", text, vec![scope.program.as_str().into()]).await?;
    let made: Option<i64> = rows.first().map(|row| row.try_get("", "created_at")).transpose()?;
    Ok(Timestamp(earliest.into_iter().chain(made).min().unwrap_or_default()))
}

/// When a link's first click was made: clicks are found by their links, they have no index by program.
const FIRST_CLICK: &str = "(select min(c.clicked_at) from clicks c where c.link = l.id)";
/// The same of those that are only counted.
const FIRST_COUNT: &str =
    "(select min(k.day) from click_counts k where k.link = l.id) * 86400000000";

fn first_of_links(scope: &Scope, first: &str) -> (String, Vec<Value>) {
    let (condition, values) = within(scope, "l");
    let of_links = condition.replace("l.link", "l.id");
    (format!("select min({first}) as first from affiliate_links l where {of_links}"), values)
}

/// When the oldest settlement or customer was marked that is not derived yet.
pub(super) async fn oldest_changed_sale(database: &Database) -> Result<Option<Timestamp>, Error> {
    let text = "select min(b.recorded_at) as since
                from (select batch from changed_sales union all select batch from changed_customers) c
                join batches b on b.id = c.batch";
    let rows = database.fetch("changed_sales_since", text, Vec::new()).await?;
    let since: Option<i64> =
        rows.first().map(|row| row.try_get("", "since")).transpose()?.flatten();
    Ok(since.map(Timestamp))
}

/// Clicks by range: whether they count, how many, of how many visitors of a day. Those that are
/// only counted belong to the range that holds their day's first instant, and of them visitors are
/// told apart within a link.
pub(super) async fn clicks(
    database: &Database,
    scope: &Scope,
    of: &[Range],
) -> Result<Vec<(usize, bool, i64, i64)>, Error> {
    let (text, values) = clicks_of(scope, of);
    let rows = database.fetch("partner_clicks", text, values).await?;
    let read = |row: &sea_orm::QueryResult| {
        let counts: i64 = row.try_get("", "counts")?;
        Ok((place(row)?, counts > 0, row.try_get("", "clicks")?, row.try_get("", "visitors")?))
    };
    rows.iter().map(read).collect()
}

fn clicks_of(scope: &Scope, of: &[Range]) -> (String, Vec<Value>) {
    let (condition, values) = within(scope, "l");
    let condition = condition.replace("l.link", "l.id");
    let counts = |table: &str| {
        format!("case when {table}.outcome in ('valid', 'dedup_unknown') then 1 else 0 end")
    };
    let text = format!(
        "{} select cast(b.place as bigint) as place, cast({} as bigint) as counts,
                   count(*) as clicks, count(distinct coalesce(c.visitor, c.id)) as visitors
         from b join affiliate_links l on {condition}
         join clicks c on c.link = l.id and c.clicked_at >= b.low and c.clicked_at < b.high
         group by b.place, {}
         union all
         select cast(b.place as bigint), cast({} as bigint), cast(sum(k.clicks) as bigint),
                cast(sum(k.visitors) as bigint)
         from b join click_counts k
             on k.day * 86400000000 >= b.low and k.day * 86400000000 < b.high
         join affiliate_links l on l.id = k.link
         where {condition} group by b.place, {}",
        ranges(of),
        counts("c"),
        counts("c"),
        counts("k"),
        counts("k"),
    );
    (text, values)
}

/// Customers who took a step, by the range in which they did.
pub(super) async fn customers(
    database: &Database,
    scope: &Scope,
    of: &[Range],
    step: Step,
) -> Result<Vec<(usize, i64)>, Error> {
    let (condition, values) = within(scope, "n");
    // A person has one name, whichever source tells it.
    let key = "group by n.customer";
    let firsts = match step {
        Step::Lead => {
            format!("select min(n.bound_at) as at from bindings n where {condition} {key}")
        }
        Step::Trial => format!(
            "select min(p.at) * 1000000 as at from bindings n
             join subscription_points p on p.source_id = n.source_id and p.customer = n.customer
             where {condition} and p.status = 'trialing' {key}"
        ),
        Step::Conversion => format!(
            "select min(s.paid_at) as at from bindings n
             join sales s on s.source_id = n.source_id and s.customer = n.customer
             where {condition} and s.amount > 0 {key}"
        ),
    };
    let text = format!(
        "{} select cast(b.place as bigint) as place, count(*) as customers
         from ({firsts}) f join b on f.at >= b.low and f.at < b.high group by b.place",
        ranges(of)
    );
    let rows = database.fetch("partner_customers", text, values).await?;
    rows.iter().map(|row| Ok((place(row)?, row.try_get("", "customers")?))).collect()
}

/// Commissions by range, currency and state.
pub(super) async fn earned(
    database: &Database,
    scope: &Scope,
    of: &[Range],
    now: Timestamp,
) -> Result<Vec<Earned>, Error> {
    let (condition, values) = within(scope, "c");
    let over = format!("case when e.due_at <= {} then 1 else 0 end", now.0);
    let text = format!(
        "{} select cast(b.place as bigint) as place, c.currency,
                   coalesce(e.state, '') as state, cast({over} as bigint) as is_over,
                   o.state as payout_state, cast(sum(c.amount) as bigint) as amount,
                   cast(sum(case when c.kind = 'earned' then 0 else -c.amount end) as bigint)
                       as reversed
         from b join commissions c on c.occurred_at >= b.low and c.occurred_at < b.high
         left join earnings e on e.program = c.program and e.source_id = c.source_id
             and e.sale = c.sale and e.partner = c.partner and e.currency = c.currency
         left join payouts o on o.id = c.payout
         where {condition}
         group by b.place, c.currency, coalesce(e.state, ''), {over}, o.state",
        ranges(of)
    );
    let rows = database.fetch("partner_earned", text, values).await?;
    let read = |row: &sea_orm::QueryResult| {
        let (currency, over): (String, i64) =
            (row.try_get("", "currency")?, row.try_get("", "is_over")?);
        Ok(Earned {
            place: place(row)?,
            currency: Currency::parse(&currency).map_err(Error::internal)?,
            state: row.try_get("", "state")?,
            over: over > 0,
            payout: row.try_get("", "payout_state")?,
            amount: row.try_get("", "amount")?,
            reversed: row.try_get("", "reversed")?,
        })
    };
    rows.iter().map(read).collect()
}
