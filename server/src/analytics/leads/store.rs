//! What converted leads paid, and how many there are.

use super::Paid;
use crate::db::Type::{Int, Text};
use crate::db::{Database, Query, Rows};
use crate::error::Error;
use crate::ingest::Key;
use std::collections::BTreeSet;
use takings_core::affiliate::sale::Sale;
use takings_core::time::Timestamp;

static SALES: Query = Query::new(
    "sales_of_leads",
    "select s.source_id, s.customer, s.content from {0} cross join sales s
     where s.source_id = t0.number and s.customer = t0.buyer",
    &[("number", Int), ("buyer", Text)],
);

/// What customers have paid by an instant, refunds taken off, by currency.
pub(super) async fn paid(
    database: &Database,
    customers: &BTreeSet<Key>,
    as_of: Timestamp,
) -> Result<Paid, Error> {
    let mut wanted = Rows::default();
    for (source, customer) in customers {
        wanted.push([(*source).into(), customer.as_str().into()]);
    }
    let mut paid = Paid::new();
    for row in database.rows(&SALES, &wanted).await? {
        let sale: Sale = serde_json::from_str(&row.text(2)?).map_err(Error::internal)?;
        if sale.paid_at > as_of {
            continue;
        }
        let net = sale.net_at(as_of).map_err(|_| super::overflow())?;
        let sum = paid.entry((row.int(0)?, row.text(1)?)).or_default().entry(sale.currency);
        let sum = sum.or_insert(0);
        *sum = sum.checked_add(net).ok_or_else(super::overflow)?;
    }
    Ok(paid)
}

/// How many leads have converted, of how many who were no customers before.
pub(in crate::analytics) async fn counts(database: &Database) -> Result<(i64, i64), Error> {
    let text = "select
        (select count(*) from leads) as leads, count(c.paid_at) as paid,
        count(c.converted_at) as converted
        from lead_conversions c where c.revision =
            (select max(n.revision) from lead_conversions n where n.lead = c.lead)";
    let rows = database.fetch("lead_counts", text, Vec::new()).await?;
    let Some(row) = rows.first() else { return Ok((0, 0)) };
    let count = |name: &str| row.try_get::<i64>("", name);
    let (leads, paid, converted) = (count("leads")?, count("paid")?, count("converted")?);
    Ok((converted, leads - (paid - converted).max(0)))
}
