//! Sales that have changed, and what they earn: derived in batches.

use super::Span;
use crate::affiliate::commissions::{Mode, settle};
use crate::affiliate::sales::{self, Marked};
use crate::db::{Database, Failure, Tx};
use crate::error::Error;
use crate::ingest::{Trouble, Unit, transact};
use crate::lead;

/// How many marks of a kind the first turn takes.
const FIRST: usize = 20;
/// The most that a turn takes: each takes twice as many as the one before. So a sale waits for few
/// others, and of many that wait, those of one partner's period derive it a few times.
const MOST: usize = 160;

/// Derives the commissions of every marked settlement, and of those whose click has arrived;
/// answers how many settlements that were.
///
/// # Errors
///
/// If the database does not answer, or holds what this binary cannot read.
pub async fn settle_commissions(database: &Database) -> Result<usize, Error> {
    Ok(settle_marked(database).await?.0)
}

/// The same; answers also how much differed from what was stored.
pub(crate) async fn settle_marked(database: &Database) -> Result<(usize, usize), Error> {
    let all = settle_for(database, Span::WHOLE).await?;
    Ok((all.settled, all.differed))
}

/// The same for so long; what it answers says whether more may wait.
///
/// A mark whose sales cannot be computed, such as sums beyond 64 bits, is set aside, and shows in
/// `settled_through_time`: the sales of everybody else are derived all the same.
pub(crate) async fn settle_for(database: &Database, span: Span) -> Result<Turn, Error> {
    let (mut all, mut most) = (Turn::default(), FIRST);
    loop {
        let turn = transact(database, async move |tx| {
            let marked = Marked::next(tx, most).await?;
            derive(tx, &marked).await
        });
        let turn = match turn.await {
            Err(trouble) if trouble.failure() == Failure::Data => each(database, most).await?,
            turn => turn?,
        };
        most = MOST.min(most * 2);
        all.settled += turn.settled;
        all.differed += turn.differed;
        all.more = turn.more;
        if !all.more || span.is_over() {
            return Ok(all);
        }
    }
}

/// What one turn did, or several.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Turn {
    /// How many settlements were derived.
    pub(crate) settled: usize,
    /// How much differed from what was stored.
    pub(crate) differed: usize,
    /// Whether more may wait.
    pub(crate) more: bool,
}

async fn derive(tx: &mut Tx<'_>, marked: &Marked) -> Result<Turn, Trouble> {
    if marked.is_empty() {
        return Ok(Turn::default());
    }
    let batch = Unit { shard: 0 }.open(tx).await?;
    let affected = sales::derive(tx, batch, marked).await?;
    let done = settle(tx, batch, &affected, Mode::Post).await?;
    lead::mark_settlements(tx, marked.settlements()).await?;
    marked.clear(tx).await?;
    Ok(Turn { settled: marked.len(), differed: done.differences(), more: marked.is_full() })
}

/// A turn in which every mark has a transaction of its own, and what fails again is set aside.
async fn each(database: &Database, most: usize) -> Result<Turn, Error> {
    let mut all = Turn { more: true, ..Turn::default() };
    let marked = transact(database, async move |tx| Marked::next(tx, most).await).await?;
    let marks: Vec<Marked> = marked.each().collect();
    for one in marks {
        // The closure owns its mark: with a borrowed one this could not be spawned.
        let own = one.clone();
        match transact(database, async move |tx| derive(tx, &own).await).await {
            Ok(turn) => {
                all.settled += turn.settled;
                all.differed += turn.differed;
            }
            Err(trouble) if trouble.failure() == Failure::Data => set_aside(database, one).await?,
            Err(trouble) => return Err(trouble.into()),
        }
    }
    Ok(all)
}

async fn set_aside(database: &Database, marked: Marked) -> Result<(), Error> {
    transact(database, async move |tx| {
        let batch = Unit { shard: 0 }.open(tx).await?;
        marked.set_aside(tx, batch).await
    })
    .await?;
    metrics::counter!("commissions_set_aside_total").increment(1);
    tracing::error!(
        "commissions of a sale cannot be computed, and were set aside: see `set_aside_at` in \
         `changed_sales` and `changed_customers`"
    );
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::db::Options;
    use sea_orm::ConnectionTrait;

    #[tokio::test]
    async fn a_turn_of_a_backlog_ends_in_time_and_leaves_the_rest_to_the_next() {
        let folder = tempfile::tempdir().unwrap();
        let url = format!("sqlite://{}", folder.path().join("takings.db").display());
        let database = Database::open(&Options::new(url)).await.unwrap();
        database.migrate().await.unwrap();
        for customer in 0..FIRST + 10 {
            let mark = format!(
                "insert into changed_customers (source_id, customer, batch)
                 values (1, 'cus_{customer}', 1)"
            );
            database.write.execute_unprepared(&mark).await.unwrap();
        }
        let left = async || {
            let text = "select customer from changed_customers";
            database.fetch("test", text, Vec::new()).await.unwrap().len()
        };
        let turn = settle_for(&database, Span::of_one_step()).await.unwrap();
        assert_eq!((turn.more, left().await), (true, 10));
        let turn = settle_for(&database, Span::of_one_step()).await.unwrap();
        assert_eq!((turn.more, left().await), (false, 0));
    }
}
