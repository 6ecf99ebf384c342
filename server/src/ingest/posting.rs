//! Transfers that follow from something else than a settlement: commissions and payouts.

use super::links::{Links, fingerprint};
use super::output::{Batch, Output, Sums};
use super::{Trouble, Unit};
use crate::db::Tx;
use takings_core::ledger::{Account, TransferKind};
use takings_core::money::Currency;
use takings_core::time::Timestamp;

/// One transfer to append.
#[derive(Clone, Debug)]
pub(crate) struct Transfer {
    /// The source of what it follows from.
    pub(crate) source: i64,
    /// What it follows from; never the id of an object of a settlement, which owns its transfers.
    pub(crate) object: String,
    /// What tells its target from others of the object at the same instant.
    pub(crate) target: String,
    /// The number of the row within its target, from 1.
    pub(crate) revision: i64,
    /// Why it stands.
    pub(crate) kind: TransferKind,
    /// The account debited.
    pub(crate) debit: Account,
    /// The account credited.
    pub(crate) credit: Account,
    /// The currency.
    pub(crate) currency: Currency,
    /// How much: more than nothing.
    pub(crate) amount: i64,
    /// Business time.
    pub(crate) occurred: Timestamp,
    /// Whose it is.
    pub(crate) customer: Option<String>,
    /// What said so.
    pub(crate) event: String,
}

impl Unit {
    /// Appends transfers, and adds them to their roll-ups.
    pub(crate) async fn post(
        &self,
        tx: &mut Tx<'_>,
        batch: Batch,
        transfers: &[Transfer],
    ) -> Result<(), Trouble> {
        let mut output = Output::default();
        for it in transfers {
            output.transfer(it, batch)?;
        }
        output.flush(tx, &mut Links::default(), batch).await
    }
}

impl Output {
    fn transfer(&mut self, it: &Transfer, batch: Batch) -> Result<(), Trouble> {
        let (debit, credit) = (it.debit.to_string(), it.credit.to_string());
        let currency = it.currency.as_str();
        for (account, sign) in [(&debit, 1), (&credit, -1)] {
            let sums = Sums { amount: sign * it.amount, ..Sums::default() };
            let name = ("ledger", account.as_str(), currency);
            self.roll_up(name, it.source, it.occurred, sums, false)?;
        }
        self.entries.push([
            it.source.into(),
            it.object.as_str().into(),
            fingerprint(it.occurred.0, &it.target).into(),
            it.revision.into(),
            it.kind.as_str().into(),
            debit.into(),
            credit.into(),
            currency.into(),
            it.amount.into(),
            it.occurred.0.into(),
            it.customer.as_deref().into(),
            it.event.as_str().into(),
            batch.id.into(),
        ]);
        Ok(())
    }
}
