//! Sales, bindings and commissions derived again.

use super::{Walk, store};
use crate::affiliate::commissions::{Mode, settle};
use crate::affiliate::sales::{self, Affected, Marked};
use crate::db::{Query, Tx};
use crate::error::Error;
use crate::ingest::{Key, Trouble, Unit, transact};
use crate::jobs::settle_marked;

/// Derives all sales, and the commissions of every customer who is bound; answers how many
/// settlements and customers, and how much differed. Settlements wait for the job that were derived
/// again before, or that have changed since: the one is done here, the other is no difference.
pub(super) async fn rebuild(walk: &Walk<'_>) -> Result<(usize, usize), Error> {
    let (mut derived, mut differences) = (0, 0);
    if !walk.verify {
        sales::try_again(walk.database).await?;
        (derived, differences) = settle_marked(walk.database).await?;
    }
    if walk.verify {
        (derived, differences) = every(walk, &store::SALES, Part::Sales).await?;
    }
    let (bound, differed) = every(walk, &store::BOUND, Part::Bindings).await?;
    Ok((derived + bound, differences + differed))
}

#[derive(Clone, Copy)]
enum Part {
    Sales,
    Bindings,
}

async fn every(
    walk: &Walk<'_>,
    query: &'static Query,
    part: Part,
) -> Result<(usize, usize), Error> {
    let mut after: Key = (i64::MIN, String::new());
    let (mut derived, mut differences) = (0, 0);
    loop {
        let keys = walk.next(query, &after).await?;
        let Some(last) = keys.last().cloned() else { return Ok((derived, differences)) };
        derived += keys.len();
        differences += if walk.verify {
            let mut conn = walk.database.conn().await?;
            let mut tx = conn.begin().await?;
            let found = derive(&mut tx, part, keys).await;
            tx.rollback().await?;
            conn.keep();
            found?
        } else {
            transact(walk.database, async |tx| derive(tx, part, keys.clone()).await).await?
        };
        after = last;
    }
}

/// Answers how many customers' sales or touches differed, and how many of their targets.
async fn derive(tx: &mut Tx<'_>, part: Part, keys: Vec<Key>) -> Result<usize, Trouble> {
    let batch = Unit { shard: 0 }.open(tx).await?;
    let mut differences = 0;
    let affected = match part {
        Part::Sales => {
            let affected = sales::derive(tx, batch, &Marked::plain(keys)).await?;
            differences += affected.customers().count();
            affected
        }
        Part::Bindings => {
            let mut affected = Affected::default();
            keys.into_iter().for_each(|customer| affected.whole(customer));
            affected
        }
    };
    let settled = settle(tx, batch, &affected, Mode::Post).await?;
    Ok(differences + settled.differences())
}
