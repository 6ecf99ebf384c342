//! Invoices: what they post from finalisation to the last month they earn in.

use super::Account;
use super::amount::{Result, add, sub, sum};
use super::bill::{Bill, is_final};
use super::contra;
use super::credit_note::{Note, mark_unseen};
use super::journal::{Entry, Journal};
use super::payment::paid;
use super::receivable::Receivable;
use super::returned::Return;
use super::revenue::{self, Flow, RevenueKind};
use super::settlement::{Purpose, Settlement, captured};
use super::timeline::{Level, Step, Timeline, steps};
use super::transfer::TransferKind;
use crate::billing::facts::{Invoice, InvoicePayment, InvoiceStatus, Listed, Payer};
use crate::time::Month;
use crate::unconfirmed::Reason;
use std::collections::BTreeMap;

/// Posts every final invoice with all that concerns it; notes and returns of an invoice that is
/// not seen, not final or in another currency have nothing to take from.
pub(super) fn post(
    settlement: &Settlement<'_>,
    returns: &[Return<'_>],
    through: Option<Month>,
    journal: &mut Journal,
) -> Result<()> {
    let mut bills: BTreeMap<&str, (Bill<'_>, Vec<&Return<'_>>, Vec<Note<'_>>)> = BTreeMap::new();
    for invoice in settlement.invoices.values() {
        if let Some(bill) = Bill::of(invoice)? {
            bills.insert(bill.id, (bill, Vec::new(), Vec::new()));
        }
    }
    for returned in returns {
        let Purpose::Invoice(id) = settlement.purpose(returned.money) else { continue };
        match bills.get_mut(id) {
            Some((bill, own, _)) if bill.currency == returned.entry.currency => own.push(returned),
            _ => returned.post_to(Account::RefundsClearing, journal)?,
        }
    }
    for timeline in settlement.notes.values() {
        let Some(note) = Note::of(settlement, timeline)? else { continue };
        let invoice = timeline.last().invoice.as_str();
        if !settlement.invoices.contains_key(invoice) {
            journal.mark(invoice, Reason::ParentMissing);
        }
        mark_unseen(settlement, timeline, journal)?;
        match bills.get_mut(invoice) {
            Some((bill, _, own)) if bill.currency == note.currency => own.push(note),
            _ => {
                note.post(0, journal)?;
                note.post_undone(0, journal)?;
            }
        }
    }
    for (bill, returns, notes) in bills.values() {
        post_bill(settlement, bill, (returns, notes), through, journal)?;
    }
    Ok(())
}

/// Posts one invoice: what is owed and paid, what lowers it, what is given up, what is earned.
fn post_bill<'a>(
    settlement: &'a Settlement<'a>,
    bill: &Bill<'a>,
    (returns, notes): (&[&Return<'a>], &[Note<'a>]),
    through: Option<Month>,
    journal: &mut Journal,
) -> Result<()> {
    if bill.cut {
        journal.mark(bill.id, Reason::CutList);
    }
    let mut receivable = Receivable::default();
    post_finalised(bill, &mut receivable, journal)?;
    let mut flows = payments(settlement, bill)?;
    flows.extend(post_unseen(settlement, bill, journal)?.flows);
    for flow in &flows {
        receivable.settle(flow.entry.second, flow.entry.event, flow.delta)?;
    }
    for note in notes {
        receivable.settle(note.issued.0, note.issued.1, note.receivable)?;
        if let Some((second, event)) = note.voided {
            receivable.owe(second, event, note.receivable);
        }
    }
    flows.extend(returns.iter().map(|returned| returned.flow()));
    revenue::post(journal, bill.without_tax(), flows)?;
    let schedule = contra::post(bill, returns, notes, &mut receivable, journal)?;
    post_given_up(bill, &receivable, journal)?;
    let closes =
        through.map_or(Ok(Vec::new()), |month| schedule.closes(month, bill.finalized.1))?;
    for Step { second, event, delta } in closes {
        let entry = Entry { object: bill.id, currency: bill.currency, second, event };
        let (debit, credit) = (Account::DeferredRevenue, Account::Revenue);
        journal.post(entry, TransferKind::Close, debit, credit, delta)?;
    }
    Ok(())
}

/// Posts the debt, and the customer's credit that paid a part of it; voiding gives that back.
fn post_finalised<'a>(
    bill: &Bill<'a>,
    receivable: &mut Receivable<'a>,
    journal: &mut Journal,
) -> Result<()> {
    let (second, event) = bill.finalized;
    let entry = Entry { object: bill.id, currency: bill.currency, second, event };
    let mut credits = vec![(Account::DeferredRevenue, bill.net)];
    for (rate, amount) in &bill.taxes {
        credits.push((Account::TaxPayable(rate.clone()), *amount));
    }
    let debits = [(Account::Receivable, bill.total)];
    journal.spread(entry, TransferKind::Invoice, &debits, &credits)?;
    receivable.owe(second, event, bill.total);
    let (from, to) = (Account::CustomerCredit, Account::Receivable);
    journal.post(entry, TransferKind::CreditApplied, from.clone(), to.clone(), bill.credit)?;
    receivable.settle(second, event, bill.credit)?;
    if let Some((second, event)) = bill.voided {
        let entry = Entry { second, event, ..entry };
        journal.post(entry, TransferKind::CreditAppliedUndone, to, from, bill.credit)?;
        receivable.owe(second, event, bill.credit);
    }
    Ok(())
}

/// The invoice payments seen of an invoice, in its currency.
fn own_payments<'a>(
    settlement: &'a Settlement<'a>,
    bill: &Bill<'a>,
) -> impl Iterator<Item = &'a Timeline<'a, InvoicePayment>> {
    let (id, currency) = (bill.id, bill.currency);
    settlement
        .invoice_payments
        .values()
        .filter(move |payment| payment.last().invoice == id && payment.last().currency == currency)
}

/// The money that invoice payments brought in.
pub(super) fn payments<'a>(
    settlement: &'a Settlement<'a>,
    bill: &Bill<'a>,
) -> Result<Vec<Flow<'a>>> {
    let mut flows = Vec::new();
    for payment in own_payments(settlement, bill) {
        for Step { second, event, delta } in paid(payment)? {
            let entry = Entry { object: payment.id, currency: bill.currency, second, event };
            flows.push(Flow { entry, kind: RevenueKind::Payment, delta });
        }
    }
    Ok(flows)
}

/// What an invoice says was paid beyond all invoice payments seen.
#[derive(Debug)]
pub(super) struct Unseen<'a> {
    pub(super) flows: Vec<Flow<'a>>,
    /// The money came from outside Stripe.
    pub(super) outside: bool,
    /// Something seen says with which money it was paid.
    pub(super) known: bool,
}

/// Posts what the invoice says was paid beyond all invoice payments seen: a residual of its own
/// per version, dated at `paid_at` once it is paid, else at the version's second.
pub(super) fn post_unseen<'a>(
    settlement: &'a Settlement<'a>,
    bill: &Bill<'a>,
    journal: &mut Journal,
) -> Result<Unseen<'a>> {
    let seen = own_payments(settlement, bill).map(|payment| payment.last());
    let seen: Vec<_> = seen.filter(|it| it.status == "paid").collect();
    let sum_seen = sum(seen.iter().filter_map(|it| it.amount_paid))?;
    let levels = bill.invoice.levels(|_, version| {
        let own = bill.paid.filter(|_| version.state.status == InvoiceStatus::Paid);
        let amount = amount_paid(version.state).saturating_sub(sum_seen).max(0);
        let second = own.map_or(version.second, |(second, _)| second);
        Level { second, event: version.event, amount }
    });
    let unseen = levels.last().map_or(0, |level| level.amount);
    let recorded = seen.iter().filter(|it| matches!(it.payer, Some(Payer::PaymentRecord(_))));
    let recorded = sum(recorded.filter_map(|it| it.amount_paid))?;
    let needed = add(sub(sum_seen, recorded)?, unseen)?;
    let looked_up = bill
        .paid
        .is_some_and(|(second, _)| settlement.was_looked_up(bill.id, Listed::Payments, second));
    let arrived = arrived(settlement, bill)?;
    // What no charge brought, and the API lists no payment of, came from outside.
    let outside = outside(bill.invoice).unwrap_or(looked_up && arrived < needed);
    let known = outside || names_charge(bill.invoice) || arrived >= needed;
    if unseen > 0 && !known {
        journal.mark(bill.id, Reason::PaymentMethodUnknown);
    }
    if unseen > 0 && !outside {
        mark_unseen_charge(settlement, bill, journal);
    }
    let debit = if outside { Account::OffStripe } else { Account::PaymentsClearing };
    let kind = if known { TransferKind::InvoicePayment } else { TransferKind::UnexplainedPayment };
    let mut flows = Vec::new();
    for Step { second, event, delta } in steps(&levels)? {
        let entry = Entry { object: bill.id, currency: bill.currency, second, event };
        journal.step(entry, kind, debit.clone(), Account::Receivable, delta)?;
        flows.push(Flow { entry, kind: RevenueKind::Payment, delta });
    }
    Ok(Unseen { flows, outside, known })
}

/// What a version says was paid. Old shapes leave out what was paid outside Stripe: that was all
/// that was due.
fn amount_paid(invoice: &Invoice) -> i64 {
    if !is_final(invoice) {
        return 0;
    }
    let outside = invoice.paid_out_of_band == Some(true) && invoice.status == InvoiceStatus::Paid;
    if outside { invoice.amount_paid.max(invoice.amount_due) } else { invoice.amount_paid }
}

/// Whether a paid version says that the money came from outside Stripe; an open one cannot know.
fn outside(invoice: &Timeline<'_, Invoice>) -> Option<bool> {
    invoice.newest(|it| paid_version(it)?.paid_out_of_band)
}

fn paid_version(invoice: &Invoice) -> Option<&Invoice> {
    (invoice.status == InvoiceStatus::Paid).then_some(invoice)
}

/// Whether an old shape says which charge paid: by itself, or by an intent that did not give way
/// to money from outside.
fn names_charge(invoice: &Timeline<'_, Invoice>) -> bool {
    let intent = invoice.newest(|it| paid_version(it)?.payment_intent.as_deref()).is_some();
    invoice.newest(|it| paid_version(it)?.charge.as_deref()).is_some()
        || (intent && outside(invoice) == Some(false))
}

/// What was captured of the charges that somebody links to the invoice.
fn arrived(settlement: &Settlement<'_>, bill: &Bill<'_>) -> Result<i64> {
    let linked = settlement.charges.values().filter(|charge| {
        let purpose = settlement.purpose(settlement.money(Some(charge.id), None));
        matches!(purpose, Purpose::Invoice(id) if id == bill.id)
    });
    sum(linked.map(|charge| captured(charge.last())))
}

fn mark_unseen_charge(settlement: &Settlement<'_>, bill: &Bill<'_>, journal: &mut Journal) {
    let named = bill.invoice.newest(|it| paid_version(it)?.charge.as_deref());
    if let Some(charge) = named.filter(|charge| !settlement.is_captured(charge)) {
        journal.mark(charge, Reason::ParentMissing);
    }
}

/// Posts what was given up as uncollectible: all that is owed, as long as it is owed.
fn post_given_up(
    bill: &Bill<'_>,
    receivable: &Receivable<'_>,
    journal: &mut Journal,
) -> Result<()> {
    let Some(start) = bill.uncollectible else { return Ok(()) };
    let ends = [bill.paid, bill.voided].into_iter().flatten();
    let end = ends.filter(|end| end.0 >= start.0).min();
    for Step { second, event, delta } in receivable.given_up(start, end)? {
        let entry = Entry { object: bill.id, currency: bill.currency, second, event };
        let (debit, credit) = (Account::WriteOff, Account::Receivable);
        journal.step(entry, TransferKind::Uncollectible, debit, credit, delta)?;
    }
    Ok(())
}
