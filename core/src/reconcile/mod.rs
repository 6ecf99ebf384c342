//! Reconciliation: the ledger's Stripe accounts against Stripe's own books, cent by cent.
//!
//! `stripe_balance` must move as Stripe's balance transactions say, each day, in each currency.
//! What went through `stripe_pending` must meet there: a charge, refund or payout and its balance
//! transactions leave nothing. Whatever is left is a [`Line`] with a [`Cause`], and per currency
//! the lines sum to the difference exactly; a cause that explains nothing makes the run red.
//!
//! Stripe's books are read some days beyond the days compared ([`MARGIN`]), so that what lies at
//! their edge is seen whole; what was under way is looked at again by the runs of the next days.

mod cause;
mod group;
mod rate;
mod report;
#[cfg(test)]
mod tests;

pub use cause::Cause;
use group::groups;
pub use report::{Day, Line, Report};

use crate::billing::facts::{BalanceTransaction, Seconds};
use crate::money::Currency;
use crate::time;
use std::collections::{BTreeMap, BTreeSet};

/// How many days beyond the days compared Stripe's books are read, on either side.
pub const MARGIN: i32 = 14;

/// For how many days something may be under way before it is a difference. Less than [`MARGIN`],
/// so that a later run looks at it again.
pub const UNDER_WAY: i32 = 10;

/// Which of the two accounts.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, serde::Deserialize,
)]
#[serde(rename_all = "snake_case")]
pub enum Account {
    /// `stripe_balance`.
    StripeBalance,
    /// `stripe_pending`.
    StripePending,
}

/// What the ledger has posted to one of the two accounts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Posted {
    /// The object that it belongs to.
    pub object: String,
    /// To which account.
    pub account: Account,
    /// Currency.
    pub currency: Currency,
    /// On which day.
    pub day: time::Day,
    /// Debits positive.
    pub amount: i64,
}

/// What is compared.
#[derive(Clone, Debug, Default)]
pub struct Books {
    /// What Stripe lists, from [`MARGIN`] days before the first day on.
    pub listed: Vec<BalanceTransaction>,
    /// The first day that Stripe was not asked for: [`MARGIN`] days after the last one compared,
    /// or the day that is not over.
    pub listed_until: time::Day,
    /// Every balance transaction that the ledger knows of the same settlements.
    pub known: Vec<BalanceTransaction>,
    /// Everything that those settlements have posted, whenever.
    pub posted: Vec<Posted>,
    /// The objects that were seen, by id.
    pub seen: BTreeSet<String>,
    /// The charge of each refund seen: where one only released what was not captured, its balance
    /// transaction settles the charge.
    pub charges: BTreeMap<String, String>,
    /// Payouts of which no event had come: the API told of them now.
    pub recovered: Vec<Recovered>,
}

/// A payout of which no event had come.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recovered {
    /// Its id.
    pub payout: String,
    /// What it sent to the bank.
    pub amount: i64,
    /// Currency.
    pub currency: Currency,
    /// When Stripe made it.
    pub created: Seconds,
}

/// Compares the days from `first` to before `end`.
pub fn reconcile(first: time::Day, end: time::Day, books: &Books) -> Report {
    let mut report = Report::default();
    let within = |day: time::Day| first <= day && day < end;
    for it in &books.listed {
        if within(day_of(it.created)) {
            report.transactions += 1;
            report.listed(it);
        }
    }
    for it in books.posted.iter().filter(|it| within(it.day)) {
        report.posted(it);
    }
    for group in groups(books) {
        if group.happened(first, end) {
            group.explain(first, end, &mut report);
        }
    }
    for it in books.listed.iter().filter(|it| within(day_of(it.created))) {
        report.lines.extend(cause::by_itself(it));
        report.lines.extend(rate::difference(it, &books.posted));
    }
    for it in &books.recovered {
        report.lines.push(Line {
            cause: Cause::Recovered,
            object: it.payout.clone(),
            transaction: None,
            account: Account::StripePending,
            currency: it.currency,
            day: day_of(it.created),
            amount: it.amount,
        });
    }
    report.finish();
    report
}

/// The UTC day of a second.
fn day_of(second: Seconds) -> time::Day {
    time::Timestamp::from_secs(second).day()
}
