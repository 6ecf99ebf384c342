//! Disputes: the money of their balance transactions, each id once, at its own `created`.
//!
//! Withdrawn money is contra revenue of the disputed charge; given back it is mirrored. Inquiries
//! (`warning_*`) move no money. Where Stripe settles in another currency than the charge's, the
//! settled amount and the disputed one meet in fx: nobody tells the rate, none is invented. The
//! disputed amount then goes with the first withdrawal and comes back with the first return after
//! it; what else moves in the settlement currency stays in fx.

use super::Account;
use super::amount::{Result, neg};
use super::journal::{Entry, Journal};
use super::returned::{Return, Way};
use super::settlement::Settlement;
use super::timeline::Timeline;
use super::transfer::TransferKind;
use crate::billing::facts::{BalanceTransaction, Dispute};
use std::collections::{BTreeMap, BTreeSet};

/// Posts what disputes moved, and answers what they returned.
pub(super) fn post<'a>(
    settlement: &Settlement<'a>,
    journal: &mut Journal,
) -> Result<Vec<Return<'a>>> {
    let mut returns = Vec::new();
    let mut posted = BTreeSet::new();
    for dispute in settlement.disputes.values() {
        let it = dispute.last();
        if is_inquiry(dispute) {
            continue;
        }
        let money = settlement.money(
            dispute.newest(|it| it.charge.as_deref()),
            dispute.newest(|it| it.payment_intent.as_deref()),
        );
        let mut withdrawn = false;
        for (moved, event) in movements(settlement, dispute) {
            if !posted.insert(moved.id.as_str()) {
                continue;
            }
            let second = moved.created;
            let entry = Entry { object: dispute.id, currency: moved.currency, second, event };
            post_fee(entry, moved, journal)?;
            let amount = neg(moved.amount)?;
            let own = dispute.newest(|it| it.currency).unwrap_or(moved.currency);
            if own == moved.currency {
                let way = Way::Dispute;
                returns.push(Return { entry, money, way, delta: amount, bare: amount });
                continue;
            }
            let (debit, credit) = (Account::Fx, Account::StripeBalance);
            journal.step(entry, TransferKind::Dispute, debit, credit, amount)?;
            if (amount > 0) != withdrawn && amount != 0 {
                withdrawn = !withdrawn;
                let delta = if withdrawn { it.amount } else { neg(it.amount)? };
                let (entry, way) = (Entry { currency: own, ..entry }, Way::ForeignDispute);
                returns.push(Return { entry, money, way, delta, bare: delta });
            }
        }
    }
    Ok(returns)
}

/// The balance transactions that disputes post.
pub(super) fn moved<'a>(settlement: &Settlement<'a>) -> BTreeSet<&'a str> {
    let disputes = settlement.disputes.values().filter(|dispute| !is_inquiry(dispute));
    disputes
        .flat_map(|dispute| movements(settlement, dispute))
        .map(|(moved, _)| moved.id.as_str())
        .collect()
}

fn is_inquiry(dispute: &Timeline<'_, Dispute>) -> bool {
    dispute.last().status.starts_with("warning_")
}

/// Every balance transaction that any version shows or a look-up has shown, in order of time, as
/// it itself, else the dispute's newest version, shows it; with the event that showed it first.
fn movements<'a>(
    settlement: &Settlement<'a>,
    dispute: &Timeline<'a, Dispute>,
) -> Vec<(&'a BalanceTransaction, &'a str)> {
    let mut by_id: BTreeMap<&str, (&BalanceTransaction, &str)> = BTreeMap::new();
    for version in &dispute.versions {
        for moved in &version.state.balance_transactions {
            by_id.entry(&moved.id).or_insert((moved, version.event)).0 = moved;
        }
    }
    for looked_up in settlement.transactions.values() {
        let (moved, event) = (looked_up.last(), looked_up.versions[0].event);
        let own = moved.source.as_deref() == Some(dispute.id);
        match by_id.get_mut(looked_up.id) {
            Some(known) => known.0 = moved,
            None if own => {
                by_id.insert(looked_up.id, (moved, event));
            }
            None => {}
        }
    }
    let mut movements: Vec<_> = by_id.into_values().collect();
    movements.sort_by_key(|(moved, _)| (moved.created, &moved.id));
    movements
}

fn post_fee(entry: Entry<'_>, moved: &BalanceTransaction, journal: &mut Journal) -> Result<()> {
    let (debit, credit) = (Account::StripeFees, Account::StripeBalance);
    journal.step(entry, TransferKind::DisputeFee, debit, credit, moved.fee)
}
