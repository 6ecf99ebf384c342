//! Customers whose MRR waited for a coupon that has arrived since: derived again, in batches.

use crate::db::{Database, Query, Rows};
use crate::error::Error;
use crate::ingest::{Scope, Trouble, Unit, transact};

/// Customers derived in one transaction.
const AT_ONCE: i64 = 50;

static ARRIVED: Query = Query::new(
    "load_waiting",
    "select w.source_id, w.needs, w.customer
     from waiting w
     where exists (select 1 from facts f where f.source_id = w.source_id and f.object = w.needs)
     order by w.source_id, w.customer, w.needs limit 50",
    &[],
);

/// Derives every customer again whose coupon has arrived; answers how many waits ended.
pub async fn settle_waiting(database: &Database) -> Result<usize, Error> {
    let mut settled = 0;
    loop {
        let ended = transact(database, async |tx| {
            let mut scope = Scope::default();
            for row in tx.fetch(&ARRIVED, &Rows::default()).await? {
                let (source, customer) = (row.int(0)?, row.text(2)?);
                scope.customers.push((source, customer.clone()));
                scope.arrived.push((source, row.text(1)?, customer));
            }
            scope.customers.dedup();
            let ended = scope.arrived.len();
            if ended > 0 {
                Unit { shard: 0 }.derive(tx, &scope).await?;
            }
            Ok::<usize, Trouble>(ended)
        })
        .await?;
        settled += ended;
        if (ended as i64) < AT_ONCE {
            return Ok(settled);
        }
    }
}
