//! Decisions on commissions: logged, and derived from in the same transaction.

use super::list::Commission;
use super::store::list;
use super::{Mode, lock_programs, settle, store};
use crate::affiliate::new_id;
use crate::affiliate::sales::{self, Affected};
use crate::db::Tx;
use crate::error::{Error, Reason};
use crate::ingest::{Key, Unit};
use crate::once;
use std::collections::{BTreeMap, BTreeSet};
use takings_core::affiliate::decision::{Act, Decision};
use takings_core::time::Timestamp;

/// A decision on all commissions of the sales that some commissions are of.
#[derive(Debug)]
pub(in crate::affiliate) struct Decide {
    pub(super) now: Timestamp,
    pub(super) ids: Vec<String>,
    pub(super) act: Act,
    pub(super) reason: String,
}

/// The commissions that were named, in that order.
#[derive(Debug)]
pub(in crate::affiliate) struct Decided(pub(super) Vec<Commission>);

fn unknown(id: &str) -> Error {
    let message = format!("there is no commission `{id}`: send an id that ListCommissions answers");
    Error::not_found(Reason::CommissionNotFound, message)
}

fn settled(message: String) -> Error {
    Error::Precondition { reason: Reason::CommissionSettled, message }
}

impl once::Act for Decide {
    type Done = Decided;

    async fn run(&self, tx: &mut Tx<'_>) -> Result<Decided, Error> {
        let found = self.find(tx).await?;
        let programs: BTreeSet<String> = found.iter().map(|it| it.program.clone()).collect();
        lock_programs(tx, &programs).await?;
        // What is read under the lock is what counts.
        let found = self.find(tx).await?;
        found.iter().try_for_each(|it| self.check(it))?;
        let mut affected = Affected::default();
        let mut decisions: BTreeMap<&str, Vec<(i64, Decision)>> = BTreeMap::new();
        let mut decided: BTreeSet<(&str, Key)> = BTreeSet::new();
        for it in &found {
            let sale = (it.source_id, it.sale.clone());
            if !decided.insert((it.program.as_str(), sale.clone())) {
                continue;
            }
            match sales::one(tx, &sale).await? {
                Some(sold) => {
                    affected.sale((it.source_id, sold.owner().to_owned()), sold.paid_at);
                }
                None => affected.whole((it.source_id, it.customer.clone())),
            }
            affected.program(it.program.clone());
            decisions.entry(&it.program).or_default().push((it.source_id, self.on(&it.sale)));
        }
        for (program, decisions) in &decisions {
            store::decide(tx, program, decisions).await?;
        }
        let batch = Unit { shard: 0 }.open(tx).await?;
        settle(tx, batch, &affected, Mode::Post).await?;
        self.find(tx).await.map(Decided)
    }
}

impl Decide {
    /// The commissions, in the order in which they were named.
    async fn find(&self, tx: &mut Tx<'_>) -> Result<Vec<Commission>, Error> {
        let found = list::by_id(tx, &self.ids, self.now.0).await?;
        let mut found: BTreeMap<String, Commission> =
            found.into_iter().map(|it| (it.id.clone(), it)).collect();
        self.ids.iter().map(|id| found.remove(id).ok_or_else(|| unknown(id))).collect()
    }

    /// Whether a commission can be decided on so. What was paid can still be rejected: it is taken back
    /// from what is due next. What was rejected comes back by approval alone, and never without a word.
    fn check(&self, Commission { id, payout, state, .. }: &Commission) -> Result<(), Error> {
        if let Some(payout) = payout.as_deref().filter(|_| self.act != Act::Reject) {
            return Err(settled(format!(
                "commission `{id}` is part of payout `{payout}`: decide before a payout has claimed it"
            )));
        }
        let is_reasoned = self.act == Act::Approve && !self.reason.is_empty();
        if state == "rejected" && self.act != Act::Reject && !is_reasoned {
            return Err(settled(format!(
                "commission `{id}` was rejected: ApproveCommissions with a `reason` lets it be paid \
                 out after all"
            )));
        }
        Ok(())
    }

    fn on(&self, sale: &str) -> Decision {
        Decision {
            id: new_id("dec"),
            sale: sale.to_owned(),
            at: self.now,
            act: self.act,
            reason: self.reason.clone(),
        }
    }
}
