//! Credit notes: before payment, to the customer's balance, or by refund.

use crate::books;
use crate::calendar::DAY;
use crate::exact::{share, whole_share};
use crate::model::{InvoiceStatus, Note, Reversal};
use crate::plan::ApiVersion;
use crate::world::{Task, World};

/// Where a note's amount goes.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Way {
    Open,
    Balance,
    Refund,
}

impl World {
    pub(crate) fn note_on(&mut self, invoice: usize) {
        let percent = self.dice.range(15, 70);
        let by_refund = self.dice.chance(4_000);
        let voids = self.dice.chance(3_500);
        let bill = &self.invoices[invoice];
        let way = match bill.status {
            InvoiceStatus::Open => Way::Open,
            InvoiceStatus::Paid if by_refund && self.plan.version.is_basil() => Way::Refund,
            InvoiceStatus::Paid => Way::Balance,
            _ => return,
        };
        let ceiling = match (way, bill.charge) {
            (Way::Open, _) => bill.remaining() - 100,
            (Way::Refund, Some(charge)) => self.charges[charge].amount,
            _ => bill.total(),
        };
        let wanted = share(ceiling, percent, 100) / 10 * 10;
        let amount = whole_share(wanted, ceiling, bill.untaxed(), bill.total());
        if self.plan.version == ApiVersion::V2017 || wanted <= 0 || amount >= ceiling {
            return;
        }
        let note = self.issue(invoice, amount, way);
        if way == Way::Open && voids {
            self.later(self.now + DAY / 2, Task::VoidNote(note));
        }
    }

    /// A note of so much on a paid invoice, to the balance or by refund.
    pub(crate) fn note_of(&mut self, invoice: usize, amount: i64, by_refund: bool) {
        self.issue(invoice, amount, if by_refund { Way::Refund } else { Way::Balance });
    }

    fn issue(&mut self, invoice: usize, amount: i64, way: Way) -> usize {
        let now = self.now;
        let bill = &mut self.invoices[invoice];
        let net = share(amount, bill.untaxed(), bill.total());
        let reversal = books::reverse(bill, net, now);
        bill.touched = true;
        let (charge, tax) = (bill.charge, amount - net);
        let against = match way {
            Way::Open => "receivable",
            Way::Balance => "customer_credit",
            Way::Refund => "refunds_clearing",
        };
        match way {
            Way::Open => bill.pre_notes += amount,
            Way::Balance | Way::Refund => bill.post_notes += amount,
        }
        self.post_note(invoice, against, &reversal, tax);
        let refund = match (way, charge) {
            (Way::Refund, Some(charge)) => Some(self.new_refund(charge, amount, "succeeded", true)),
            _ => None,
        };
        let note = Note {
            id: self.dice.id("cn"),
            invoice,
            created: now,
            amount,
            tax,
            before_payment: way == Way::Open,
            to_balance: if way == Way::Balance { amount } else { 0 },
            refund,
            voided_at: None,
            reversal,
        };
        self.notes.push(note);
        let index = self.notes.len() - 1;
        self.say("credit_note.created", self.note_json(index));
        self.say_change("invoice.updated", self.invoice_json(invoice));
        if way == Way::Balance {
            let customer = self.invoices[invoice].customer;
            self.credit(customer, -amount, "credit_note", Some(invoice), Some(index));
            self.say_change("customer.updated", self.customer_json(customer));
        }
        index
    }

    fn post_note(&mut self, invoice: usize, against: &'static str, back: &Reversal, tax: i64) {
        let currency = self.invoices[invoice].currency;
        self.books.post("credit_notes", against, currency, back.contra);
        self.books.post("deferred_revenue", against, currency, back.deferred);
        self.books.post("tax_payable", against, currency, tax);
    }

    /// A note on an open invoice is taken back.
    pub(crate) fn void_note(&mut self, index: usize) {
        let note = self.notes[index].clone();
        if self.invoices[note.invoice].status != InvoiceStatus::Open {
            return;
        }
        self.notes[index].voided_at = Some(self.now);
        let back = Reversal {
            contra: -note.reversal.contra,
            deferred: -note.reversal.deferred,
            ..Reversal::default()
        };
        self.post_note(note.invoice, "receivable", &back, -note.tax);
        let bill = &mut self.invoices[note.invoice];
        books::restore(bill, &note.reversal);
        bill.pre_notes -= note.amount;
        self.say("credit_note.voided", self.note_json(index));
        self.say_change("invoice.updated", self.invoice_json(note.invoice));
    }
}
