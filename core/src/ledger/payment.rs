//! Money that comes in and goes to the bank: charges, invoice payments, payouts.
//!
//! A charge that is captured when first seen is dated by its own `created`; one that was seen
//! before it was money (authorised, pending) by the second of the version that shows it captured.

use super::Account;
use super::amount::Result;
use super::journal::{Entry, Journal};
use super::settlement::{Purpose, Settlement, captured, payer};
use super::timeline::{Level, Step, Timeline, steps};
use super::transaction::is_settled;
use super::transfer::TransferKind;
use crate::billing::facts::{Charge, InvoicePayment, Payer, Payout};
use crate::unconfirmed::Reason;

/// The steps in which a charge became money.
pub(super) fn captures<'a>(charge: &Timeline<'a, Charge>) -> Result<Vec<Step<'a>>> {
    steps(&charge.levels(|place, version| Level {
        second: if place == 0 { version.state.created } else { version.second },
        event: version.event,
        amount: captured(version.state),
    }))
}

/// The steps in which an invoice payment was paid.
pub(super) fn paid<'a>(payment: &Timeline<'a, InvoicePayment>) -> Result<Vec<Step<'a>>> {
    steps(&payment.levels(|_, version| {
        let it = version.state;
        let amount = if it.status == "paid" { it.amount_paid.unwrap_or(0) } else { 0 };
        let own = it.paid_at.filter(|_| amount != 0);
        Level { second: own.unwrap_or(version.second), event: version.event, amount }
    }))
}

/// Where the money of an invoice payment comes from.
fn source(payment: &InvoicePayment) -> Account {
    match payment.payer {
        Some(Payer::PaymentRecord(_)) => Account::OffStripe,
        _ => Account::PaymentsClearing,
    }
}

/// Posts captured charges into clearing, and marks what nobody explains.
pub(super) fn post_charges(settlement: &Settlement<'_>, journal: &mut Journal) -> Result<()> {
    for charge in settlement.charges.values() {
        let purpose = settlement.purpose(settlement.money(Some(charge.id), None));
        if let Purpose::Invoice(invoice) = purpose {
            journal.link(charge.id, invoice);
        }
        let Some(currency) = charge.newest(|it| it.currency) else { continue };
        let captures = captures(charge)?;
        for Step { second, event, delta } in &captures {
            let entry = Entry { object: charge.id, currency, second: *second, event };
            let (debit, credit) = (Account::StripePending, Account::PaymentsClearing);
            journal.step(entry, TransferKind::Charge, debit, credit, *delta)?;
            if matches!(purpose, Purpose::Credit(..)) {
                let (debit, credit) = (Account::PaymentsClearing, Account::CustomerCredit);
                journal.step(entry, TransferKind::CheckoutCredit, debit, credit, *delta)?;
            }
        }
        if captures.is_empty() {
            continue;
        }
        if !is_settled(settlement, charge.id) {
            journal.mark(charge.id, Reason::FeeUnknown);
        }
        match purpose {
            Purpose::Unknown if captured(charge.last()) > 0 => {
                journal.mark(charge.id, Reason::PaymentUnexplained);
            }
            Purpose::Invoice(id) if !settlement.invoices.contains_key(id) => {
                journal.mark(id, Reason::ParentMissing);
            }
            _ => {}
        }
    }
    Ok(())
}

/// Posts paid invoice payments out of clearing, and marks the money that was not seen.
pub(super) fn post_invoice_payments(
    settlement: &Settlement<'_>,
    journal: &mut Journal,
) -> Result<()> {
    for payment in settlement.invoice_payments.values() {
        let it = payment.last();
        let paid = paid(payment)?;
        for Step { second, event, delta } in &paid {
            let entry = Entry { object: payment.id, currency: it.currency, second: *second, event };
            let debit = source(it);
            journal.step(
                entry,
                TransferKind::InvoicePayment,
                debit,
                Account::Receivable,
                *delta,
            )?;
        }
        if paid.is_empty() || it.status != "paid" {
            continue;
        }
        if !settlement.invoices.contains_key(it.invoice.as_str()) {
            journal.mark(&it.invoice, Reason::ParentMissing);
        }
        let money = match &it.payer {
            Some(Payer::Charge(id)) => settlement.money(Some(id), None),
            _ => settlement.money(None, payer(it)),
        };
        let named = money.charge.or(money.intent);
        if let Some(named) = named.filter(|named| !settlement.is_captured(named)) {
            journal.mark(named, Reason::ParentMissing);
        }
    }
    Ok(())
}

/// Posts payouts at the second of the version that shows them paid, of one that was paid when first
/// seen at its arrival; a paid one that failed or was
/// canceled is mirrored at the second that shows it. A negative payout took from the bank. Once
/// its balance transaction is known, that took the money from the balance, and the payout meets it
/// in stripe_pending.
pub(super) fn post_payouts(settlement: &Settlement<'_>, journal: &mut Journal) -> Result<()> {
    for payout in settlement.payouts.values() {
        let Some(currency) = payout.newest(|it| it.currency) else { continue };
        let amount = |it: &Payout| if it.status == "paid" { it.amount } else { 0 };
        let arrival = |it: &Payout| Some(it.arrival_date).filter(|day| *day > 0);
        let levels = payout.levels(|place, version| Level {
            second: match arrival(version.state).filter(|_| place == 0) {
                Some(arrival) => arrival.min(version.second),
                None => version.second,
            },
            event: version.event,
            amount: amount(version.state),
        });
        let settled = is_settled(settlement, payout.id);
        let from = if settled { Account::StripePending } else { Account::StripeBalance };
        let mut stands = 0;
        for Step { second, event, delta } in steps(&levels)? {
            let entry = Entry { object: payout.id, currency, second, event };
            let undoing = stands != 0;
            let kind = if undoing { TransferKind::PayoutUndone } else { TransferKind::Payout };
            journal.post(entry, kind, Account::Bank, from.clone(), delta)?;
            stands = if undoing { 0 } else { delta };
        }
    }
    Ok(())
}
