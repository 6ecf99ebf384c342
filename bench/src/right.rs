//! How many final states are right after a delivery: MRR per customer and currency, against the
//! simulator's own account.

use crate::place::options;
use sea_orm::{ConnectionTrait, Statement};
use std::collections::BTreeMap;
use takings_server::db::Database;
use takings_simulator::Truth;

/// Right and all final states.
pub(crate) async fn share(url: &str, truth: &Truth, end: i64) -> anyhow::Result<(usize, usize)> {
    let database = Database::open(&options(url)).await?;
    let query = format!(
        "select customer, currency, cast(sum(units) as bigint) as units from mrr_movements
         where occurred_at < {} group by customer, currency",
        end * 1_000_000
    );
    let rows =
        database.read.query_all_raw(Statement::from_string(database.kind.into(), query)).await?;
    let mut ours: BTreeMap<(String, String), i128> = BTreeMap::new();
    for row in rows {
        let units: i64 = row.try_get("", "units")?;
        ours.insert((row.try_get("", "customer")?, row.try_get("", "currency")?), units.into());
    }
    let right = truth.mrr.keys().filter(|(customer, currency)| {
        let wanted = truth.mrr_at(customer, currency, end - 1);
        ours.get(&(customer.clone(), currency.clone())).copied().unwrap_or(0) == wanted
    });
    Ok((right.count(), truth.mrr.len()))
}
