//! Refunds, by their own objects, and what only a charge's `amount_refunded` tells of them.
//!
//! A refund counts from its `created`, whatever its status: Stripe takes the money when it is
//! made. Failed or canceled, it is mirrored at the second of the version that shows it. Refunds
//! of a charge that was seen and never captured release an authorisation: no money. Where less is
//! captured than was authorised, Stripe says by a refund of its own, and in `amount_refunded`, that
//! the rest is released: no money either.
//!
//! Whether `amount_refunded` still counts a refund that has failed, Stripe does not say: what one
//! that failed may explain is not posted, and marked until the charge's refunds were listed.

use super::Account;
use super::amount::{Result, sub, sum};
use super::credit_note::{noted, noted_unseen};
use super::journal::{Entry, Journal};
use super::payment::captures;
use super::returned::{Return, Way};
use super::settlement::{Money, Purpose, Settlement, captured};
use super::timeline::{Level, Step, Timeline, steps};
use super::transaction::{self, is_settled};
use super::transfer::TransferKind;
use crate::billing::facts::{Charge, Listed, Refund, Seconds};
use crate::unconfirmed::Reason;

/// Posts what refunds took, and answers what they returned.
pub(super) fn post<'a>(
    settlement: &Settlement<'a>,
    journal: &mut Journal,
) -> Result<Vec<Return<'a>>> {
    let mut returns = Vec::new();
    let noted = noted(settlement)?;
    for refund in settlement.refunds.values() {
        let money = money(settlement, refund);
        let moved = !releases(settlement, refund)?;
        let named = refund.newest(|it| it.balance_transaction.as_ref()).is_some();
        if !moved && named && !is_settled(settlement, refund.id) {
            journal.mark(refund.id, Reason::FeeUnknown);
        }
        if let (Some(currency), true) = (refund.newest(|it| it.currency), moved) {
            let entry = |second, event| Entry { object: refund.id, currency, second, event };
            let noted = noted.get(refund.id).copied().unwrap_or(0);
            post_levels(&levels(refund), noted, money, entry, &mut returns, journal)?;
            if moves_money(refund) && !is_settled(settlement, refund.id) {
                journal.mark(refund.id, Reason::FeeUnknown);
            }
        }
    }
    let mut unseen = noted_unseen(settlement)?;
    for charge in settlement.charges.values() {
        let Some(currency) = charge.newest(|it| it.currency) else { continue };
        let levels = residual(settlement, charge)?;
        let most = levels.iter().map(|level| level.amount).max().unwrap_or(0);
        if most > 0 || is_in_doubt(settlement, charge)? {
            journal.mark(charge.id, Reason::RefundUnseen);
        }
        if most == 0 {
            continue;
        }
        let money = settlement.money(Some(charge.id), None);
        let noted = match settlement.purpose(money) {
            Purpose::Invoice(invoice) => unseen.get_mut(invoice),
            _ => None,
        };
        let listed = noted.map_or(Ok(0), |left| {
            let listed = most.min(*left);
            *left = sub(*left, listed)?;
            Ok(listed)
        })?;
        let entry = |second, event| Entry { object: charge.id, currency, second, event };
        post_levels(&levels, listed, money, entry, &mut returns, journal)?;
    }
    Ok(returns)
}

fn money<'a>(settlement: &Settlement<'a>, refund: &Timeline<'a, Refund>) -> Money<'a> {
    settlement.money(
        refund.newest(|it| it.charge.as_deref()),
        refund.newest(|it| it.payment_intent.as_deref()),
    )
}

/// Whether a refund only releases what was authorised: all of it, or what a capture left. Its
/// balance transaction says so; until that is known, its amount does, and when it was made.
pub(super) fn releases<'a>(
    settlement: &Settlement<'a>,
    refund: &Timeline<'a, Refund>,
) -> Result<bool> {
    let named = refund.newest(|it| it.balance_transaction.as_deref());
    let mut settled = settlement
        .transactions
        .values()
        .map(Timeline::last)
        .filter(|it| it.source.as_deref() == Some(refund.id) || named == Some(it.id.as_str()));
    if let Some(first) = settled.next() {
        return Ok(transaction::releases(first) || settled.any(transaction::releases));
    }
    let charge = money(settlement, refund).charge.and_then(|id| settlement.charges.get(id));
    let Some(charge) = charge else { return Ok(false) };
    let Some(capture) = captures(charge)?.first().copied() else { return Ok(true) };
    let left = released(charge.last())?;
    let made = refund.versions[0].state.created;
    Ok(left > 0 && (refund.last().amount, made) == (left, capture.second))
}

/// What balance transactions have released of a charge's authorisation.
pub(super) fn released_by_transaction(settlement: &Settlement<'_>, charge: &str) -> Result<i64> {
    let released =
        settlement.transactions.values().map(Timeline::last).filter(|it| transaction::releases(it));
    let refunds = released.filter_map(|it| settlement.refunds.get(it.source.as_deref()?));
    let own = refunds.filter(|refund| money(settlement, refund).charge == Some(charge));
    sum(own.map(|refund| refund.last().amount))
}

/// What was authorised of a captured charge, and not captured.
fn released(charge: &Charge) -> Result<i64> {
    let taken = captured(charge);
    if taken > 0 { Ok(sub(charge.amount, taken)?.max(0)) } else { Ok(0) }
}

/// Made at `created`, and whatever became of it at the seconds that show it.
fn levels<'a>(refund: &Timeline<'a, Refund>) -> Vec<Level<'a>> {
    let first = &refund.versions[0];
    let made =
        Level { second: first.state.created, event: first.event, amount: first.state.amount };
    let seen = refund.levels(|_, version| Level {
        second: version.second,
        event: version.event,
        amount: if version.state.is_undone() { 0 } else { version.state.amount },
    });
    std::iter::once(made).chain(seen).collect()
}

/// Whether a refund stands, or names what it did to the balance: canceled in time, it did nothing.
fn moves_money(refund: &Timeline<'_, Refund>) -> bool {
    !refund.last().is_undone() || refund.newest(|it| it.balance_transaction.as_ref()).is_some()
}

/// What a charge's versions say was refunded beyond all refunds made by then, failed ones too.
fn residual<'a>(
    settlement: &Settlement<'a>,
    charge: &Timeline<'a, Charge>,
) -> Result<Vec<Level<'a>>> {
    let own = returning(settlement, charge)?;
    let mut levels = charge.levels(|_, version| Level {
        second: version.second,
        event: version.event,
        amount: 0,
    });
    for (level, version) in levels.iter_mut().zip(&charge.versions) {
        level.amount = refunded(version.state)?;
        let made = own.iter().filter(|refund| refund.versions[0].state.created <= level.second);
        let seen = sum(made.map(|refund| refund.last().amount))?;
        level.amount = sub(level.amount, seen)?.max(0);
    }
    Ok(levels)
}

/// Whether a version says that more was refunded than stood then, and no list of the charge's
/// refunds shows that nothing else did.
fn is_in_doubt(settlement: &Settlement<'_>, charge: &Timeline<'_, Charge>) -> Result<bool> {
    let (own, returning) = (own(settlement, charge), returning(settlement, charge)?);
    for version in &charge.versions {
        let stood = |refund: &&Timeline<'_, Refund>| {
            levels(refund).iter().rfind(|it| it.second <= version.second).map(|it| it.amount)
        };
        // A list shows what releases too.
        let listed = Listed::Refunds { standing: sum(own.iter().filter_map(stood))? };
        let doubted = refunded(version.state)? > sum(returning.iter().filter_map(stood))?;
        if doubted && !settlement.was_looked_up(charge.id, listed, Seconds::MIN) {
            return Ok(true);
        }
    }
    Ok(false)
}

fn own<'s, 'a>(
    settlement: &'s Settlement<'a>,
    charge: &Timeline<'a, Charge>,
) -> Vec<&'s Timeline<'a, Refund>> {
    let refunds = settlement.refunds.values();
    refunds.filter(|refund| money(settlement, refund).charge == Some(charge.id)).collect()
}

/// Those of a charge's refunds that return money.
fn returning<'s, 'a>(
    settlement: &'s Settlement<'a>,
    charge: &Timeline<'a, Charge>,
) -> Result<Vec<&'s Timeline<'a, Refund>>> {
    let mut returning = Vec::new();
    for refund in own(settlement, charge) {
        if !releases(settlement, refund)? {
            returning.push(refund);
        }
    }
    Ok(returning)
}

/// What a version of a charge says was returned of its money.
fn refunded(charge: &Charge) -> Result<i64> {
    if captured(charge) == 0 {
        return Ok(0);
    }
    Ok(sub(charge.amount_refunded, released(charge)?)?.max(0))
}

/// Posts the money, and lists what returned: the whole of it, and the part in no credit note.
fn post_levels<'a>(
    levels: &[Level<'a>],
    noted: i64,
    money: Money<'a>,
    entry: impl Fn(i64, &'a str) -> Entry<'a>,
    returns: &mut Vec<Return<'a>>,
    journal: &mut Journal,
) -> Result<()> {
    let mut stood = 0;
    for Step { second, event, delta } in steps(levels)? {
        let entry = entry(second, event);
        let (debit, credit) = (Account::RefundsClearing, Account::StripePending);
        journal.step(entry, TransferKind::Refund, debit, credit, delta)?;
        let stands = super::amount::add(stood, delta)?;
        let bare = |amount: i64| Ok(sub(amount, noted)?.max(0));
        let bare = sub(bare(stands)?, bare(stood)?)?;
        returns.push(Return { entry, money, way: Way::Refund, delta, bare });
        stood = stands;
    }
    Ok(())
}
