//! Leads and customers of a partner who came without a valid click.

use crate::db::Type::Text;
use crate::db::{Cell, Query, Rows, Tx};
use crate::ingest::Trouble;

/// A person counts once: who was captured as a lead with a click, by that click alone; any other
/// customer by all touches of the partner.
static COUNT: Query = Query::new(
    "fraud_clickless",
    "select (select count(*) from leads l where l.unclicked_partner = t0.payee)
          + (select count(*) from (
                select t.customer from touches t left join clicks c on c.id = t.id
                where t.partner = t0.payee and t.program = t0.wanted and not exists (
                    select 1 from touches l
                    where l.program = '' and l.source_id = t.source_id
                      and l.customer = t.customer and substr(l.id, 1, 5) = 'lead_')
                group by t.customer
                having max(case when t.kind = 'coupon'
                    or c.outcome in ('valid', 'dedup_unknown', 'duplicate')
                    then 1 else 0 end) = 0) as referred)
     from {0}",
    &[("wanted", Text), ("payee", Text)],
);

/// How many there are.
pub(in crate::affiliate::fraud) async fn count(
    tx: &mut Tx<'_>,
    program: &str,
    partner: &str,
) -> Result<i64, Trouble> {
    let mut row = Rows::default();
    row.push([program, partner].map(Cell::from));
    let rows = tx.fetch(&COUNT, &row).await?;
    Ok(rows.first().map(|row| row.int(0)).transpose()?.unwrap_or_default())
}
