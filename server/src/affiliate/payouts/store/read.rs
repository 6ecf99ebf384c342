//! What readers see of batches and payouts.

use crate::affiliate::payouts::entity::{BatchRow, Row, SumsRow};
use crate::affiliate::payouts::{Batch, Payout, Sums};
use crate::db::Database;
use crate::error::Error;
use sea_orm::{FromQueryResult, QueryResult, Value};
use std::collections::BTreeMap;

const BATCHES: &str = "select id, program, through_at, left_out, created_at from payout_batches";

/// Reads a batch.
pub(in crate::affiliate::payouts) async fn find(
    database: &Database,
    id: &str,
) -> Result<Option<Batch>, Error> {
    let text = format!("{BATCHES} where id = $1");
    Ok(batches(database, text, vec![id.into()]).await?.pop())
}

/// Batches, the newest first.
pub(in crate::affiliate::payouts) async fn page(
    database: &Database,
    program: &str,
    before: Option<&str>,
    limit: u64,
) -> Result<Vec<Batch>, Error> {
    let conditions = [("program =", Some(program)), ("id <", before)];
    let (mut text, mut values) = (format!("{BATCHES} where 1 = 1"), Vec::new());
    for (condition, value) in conditions {
        if let Some(value) = value.filter(|value| !value.is_empty()) {
            values.push(Value::from(value));
            text.push_str(&format!(" and {condition} ${}", values.len()));
        }
    }
    text.push_str(&format!(" order by id desc limit {limit}"));
    batches(database, text, values).await
}

async fn batches(
    database: &Database,
    text: String,
    values: Vec<Value>,
) -> Result<Vec<Batch>, Error> {
    let rows = database.fetch("payout_batches", text, values).await?;
    let rows: Vec<BatchRow> = read(&rows)?;
    let ids: Vec<&str> = rows.iter().map(BatchRow::id).collect();
    let mut sums = sums(database, &ids).await?;
    let batch = |row: BatchRow| {
        let sums = sums.remove(row.id()).unwrap_or_default();
        row.batch(sums)
    };
    rows.into_iter().map(batch).collect()
}

/// What the payouts of batches add up to, by batch.
async fn sums(database: &Database, batches: &[&str]) -> Result<BTreeMap<String, Sums>, Error> {
    let mut found: BTreeMap<String, Sums> = BTreeMap::new();
    if batches.is_empty() {
        return Ok(found);
    }
    let places: Vec<String> = (1..=batches.len()).map(|place| format!("${place}")).collect();
    let text = format!(
        "select payout_batch, currency, count(*) as payouts, cast(sum(amount) as bigint) as amount,
                cast(sum(case when state in ('approved', 'sent') then 1 else 0 end) as bigint)
                    as open
         from payouts where payout_batch in ({}) group by payout_batch, currency",
        places.join(", ")
    );
    let values = batches.iter().map(|id| Value::from(*id)).collect();
    for row in read::<SumsRow>(&database.fetch("payout_sums", text, values).await?)? {
        row.add_to(found.entry(row.payout_batch.clone()).or_default())?;
    }
    Ok(found)
}

/// Payouts of a batch, by id.
pub(in crate::affiliate::payouts) async fn payouts(
    database: &Database,
    batch: &str,
    after: Option<&str>,
    limit: u64,
) -> Result<Vec<Payout>, Error> {
    let text = format!(
        "select id, payout_batch, program, partner, currency, amount, commissions, state, method,
                reference, failure_reason, settled_at
         from payouts where payout_batch = $1 and id > $2 order by id limit {limit}"
    );
    let values = vec![batch.into(), after.unwrap_or_default().into()];
    let rows: Vec<Row> = read(&database.fetch("payouts", text, values).await?)?;
    rows.into_iter().map(Row::payout).collect()
}

fn read<T: FromQueryResult>(rows: &[QueryResult]) -> Result<Vec<T>, Error> {
    Ok(rows.iter().map(|row| T::from_query_result(row, "")).collect::<Result<_, _>>()?)
}
