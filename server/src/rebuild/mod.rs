//! Rebuild: every target computed again from the stored facts, and the hash of the state.

mod commissions;
mod hash;
mod store;

pub use hash::state_hash;

use crate::db::{Database, Query, Rows, Tx};
use crate::error::Error;
use crate::ingest::{Key, Scope, Trouble, Unit, rehearse, transact};
use crate::jobs::settle_commissions;
use crate::lead;

/// What a rebuild found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// Settlements derived.
    pub settlements: usize,
    /// Customers derived.
    pub customers: usize,
    /// Settlements whose sales were derived, and customers whose commissions were.
    pub sales: usize,
    /// Leads whose conversions were derived.
    pub leads: usize,
    /// Targets that differed from what was stored.
    pub differences: usize,
    /// Roll-ups that differ from the rows they sum, described.
    pub rollups: Vec<String>,
    /// Partners who are owed something else than commissions less payouts, described.
    pub payables: Vec<String>,
    /// Settlements and customers whose commissions cannot be computed, such as sums beyond 64 bits.
    pub set_aside: usize,
    /// Leads whose conversions cannot be derived; the log says why.
    pub unconverted: usize,
}

impl Report {
    /// Whether everything agreed.
    pub fn agrees(&self) -> bool {
        self.differences == 0
            && self.rollups.is_empty()
            && self.payables.is_empty()
            && self.set_aside == 0
            && self.unconverted == 0
    }
}

/// Derives every settlement and every customer again. Differences are appended, or with `verify`
/// only counted. Commissions and conversions of leads that cannot be computed are set aside, and
/// everything else is derived.
pub async fn rebuild(database: &Database, verify: bool) -> Result<Report, Error> {
    let mut report = Report::default();
    if !verify {
        settle_commissions(database).await?;
    }
    let walk = Walk { database, verify };
    (report.settlements, report.differences) = walk
        .every(&store::SETTLEMENTS, |keys| Scope { settlements: keys, ..Scope::default() })
        .await?;
    let (customers, differences) =
        walk.every(&store::CUSTOMERS, |keys| Scope { customers: keys, ..Scope::default() }).await?;
    report.customers = customers;
    report.differences += differences;
    let done = commissions::rebuild(&walk).await?;
    report.sales = done.derived;
    report.differences += done.differences;
    report.set_aside = done.aside.len();
    report.rollups = store::rollup_differences(database).await?;
    report.payables = store::payable_differences(database).await?;
    let leads = lead::derive_all(database, verify).await?;
    report.leads = leads.leads;
    report.differences += leads.differences;
    report.unconverted = leads.failed;
    Ok(report)
}

struct Walk<'a> {
    database: &'a Database,
    verify: bool,
}

impl Walk<'_> {
    /// Derives every aggregate a query names, in batches; answers how many, and the differences.
    async fn every(
        &self,
        query: &'static Query,
        scope: impl Fn(Vec<Key>) -> Scope,
    ) -> Result<(usize, usize), Error> {
        let mut after: Key = (i64::MIN, String::new());
        let (mut derived, mut differences) = (0, 0);
        loop {
            let keys = self.next(query, &after).await?;
            let Some(last) = keys.last().cloned() else { return Ok((derived, differences)) };
            derived += keys.len();
            differences += self.derive(&scope(keys)).await?;
            after = last;
        }
    }

    async fn next(&self, query: &'static Query, after: &Key) -> Result<Vec<Key>, Error> {
        let keys = transact(self.database, async |tx| {
            let mut start = Rows::default();
            start.push([after.0.into(), after.1.as_str().into()]);
            let rows = tx.fetch(query, &start).await?;
            rows.iter().map(|row| Ok((row.int(0)?, row.text(1)?))).collect::<Result<_, Trouble>>()
        });
        Ok(keys.await?)
    }

    async fn derive(&self, scope: &Scope) -> Result<usize, Error> {
        let unit = Unit { shard: 0 };
        let work = async |tx: &mut Tx<'_>| unit.derive(tx, scope).await;
        let differences = match self.verify {
            true => rehearse(self.database, work).await,
            false => transact(self.database, work).await,
        };
        Ok(differences?)
    }
}
