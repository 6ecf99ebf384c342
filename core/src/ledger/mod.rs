//! The ledger: accounts, transfers, and what every settlement should have posted.
//!
//! A *settlement* is the connected set of objects that name each other: an invoice, its
//! payments, their payment intents and charges, refunds, disputes, credit notes, checkout sessions
//! and the balance transactions of them; a payout stands alone with its own. [`books`] derives from all versions of all members what must
//! stand in the ledger; [`difference`] and [`revenue_difference`] say which rows are missing.
//! Nothing here depends on the order in which anything was learned.

mod account;
pub(crate) mod amount;
mod bill;
mod contra;
mod credit_note;
mod difference;
mod dispute;
mod invoice;
mod journal;
mod payment;
mod receivable;
mod recognition;
mod refund;
mod returned;
mod revenue;
mod sale;
mod settlement;
#[cfg(test)]
mod tests;
mod timeline;
mod transaction;
mod transfer;

use crate::time::Month;
use crate::unconfirmed::Mark;
use crate::version::Moment;
pub use account::Account;
pub use difference::{difference, revenue_difference};
pub use revenue::{RevenueKey, RevenueKind};
pub use sale::{Referral, referrals, sales};
use settlement::Settlement;
use std::collections::{BTreeMap, BTreeSet};
pub use transaction::{counter, has_source, releases};
pub use transfer::{NetKey, Posting, TransferKey, TransferKind};

/// One object of a settlement, with its whole life.
#[derive(Clone, Debug, PartialEq)]
pub struct Member {
    /// The object's id, inside its source.
    pub id: String,
    /// Its states, ascending by second, not empty.
    pub moments: Vec<Moment>,
}

/// What the facts of one settlement imply.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Books {
    /// What must stand in the ledger. Amounts are positive.
    pub transfers: BTreeMap<TransferKey, Posting>,
    /// What must stand in gross and net revenue. Amounts are signed: net revenue is their sum.
    pub revenue: BTreeMap<RevenueKey, Posting>,
    /// What the facts leave open.
    pub marks: BTreeSet<Mark>,
    /// What a reader wants to know of the members.
    pub links: Links,
}

impl Books {
    /// The transfers as signed nets, the form in which stored rows are summed.
    pub fn nets(&self) -> BTreeMap<NetKey, i64> {
        self.transfers.iter().map(|(key, posting)| key.signed(posting.amount)).collect()
    }
}

/// Who belongs to whom inside a settlement.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Links {
    /// The invoice that a charge, refund or dispute belongs to, by the object's id.
    pub invoices: BTreeMap<String, String>,
    /// Whose settlement it is.
    pub customer: Option<String>,
}

/// Why no books can be given.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LedgerError {
    /// Amounts of one aggregate leave 64 bits.
    #[error("the amounts leave 64 bits")]
    Overflow,
}

/// Derives what must be posted for one settlement.
///
/// The order of `members` does not matter. Months up to `closed_through` are closed.
pub fn books(members: &[Member], closed_through: Option<Month>) -> Result<Books, LedgerError> {
    let settlement = Settlement::of(members);
    let mut journal = journal::Journal::default();
    payment::post_charges(&settlement, &mut journal)?;
    payment::post_invoice_payments(&settlement, &mut journal)?;
    payment::post_payouts(&settlement, &mut journal)?;
    transaction::post(&settlement, &mut journal)?;
    let mut returns = refund::post(&settlement, &mut journal)?;
    returns.extend(dispute::post(&settlement, &mut journal)?);
    returned::mark_and_link(&settlement, &returns, &mut journal);
    invoice::post(&settlement, &returns, closed_through, &mut journal)?;
    returned::post_sales(&settlement, &returns, &mut journal)?;
    journal.set_customer(settlement.customer());
    journal.into_books()
}
