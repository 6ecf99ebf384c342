//! Balance transactions: what Stripe's own books say, each id once, at its own `created`.
//!
//! Each moves `stripe_balance` by its net and `stripe_fees` by its fee. The other side is what it
//! is for: `stripe_pending` where its source (a charge, a refund, a payout) has left the same
//! amount, so that both meet there; `stripe_fees`, `reserves` or `bank` where Stripe acts by
//! itself, as its `reporting_category` says. A source that was not seen, and a category that is
//! not known, leave their amount in `stripe_pending`: `stripe_balance` is always Stripe's.
//!
//! Where the source is in another currency, both amounts meet in fx: the source's own amount goes
//! with the first transaction in its direction and comes back with the next against it. What
//! disputes have moved they post themselves.

use super::Account;
use super::amount::{Result, add, neg, sub};
use super::journal::{Entry, Journal};
use super::settlement::{Settlement, captured};
use super::timeline::Timeline;
use super::transfer::TransferKind;
use super::{dispute, refund};
use crate::billing::facts::{BalanceTransaction, Seconds};
use crate::money::Currency;
use crate::unconfirmed::Reason;
use std::collections::BTreeMap;

/// What transactions settle: an amount in the direction of the balance.
#[derive(Clone, Copy, Debug)]
struct Source {
    currency: Currency,
    amount: i64,
    /// Whether transactions have taken it in by now.
    moved: bool,
}

impl Source {
    /// The part of the source's own amount that a transaction of `amount` stands for.
    fn presented(&mut self, amount: i64) -> Result<i64> {
        let onward = (amount > 0) == (self.amount > 0);
        if amount == 0 || onward == self.moved {
            return Ok(0);
        }
        self.moved = onward;
        if onward { Ok(self.amount) } else { neg(self.amount) }
    }
}

/// Posts every transaction that no dispute posts, and marks the sources that were not seen.
pub(super) fn post(settlement: &Settlement<'_>, journal: &mut Journal) -> Result<()> {
    let disputed = dispute::moved(settlement);
    let mut sources: BTreeMap<&str, Option<Source>> = BTreeMap::new();
    for (second, event, it) in in_order(settlement) {
        if disputed.contains(it.id.as_str()) {
            continue;
        }
        let entry = Entry { object: &it.id, currency: it.currency, second, event };
        let counter = counter(it.category.as_deref().unwrap_or_default());
        let named = settles(it);
        let Some(named) = named else {
            post_one(entry, it, counter, journal)?;
            continue;
        };
        let source = sources.entry(named).or_insert_with(|| source(settlement, named));
        match source.as_mut() {
            Some(source) if source.currency != it.currency => {
                let own = Entry { currency: source.currency, ..entry };
                let presented = source.presented(it.amount)?;
                let (kind, debit) = (TransferKind::BalanceTransaction, Account::Fx);
                journal.post(own, kind, debit, Account::StripePending, presented)?;
                post_one(entry, it, Account::Fx, journal)?;
            }
            _ => post_one(entry, it, counter, journal)?,
        }
        if source.is_none() && has_source(it) && !settlement.disputes.contains_key(named) {
            journal.mark(named, Reason::ParentMissing);
        }
    }
    Ok(())
}

/// Whether Stripe has told what became of an object in the balance.
pub(super) fn is_settled(settlement: &Settlement<'_>, object: &str) -> bool {
    settlement.transactions.values().any(|it| settles(it.last()) == Some(object))
}

/// The object that a transaction settles: one by which Stripe acts for itself settles none.
fn settles(it: &BalanceTransaction) -> Option<&str> {
    let counter = counter(it.category.as_deref().unwrap_or_default());
    it.source.as_deref().filter(|_| counter == Account::StripePending)
}

/// Every transaction as its newest version shows it, by time.
fn in_order<'a>(settlement: &Settlement<'a>) -> Vec<(Seconds, &'a str, &'a BalanceTransaction)> {
    let timelines = settlement.transactions.values();
    let shown = |it: &Timeline<'a, BalanceTransaction>| {
        (it.last().created, it.versions[0].event, it.last())
    };
    let mut transactions: Vec<_> = timelines.map(shown).collect();
    transactions.sort_by_key(|(second, _, it)| (*second, it.id.as_str()));
    transactions
}

/// Net to the balance, fee to the fees, their sum from `counter`.
fn post_one(
    entry: Entry<'_>,
    it: &BalanceTransaction,
    counter: Account,
    journal: &mut Journal,
) -> Result<()> {
    let net = sub(it.amount, it.fee)?;
    let debits = [(Account::StripeBalance, net), (Account::StripeFees, it.fee)];
    journal.spread(entry, TransferKind::BalanceTransaction, &debits, &[(counter, it.amount)])
}

/// The charge, refund or payout of an id, unless it was not seen.
fn source(settlement: &Settlement<'_>, id: &str) -> Option<Source> {
    let of = |currency: Option<Currency>, amount: i64| {
        Some(Source { currency: currency?, amount, moved: false })
    };
    if let Some(charge) = settlement.charges.get(id) {
        let most = charge.versions.iter().map(|it| captured(it.state)).max();
        // Stripe settles the whole authorisation, and takes back what was not captured of it.
        let released = refund::released_by_transaction(settlement, id).ok()?;
        return of(charge.newest(|it| it.currency), add(most.unwrap_or(0), released).ok()?);
    }
    if let Some(refund) = settlement.refunds.get(id) {
        return of(refund.newest(|it| it.currency), neg(refund.last().amount).ok()?);
    }
    let payout = settlement.payouts.get(id)?;
    of(payout.newest(|it| it.currency), neg(payout.last().amount).ok()?)
}

/// Whether a transaction is of a category whose source is an object that the ledger knows.
pub fn has_source(it: &BalanceTransaction) -> bool {
    let category = it.category.as_deref().unwrap_or_default();
    ["charge", "payment", "refund", "dispute", "payout", "partial_capture_reversal"]
        .iter()
        .any(|start| category.starts_with(start))
}

/// Whether a transaction takes back what was authorised and not captured.
pub fn releases(it: &BalanceTransaction) -> bool {
    it.category.as_deref() == Some("partial_capture_reversal")
}

/// The other side of a transaction, by its `reporting_category`, else by its `type`.
pub fn counter(category: &str) -> Account {
    match category {
        "fee"
        | "stripe_fee"
        | "stripe_fx_fee"
        | "network_cost"
        | "tax"
        | "tax_fee"
        | "contribution"
        | "climate_order_purchase"
        | "climate_order_refund" => Account::StripeFees,
        "risk_reserved_funds"
        | "connect_reserved_funds"
        | "minimum_balance_hold"
        | "minimum_balance_release"
        | "issuing_authorization_hold"
        | "issuing_authorization_release"
        | "reserved_funds" => Account::Reserves,
        other if other.starts_with("reserve_") => Account::Reserves,
        "topup" | "topup_reversal" => Account::Bank,
        _ => Account::StripePending,
    }
}
