//! Credit notes.

use super::{Command, fields};
use crate::model::InvoiceStatus;
use crate::stripe::account::Account;
use crate::stripe::kind::Kind;
use crate::stripe::params::Params;
use crate::stripe::problem::{Answer, Problem};

pub(super) fn run(account: &mut Account, command: &Command<'_>) -> Option<Answer> {
    let Command { method, path, params } = *command;
    Some(match (method, path) {
        ("POST", ["credit_notes"]) => create(account, params),
        ("POST", ["credit_notes", id, "void"]) => void(account, id),
        _ => return None,
    })
}

fn create(account: &mut Account, params: &Params) -> Answer {
    params.only(&["amount", "credit_amount", "invoice", "memo", "reason", "refund_amount"])?;
    let invoice = account.living(Kind::Invoice, params.required("invoice")?, "invoice")?;
    let amount =
        fields::at_least(params, "amount", 1)?.ok_or_else(|| Problem::missing("amount"))?;
    let by_refund = fields::at_least(params, "refund_amount", 1)?.is_some();
    let bill = &account.world.invoices[invoice];
    let most = match bill.status {
        InvoiceStatus::Open => bill.remaining(),
        InvoiceStatus::Paid => bill.total() - bill.post_notes,
        _ => 0,
    };
    if bill.lines.len() != 1 {
        let message = "This account plays with credit notes on invoices of one line only.";
        return Err(Problem::invalid(message).param("invoice"));
    }
    if amount > most {
        let message = format!(
            "The sum of credit amount, refund amount and out of band amount ({}) must not be \
             greater than what can be credited ({}).",
            fields::in_words(amount, bill.currency),
            fields::in_words(most, bill.currency)
        );
        return Err(Problem::invalid(message).param("amount"));
    }
    account.world.note_of(invoice, amount, by_refund);
    account.shown(Kind::CreditNote, account.world.notes.len() - 1)
}

fn void(account: &mut Account, id: &str) -> Answer {
    let index = account.living(Kind::CreditNote, id, "id")?;
    let note = &account.world.notes[index];
    if !note.before_payment || note.voided_at.is_some() {
        return Err(Problem::invalid("This credit note cannot be voided."));
    }
    account.world.void_note(index);
    account.shown(Kind::CreditNote, index)
}
