//! A payout has ended.

use super::{Payout, State, lock, store, unknown_payout};
use crate::affiliate::sales;
use crate::db::Tx;
use crate::error::{Error, Reason};
use crate::ingest::{Transfer, Unit};
use crate::once::Act;
use takings_core::affiliate::commission::payout_transfer;
use takings_core::ledger::TransferKind;
use takings_core::time::Timestamp;

/// How a payout has ended.
#[derive(Debug)]
pub(in crate::affiliate) struct Settle {
    pub(super) id: String,
    pub(super) outcome: Outcome,
    pub(super) at: Timestamp,
    pub(super) reference: String,
}

/// Whether the money arrived.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    /// It did.
    Paid,
    /// It did not, and why.
    Failed(String),
}

impl Act for Settle {
    type Done = Payout;

    async fn run(&self, tx: &mut Tx<'_>) -> Result<Payout, Error> {
        let Settle { id, outcome, at, reference } = self;
        let found = store::load(tx, id).await?.ok_or_else(|| unknown_payout(id))?;
        lock(tx, &found.program).await?;
        let made = store::made_at(tx, &found.batch).await?;
        // Banks tell whole seconds.
        if at.secs() < made.secs() {
            let message = "a payout does not end before it was made: send a later `settled_time`";
            return Err(Error::invalid(Reason::InvalidField, "settled_time", message));
        }
        let (state, why) = match outcome {
            Outcome::Paid => (State::Paid, ""),
            Outcome::Failed(why) => (State::Failed, why.as_str()),
        };
        let settled = store::settle(tx, id, state.as_str(), reference, why, *at).await?;
        let payout = store::load(tx, id).await?.ok_or_else(|| unknown_payout(id))?;
        match (settled, outcome) {
            (true, Outcome::Paid) => post(tx, &payout, *at).await?,
            (true, Outcome::Failed(_)) => release(tx, id).await?,
            (false, _) if payout.state == state => {}
            (false, _) => return Err(settled_otherwise(&payout)),
        }
        Ok(payout)
    }
}

/// Gives the commissions back. Nothing was paid: whose customers they are is open again.
async fn release(tx: &mut Tx<'_>, payout: &str) -> Result<(), Error> {
    let batch = Unit { shard: 0 }.open(tx).await?;
    sales::mark_paid_by(tx, batch, payout).await?;
    store::release(tx, payout).await
}

fn settled_otherwise(payout: &Payout) -> Error {
    let message = format!("the payout `{}` has ended before: {}", payout.id, payout.state.as_str());
    Error::Precondition { reason: Reason::PayoutSettled, message }
}

/// Posts what was paid: from each source as much as its sales have earned, which is less than
/// nothing where more of them came back, so that what is owed is right for each source.
async fn post(tx: &mut Tx<'_>, payout: &Payout, at: Timestamp) -> Result<(), Error> {
    let sums = store::by_source(tx, &payout.id).await?;
    let transfer = |(source, amount): (i64, i64)| {
        let (payable, paid_out, _) = payout_transfer(&payout.partner, amount);
        let (debit, credit) = if amount > 0 { (payable, paid_out) } else { (paid_out, payable) };
        Transfer {
            source,
            object: payout.id.clone(),
            target: TransferKind::PartnerPayout.as_str().to_owned(),
            revision: 1,
            kind: TransferKind::PartnerPayout,
            debit,
            credit,
            currency: payout.currency,
            amount: amount.saturating_abs(),
            occurred: at,
            customer: None,
            event: payout.id.clone(),
        }
    };
    let transfers: Vec<Transfer> =
        sums.into_iter().filter(|(_, amount)| *amount != 0).map(transfer).collect();
    let unit = Unit { shard: 0 };
    let batch = unit.open(tx).await?;
    Ok(unit.post(tx, batch, &transfers).await?)
}
