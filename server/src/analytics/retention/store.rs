//! Sums movements by customer.

use crate::analytics::rollups::narrow;
use crate::analytics::scope::Scope;
use crate::db::Database;
use crate::error::Error;
use sea_orm::{QueryResult, Value};
use std::collections::BTreeMap;
use takings_core::billing::Definition;
use takings_core::metrics::Cohort;
use takings_core::money::Currency;
use takings_core::time::Range;

/// The customers with MRR at the start of the scope's range, by currency.
pub(in crate::analytics) async fn cohorts(
    database: &Database,
    scope: &Scope,
) -> Result<BTreeMap<Currency, Cohort>, Error> {
    let Range { start, end } = scope.range;
    let mut values: Vec<Value> =
        vec![start.0.into(), Definition::default().name.into(), end.0.into()];
    let batches = match scope.known {
        Some(known) => {
            values.push(known.0.into());
            "join batches b on b.id = m.batch and b.recorded_at <= $4"
        }
        None => "",
    };
    let rows = database.fetch("cohorts", text(batches), values).await?;
    let mut cohorts = BTreeMap::new();
    for row in rows {
        let currency: String = row.try_get("", "currency")?;
        if let Ok(currency) = Currency::parse(&currency) {
            cohorts.insert(currency, cohort(&row)?);
        }
    }
    Ok(cohorts)
}

fn text(batches: &str) -> String {
    format!(
        "select c.currency, count(*) as customers, cast(sum(c.started) as text) as started,
            cast(sum(c.ended) as text) as ended,
            cast(sum(case when c.ended < c.started then c.ended else c.started end) as text) as kept,
            count(case when c.ended <= 0 then 1 end) as lost
         from (
            select m.currency as currency,
                sum(case when m.occurred_at < $1 then m.units else 0 end) as started,
                sum(m.units) as ended
            from mrr_movements m {batches}
            where m.definition = $2 and m.occurred_at < $3
            group by m.source_id, m.customer, m.currency) c
         where c.started > 0
         group by c.currency"
    )
}

fn cohort(row: &QueryResult) -> Result<Cohort, Error> {
    let sum = |column: &str| -> Result<i64, Error> {
        let text: String = row.try_get("", column)?;
        narrow(text.parse().map_err(Error::internal)?)
    };
    Ok(Cohort {
        customers: row.try_get("", "customers")?,
        start: sum("started")?,
        end: sum("ended")?,
        kept: sum("kept")?,
        lost: row.try_get("", "lost")?,
    })
}
