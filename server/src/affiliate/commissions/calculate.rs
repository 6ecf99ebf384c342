//! Commissions derived again, by hand: in bounded transactions, and answered once.

use super::{MOST, Mode, Row, Settled, settle, store};
use crate::affiliate::sales::Affected;
use crate::affiliate::{bindings, partners, programs};
use crate::app::App;
use crate::db::{Database, Tx};
use crate::error::Error;
use crate::ingest::{Key, Trouble, Unit, transact};
use crate::once::{self, Act, Request};
use crate::revenue::convert::Span;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use takings_core::affiliate::commission::Key as Target;
use takings_core::money::Currency;
use takings_core::time::Timestamp;
use tokio::runtime::Handle;
use tokio::task::spawn_blocking;

/// How many customers are derived in one transaction. Where terms look at a partner's whole period,
/// that is derived with them.
const AT_ONCE: usize = 200;

/// A derivation of the sales of a range.
#[derive(Debug)]
pub(in crate::affiliate) struct Calculate {
    pub(super) now: Timestamp,
    pub(super) program: String,
    pub(super) partner: Option<String>,
    pub(super) range: Span,
    pub(super) mode: Mode,
}

/// What was posted, or would be.
#[derive(Clone, Debug)]
pub(in crate::affiliate) struct Calculated {
    /// The first of it by business time, at most [`MOST`].
    pub(super) rows: Vec<Row>,
    pub(super) count: usize,
    pub(super) totals: BTreeMap<Currency, i64>,
    pub(super) sales: usize,
    pub(super) now: Timestamp,
    pub(super) posted: bool,
}

/// Derives, unless the request was answered before: then nothing is done, and the answer given again.
///
/// Customers are derived some at a time, each transaction posting what it finds. A call that was cut
/// off has posted the differences of those it came to, and the same call again tells the rest.
///
/// # Errors
///
/// If there is no such program or partner, or the database does not answer.
pub(in crate::affiliate) async fn calculate(
    app: &Arc<App>,
    request: &Request,
    asked: Calculate,
) -> Result<Calculated, Error> {
    let nothing = Calculated {
        rows: Vec::new(),
        count: 0,
        totals: BTreeMap::new(),
        sales: 0,
        now: asked.now,
        posted: asked.mode == Mode::Post,
    };
    if once::is_claimed(app, request).await? {
        return Ok(nothing);
    }
    let program = programs::find(app, &asked.program, None).await?.id;
    if let Some(id) = &asked.partner {
        let partner = partners::find(app, id).await?;
        if partner.program != program {
            return Err(partners::unknown(id));
        }
    }
    let (app, handle) = (app.clone(), Handle::current());
    let work = move || handle.block_on(asked.derive(&app.database, nothing));
    spawn_blocking(work).await.map_err(Error::internal)?
}

impl Act for Calculated {
    type Done = Calculated;

    async fn run(&self, _: &mut Tx<'_>) -> Result<Calculated, Error> {
        Ok(self.clone())
    }
}

impl Calculate {
    async fn derive(
        &self,
        database: &Database,
        mut so_far: Calculated,
    ) -> Result<Calculated, Error> {
        let partners = match &self.partner {
            Some(id) => BTreeSet::from([id.clone()]),
            None => {
                transact(database, async |tx| store::bound_partners(tx, &self.program).await)
                    .await?
            }
        };
        let (low, high) =
            (self.range.start.unwrap_or(i64::MIN), self.range.end.unwrap_or(i64::MAX));
        let mut told = BTreeSet::new();
        for partner in partners {
            let ranges = [(partner, low, high)];
            let customers =
                transact(database, async |tx| bindings::bound_in(tx, &self.program, &ranges).await);
            for some in customers.await?.chunks(AT_ONCE) {
                let settled = self.settle(database, some).await?;
                so_far.add(settled, &self.program, &mut told);
            }
        }
        Ok(so_far)
    }

    async fn settle(&self, database: &Database, customers: &[Key]) -> Result<Settled, Error> {
        let work = async |tx: &mut Tx<'_>| {
            let mut affected = Affected::default();
            customers.iter().for_each(|customer| affected.whole(customer.clone()));
            let batch = Unit { shard: 0 }.open(tx).await?;
            settle(tx, batch, &affected, self.mode).await
        };
        let settled: Result<Settled, Trouble> = transact(database, work).await;
        Ok(settled?)
    }
}

impl Calculated {
    /// Adds the rows of a program. What is not posted may be found again with other customers of the
    /// same period, and is told once.
    fn add(&mut self, settled: Settled, program: &str, told: &mut BTreeSet<(i64, String, Target)>) {
        let posted = self.posted;
        let new = |row: &Row| {
            let key = (row.source, row.partner.clone(), row.target.clone());
            row.program == program && (posted || told.insert(key))
        };
        let rows: Vec<Row> = settled.rows.into_iter().filter(new).collect();
        for row in &rows {
            let total = self.totals.entry(row.target.currency).or_default();
            *total = total.saturating_add(row.amount);
        }
        self.count += rows.len();
        self.sales += settled.sales;
        self.rows.extend(rows);
        self.rows.sort_by(|a, b| (a.target.occurred, &a.id).cmp(&(b.target.occurred, &b.id)));
        self.rows.truncate(MOST);
    }
}
