//! What the customers of a scope have bought.

use super::super::Scope;
use super::{place, ranges, within};
use crate::db::Database;
use crate::error::Error;
use sea_orm::QueryResult;
use takings_core::affiliate::sale::Sale;
use takings_core::money::Currency;
use takings_core::time::{Range, Timestamp};

const JOIN: &str = "join sales s on s.source_id = n.source_id and s.customer = n.customer";

fn currency(row: &QueryResult) -> Result<Currency, Error> {
    let currency: String = row.try_get("", "currency")?;
    Currency::parse(&currency).map_err(Error::internal)
}

/// What was paid by range and currency, tax included.
pub(in crate::affiliate::partner_analytics) async fn sold(
    database: &Database,
    scope: &Scope,
    of: &[Range],
) -> Result<Vec<(usize, Currency, i64)>, Error> {
    let (condition, values) = within(scope, "n");
    let text = format!(
        "{} select cast(b.place as bigint) as place, s.currency, cast(sum(s.amount) as bigint) as sold
         from bindings n {JOIN} join b on s.paid_at >= b.low and s.paid_at < b.high
         where {condition} group by b.place, s.currency",
        ranges(of)
    );
    let rows = database.fetch("partner_sold", text, values).await?;
    rows.iter().map(|row| Ok((place(row)?, currency(row)?, row.try_get("", "sold")?))).collect()
}

/// What was paid before an instant, by currency, and by how many.
pub(in crate::affiliate::partner_analytics) async fn ever_sold(
    database: &Database,
    scope: &Scope,
    end: Timestamp,
) -> Result<Vec<(Currency, i64, i64)>, Error> {
    let (condition, mut values) = within(scope, "n");
    values.push(end.0.into());
    let text = format!(
        "select s.currency, cast(sum(s.amount) as bigint) as sold,
                count(distinct n.customer) as customers
         from bindings n {JOIN} where {condition} and s.paid_at < ${} group by s.currency",
        values.len()
    );
    let rows = database.fetch("partner_ever_sold", text, values).await?;
    let read = |row: &QueryResult| {
        Ok((currency(row)?, row.try_get("", "sold")?, row.try_get("", "customers")?))
    };
    rows.iter().map(read).collect()
}

/// The sales that were paid before an instant and of which something may have gone back.
pub(in crate::affiliate::partner_analytics) async fn returned(
    database: &Database,
    scope: &Scope,
    end: Timestamp,
) -> Result<Vec<Sale>, Error> {
    let (condition, mut values) = within(scope, "n");
    values.push(end.0.into());
    let text = format!(
        "select s.content from bindings n {JOIN}
         where {condition} and s.paid_at < ${} and s.returns = 1",
        values.len()
    );
    let rows = database.fetch("partner_returned", text, values).await?;
    let read = |row: &QueryResult| {
        let content: String = row.try_get("", "content")?;
        serde_json::from_str(&content).map_err(Error::internal)
    };
    rows.iter().map(read).collect()
}
