//! Sales, bindings and commissions derived again.

use super::{Walk, store};
use crate::affiliate::commissions::{Mode, settle};
use crate::affiliate::sales::{self, Affected, Marked};
use crate::db::{Failure, Query, Tx};
use crate::error::Error;
use crate::ingest::{Key, Trouble, Unit, rehearse, transact};
use crate::jobs::settle_marked;
use std::collections::BTreeSet;

/// What came of it.
#[derive(Debug, Default)]
pub(super) struct Done {
    /// Settlements and customers that were derived.
    pub(super) derived: usize,
    /// How much differed.
    pub(super) differences: usize,
    /// Settlements and customers that cannot be computed.
    pub(super) aside: BTreeSet<Key>,
}

/// Derives all sales, and the commissions of every customer who is bound. Settlements wait for the job
/// that were derived again before, or that have changed since: the one is done here, the other is no
/// difference. What cannot be computed is set aside, or, with `verify`, only told.
pub(super) async fn rebuild(walk: &Walk<'_>) -> Result<Done, Error> {
    let mut done = Done::default();
    if walk.verify {
        every(walk, (&store::SALES, Part::Sales), &mut done).await?;
    } else {
        sales::try_again(walk.database).await?;
        (done.derived, done.differences) = settle_marked(walk.database).await?;
    }
    every(walk, (&store::BOUND, Part::Bindings), &mut done).await?;
    done.aside.extend(sales::aside(walk.database).await?);
    Ok(done)
}

#[derive(Clone, Copy)]
enum Part {
    Sales,
    Bindings,
}

async fn every(
    walk: &Walk<'_>,
    (query, part): (&'static Query, Part),
    done: &mut Done,
) -> Result<(), Error> {
    let mut after: Key = (i64::MIN, String::new());
    loop {
        let keys = walk.next(query, &after).await?;
        let Some(last) = keys.last().cloned() else { return Ok(()) };
        done.derived += keys.len();
        match attempt(walk, part, keys.clone()).await {
            Err(trouble) if trouble.failure() == Failure::Data => {
                each(walk, part, keys, done).await?;
            }
            found => done.differences += found?,
        }
        after = last;
    }
}

/// Derives each for itself, and sets aside what fails again.
async fn each(walk: &Walk<'_>, part: Part, keys: Vec<Key>, done: &mut Done) -> Result<(), Error> {
    for key in keys {
        match attempt(walk, part, vec![key.clone()]).await {
            Err(trouble) if trouble.failure() == Failure::Data => {
                if !walk.verify {
                    set_aside(walk, key.clone()).await?;
                }
                done.aside.insert(key);
            }
            found => done.differences += found?,
        }
    }
    Ok(())
}

/// Only customers are walked over where something is stored.
async fn set_aside(walk: &Walk<'_>, customer: Key) -> Result<(), Error> {
    let set = transact(walk.database, async move |tx| {
        let batch = Unit { shard: 0 }.open(tx).await?;
        Marked::customer(customer.clone(), batch).set_aside(tx, batch).await
    });
    Ok(set.await?)
}

async fn attempt(walk: &Walk<'_>, part: Part, keys: Vec<Key>) -> Result<usize, Trouble> {
    let work = async |tx: &mut Tx<'_>| derive(tx, part, keys.clone()).await;
    match walk.verify {
        true => rehearse(walk.database, work).await,
        false => transact(walk.database, work).await,
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
