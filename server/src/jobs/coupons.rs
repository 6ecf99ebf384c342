//! Customers whose MRR waited for a coupon or a price that has arrived since: derived again, in
//! batches. One who cannot be derived keeps the mark, and holds up nobody.

use super::Span;
use crate::db::{Database, Query, Rows, Type};
use crate::error::Error;
use crate::ingest::{Key, Scope, Trouble, Unit, transact};
use std::collections::BTreeMap;
use std::time::Duration;
use tokio::time::Instant;

/// Marks taken up in one transaction.
const AT_ONCE: usize = 50;

/// For how long one who could not be derived is let lie by this process.
const LET_LIE: Duration = Duration::from_secs(3_600);

static ARRIVED: Query = Query::new(
    "load_waiting",
    "select w.source_id, w.customer, w.needs
     from {0} cross join waiting w
     where (w.source_id, w.customer, w.needs) > (t0.source_id, t0.customer, t0.needs)
       and exists (select 1 from facts f where f.source_id = w.source_id and f.object = w.needs)
     order by w.source_id, w.customer, w.needs limit 50",
    &[("source_id", Type::Int), ("customer", Type::Text), ("needs", Type::Text)],
);

/// A row of `waiting`: source, customer, and what was needed.
type Wait = (i64, String, String);

/// Who could not be derived, and until when nobody tries again.
#[derive(Debug, Default)]
pub(super) struct Aside(BTreeMap<Key, Instant>);

impl Aside {
    fn put(&mut self, (source, customer, needs): &Wait, trouble: &Trouble) {
        self.0.insert((*source, customer.clone()), Instant::now() + LET_LIE);
        metrics::counter!("customers_set_aside_total").increment(1);
        tracing::error!(
            source, customer, needs, error = %trouble,
            "what a customer waited for has arrived, and the customer cannot be derived: the row \
             of `waiting` stays, and is tried again in an hour"
        );
    }

    /// Those of whom nothing is known that speaks against a try.
    fn others(&self, waits: Vec<Wait>) -> Vec<Wait> {
        let now = Instant::now();
        let lies = |(source, customer, _): &Wait| {
            self.0.get(&(*source, customer.clone())).is_some_and(|until| *until > now)
        };
        waits.into_iter().filter(|wait| !lies(wait)).collect()
    }
}

/// Derives every customer again whose coupon or price has arrived; answers how many waits ended.
///
/// # Errors
///
/// If the database does not answer.
pub async fn settle_waiting(database: &Database) -> Result<usize, Error> {
    settle(database, &mut Aside::default(), Span::WHOLE).await
}

/// The same for so long, but for those who lie aside.
pub(super) async fn settle(
    database: &Database,
    aside: &mut Aside,
    span: Span,
) -> Result<usize, Error> {
    let (mut after, mut settled) = ((i64::MIN, String::new(), String::new()), 0);
    loop {
        let waits = next(database, &after).await?;
        let Some(last) = waits.last().cloned() else { return Ok(settled) };
        let is_full = waits.len() >= AT_ONCE;
        let waits = aside.others(waits);
        settled += match derive(database, &waits).await {
            Err(trouble) if trouble.is_of_its_data() => each(database, waits, aside).await?,
            ended => ended?,
        };
        if !is_full || span.is_over() {
            return Ok(settled);
        }
        after = last;
    }
}

async fn next(database: &Database, after: &Wait) -> Result<Vec<Wait>, Trouble> {
    let mut start = Rows::default();
    start.push([after.0.into(), after.1.as_str().into(), after.2.as_str().into()]);
    transact(database, async |tx| {
        let rows = tx.fetch(&ARRIVED, &start).await?;
        rows.iter().map(|row| Ok((row.int(0)?, row.text(1)?, row.text(2)?))).collect()
    })
    .await
}

/// Derives the customers of waits, and ends these.
async fn derive(database: &Database, waits: &[Wait]) -> Result<usize, Trouble> {
    if waits.is_empty() {
        return Ok(0);
    }
    transact(database, async |tx| {
        let mut scope = Scope::default();
        for (source, customer, needs) in waits {
            scope.customers.push((*source, customer.clone()));
            scope.arrived.push((*source, needs.clone(), customer.clone()));
        }
        scope.customers.dedup();
        Unit { shard: 0 }.derive(tx, &scope).await
    })
    .await?;
    Ok(waits.len())
}

/// The same one by one; who cannot be derived is set aside.
async fn each(database: &Database, waits: Vec<Wait>, aside: &mut Aside) -> Result<usize, Error> {
    let mut settled = 0;
    for wait in waits {
        match derive(database, std::slice::from_ref(&wait)).await {
            Err(trouble) if trouble.is_of_its_data() => aside.put(&wait, &trouble),
            ended => settled += ended?,
        }
    }
    Ok(settled)
}
