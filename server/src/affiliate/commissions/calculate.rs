//! Commissions derived again, by hand.

use super::{Mode, Row, Settled, lock_programs, settle, store};
use crate::affiliate::bindings;
use crate::affiliate::sales::Affected;
use crate::affiliate::{partners, programs};
use crate::db::Tx;
use crate::error::Error;
use crate::ingest::Unit;
use crate::once::Act;
use crate::revenue::convert::Span;
use std::collections::BTreeSet;
use takings_core::time::Timestamp;

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
#[derive(Debug)]
pub(in crate::affiliate) struct Calculated {
    pub(super) rows: Vec<Row>,
    pub(super) sales: usize,
    pub(super) now: Timestamp,
    pub(super) posted: bool,
}

impl Act for Calculate {
    type Done = Calculated;

    async fn run(&self, tx: &mut Tx<'_>) -> Result<Calculated, Error> {
        let Calculate { now, program, partner, range, mode } = self;
        programs::load(tx, program).await?;
        let partners = match partner {
            Some(id) => {
                let found = partners::load(tx, id).await?;
                let own = found.filter(|it| it.program == *program);
                BTreeSet::from([own.ok_or_else(|| partners::unknown(id))?.id])
            }
            None => store::bound_partners(tx, program).await?,
        };
        lock_programs(tx, &BTreeSet::from([program.clone()])).await?;
        let (low, high) = (range.start.unwrap_or(i64::MIN), range.end.unwrap_or(i64::MAX));
        let ranges: Vec<_> = partners.into_iter().map(|partner| (partner, low, high)).collect();
        let mut affected = Affected::default();
        for customer in bindings::bound_in(tx, program, &ranges).await? {
            affected.whole(customer);
        }
        let batch = Unit { shard: 0 }.open(tx).await?;
        let Settled { mut rows, sales, .. } = settle(tx, batch, &affected, *mode).await?;
        rows.retain(|row| row.program == *program);
        rows.sort_by(|a, b| (a.target.occurred, &a.id).cmp(&(b.target.occurred, &b.id)));
        Ok(Calculated { rows, sales, now: *now, posted: *mode == Mode::Post })
    }
}
