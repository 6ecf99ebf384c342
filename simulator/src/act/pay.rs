//! Money for invoices: cards, parts, transfers, and dunning.

use crate::calendar::DAY;
use crate::exact::share;
use crate::model::{Charge, InvoiceStatus, Moved, Status};
use crate::plan::ApiVersion;
use crate::truth::Unsettled;
use crate::world::{Task, World};

/// How much of an invoice came, and by what.
struct Receipt<'a> {
    kind: &'a str,
    by: &'a str,
    account: &'static str,
    requested: i64,
    amount: i64,
}

impl World {
    /// A successful card payment of so much; the last one closes the invoice.
    pub(crate) fn pay_by_card(&mut self, invoice: usize, amount: i64) {
        let charge = self.charge_invoice(invoice, amount, true);
        self.say_paid_charge(charge);
        self.apply_charge(invoice, charge);
        if self.invoices[invoice].status == InvoiceStatus::Paid {
            self.plan_trouble(invoice, charge);
        }
    }

    /// Counts a successful charge towards an invoice.
    pub(crate) fn apply_charge(&mut self, invoice: usize, charge: usize) {
        let amount = self.charges[charge].amount;
        let intent = self.charges[charge].intent.clone();
        let bill = &mut self.invoices[invoice];
        bill.attempts = bill.attempts.max(1);
        bill.charge = Some(charge);
        let requested = bill.due();
        self.receive(
            invoice,
            &Receipt {
                kind: "payment_intent",
                by: &intent,
                account: "payments_clearing",
                requested,
                amount,
            },
        );
        if self.invoices[invoice].remaining() == 0 {
            self.close_paid(invoice);
        } else {
            self.say_change("invoice.updated", self.invoice_json(invoice));
        }
    }

    pub(crate) fn charge_invoice(&mut self, invoice: usize, amount: i64, succeeded: bool) -> usize {
        let bill = &self.invoices[invoice];
        let whole = amount == bill.due();
        let (customer, currency) = (bill.customer, bill.currency);
        let intent = bill.intent.clone().filter(|_| whole);
        let charge = Charge {
            id: self.dice.id("ch"),
            intent: intent.unwrap_or_else(|| self.dice.id("pi")),
            customer: Some(customer),
            invoice: Some(invoice),
            amount,
            tax: 0,
            currency,
            created: self.now,
            captured: true,
            succeeded,
            refunded: 0,
            disputed: false,
            transaction: None,
            refunds: Vec::new(),
            description: "Subscription payment",
            decline: "insufficient_funds",
            card: None,
            session: None,
        };
        self.charges.push(charge);
        self.charges.len() - 1
    }

    /// A charge with its payment intent, and its balance transaction a moment later.
    pub(crate) fn say_paid_charge(&mut self, charge: usize) {
        let state = &self.charges[charge];
        if state.captured {
            self.books.post("stripe_pending", "payments_clearing", state.currency, state.amount);
        }
        let id = self.dice.id("txn");
        self.move_balance(id.clone(), Moved::Charge(charge));
        let transaction = Some(id);
        // Whoever commands a payment may look at its fee at once.
        let at_once = self.plan.version == ApiVersion::V2017 || self.request.is_some();
        if at_once {
            self.charges[charge].transaction = transaction.clone();
        }
        self.say("charge.succeeded", self.charge_json(charge));
        self.say("payment_intent.succeeded", self.intent_json(charge, true));
        if !at_once {
            self.charges[charge].transaction = transaction;
            let at = self.now + self.dice.range(1, 3);
            self.say_change_at(at, "charge.updated", self.charge_json(charge));
        }
    }

    /// Books a payment on an invoice; from basil on an event says so.
    fn receive(&mut self, invoice: usize, receipt: &Receipt<'_>) {
        let bill = &mut self.invoices[invoice];
        bill.amount_paid += receipt.amount;
        let untaxed = |cumulative| share(cumulative, bill.untaxed(), bill.total());
        let earned = untaxed(bill.received + receipt.amount) - untaxed(bill.received);
        bill.received += receipt.amount;
        self.books.post(receipt.account, "receivable", bill.currency, receipt.amount);
        self.books.earn(bill.currency, self.now, earned);
        if self.plan.version.is_basil() && !receipt.kind.is_empty() {
            let id = self.dice.id("inpay");
            let amounts = (receipt.requested, receipt.amount);
            let by = (receipt.kind, receipt.by);
            self.say("invoice_payment.paid", self.invoice_payment_json(&id, invoice, by, amounts));
        }
    }

    /// Paid outside Stripe. Whether a payload says so depends on the version, and on how.
    pub(crate) fn pay_out_of_band(&mut self, invoice: usize) {
        let recorded = self.dice.chance(6_600);
        let record = self.dice.id("pyr");
        let version = self.plan.version;
        let shown = match version {
            ApiVersion::V2017 | ApiVersion::Basil => false,
            ApiVersion::Acacia => true,
            ApiVersion::Clover | ApiVersion::Dahlia | ApiVersion::Endive => recorded,
        };
        let amount = self.invoices[invoice].remaining();
        let kind = if shown && version.is_basil() { "payment_record" } else { "" };
        // A look-up, in today's version, tells what was paid outside Stripe.
        let told = shown || self.open_book;
        let account = if told { "off_stripe" } else { "payments_clearing" };
        if !shown {
            let id = self.invoices[invoice].id.clone();
            self.label(&id, Unsettled::PaymentMethodUnknown);
        }
        self.invoices[invoice].out_of_band = true;
        self.invoices[invoice].off_stripe = amount;
        self.receive(invoice, &Receipt { kind, by: &record, account, requested: amount, amount });
        self.close_paid(invoice);
    }

    /// One attempt to collect by card.
    pub(crate) fn collect(&mut self, invoice: usize) {
        let bill = &self.invoices[invoice];
        let Some(sub) = bill.sub else { return };
        let open = bill.status == InvoiceStatus::Open;
        if !open || bill.attempts > 0 && self.subs[sub].status.is_over() {
            return;
        }
        if self.subs[sub].commanded {
            self.invoices[invoice].attempts += 1;
            return self.charge_now(invoice, sub);
        }
        let chance = if bill.attempts == 0 { 9_250 } else { 5_000 };
        let lucky = self.dice.chance(chance);
        let in_parts = self.dice.chance(350) && self.plan.version.is_basil();
        self.invoices[invoice].attempts += 1;
        if !lucky {
            return self.fail(invoice, sub);
        }
        let left = self.invoices[invoice].remaining();
        if in_parts && left > 1_000 {
            self.pay_by_card(invoice, left / 25 * 10);
            let pause = self.dice.range(DAY / 2, 4 * DAY);
            return self.later(self.now + pause, Task::SecondPart(invoice));
        }
        self.pay_by_card(invoice, left);
        self.recover(sub);
    }

    pub(crate) fn second_part(&mut self, invoice: usize) {
        if self.invoices[invoice].status == InvoiceStatus::Open {
            self.pay_by_card(invoice, self.invoices[invoice].remaining());
        }
    }

    /// Paid at last: the subscription is active again.
    pub(crate) fn recover(&mut self, sub: usize) {
        if matches!(self.subs[sub].status, Status::PastDue | Status::Unpaid) {
            self.subs[sub].status = Status::Active;
            self.say_change("customer.subscription.updated", self.sub_json(sub));
            self.settle(sub, self.now);
        }
        self.set_delinquent(sub, false);
    }

    fn set_delinquent(&mut self, sub: usize, delinquent: bool) {
        let customer = self.subs[sub].customer;
        if self.customers[customer].delinquent == delinquent {
            return;
        }
        self.customers[customer].delinquent = delinquent;
        self.say_change("customer.updated", self.customer_json(customer));
    }

    pub(crate) fn fail(&mut self, invoice: usize, sub: usize) {
        let left = self.invoices[invoice].remaining();
        let charge = self.charge_invoice(invoice, left, false);
        self.mark_decline(charge, invoice, sub);
        self.say("charge.failed", self.charge_json(charge));
        self.say("payment_intent.payment_failed", self.intent_json(charge, false));
        let pause = match self.invoices[invoice].attempts {
            1 => 3 * DAY,
            2 => 5 * DAY,
            _ => 0,
        };
        self.invoices[invoice].next_attempt = (pause > 0).then_some(self.now + pause);
        self.say_change("invoice.updated", self.invoice_json(invoice));
        self.say("invoice.payment_failed", self.invoice_json(invoice));
        if self.subs[sub].status == Status::Active {
            self.subs[sub].status = Status::PastDue;
            self.say_change("customer.subscription.updated", self.sub_json(sub));
            self.settle(sub, self.now);
            self.set_delinquent(sub, true);
        }
        if pause > 0 {
            self.later(self.now + pause, Task::Collect(invoice));
        } else {
            self.give_up(invoice, sub);
        }
    }

    fn give_up(&mut self, invoice: usize, sub: usize) {
        if self.subs[sub].commanded {
            return self.end(sub, self.now, "payment_failed");
        }
        let way = self.dice.weighted(&[(6, 0), (2, 1), (2, 2)]);
        let pause = self.dice.range(DAY, 10 * DAY);
        if self.dice.chance(5_000) {
            self.later(self.now + pause, Task::Write(invoice));
        }
        if self.subs[sub].status.is_over() || way == 2 {
            return;
        }
        if way == 0 {
            return self.end(sub, self.now, "payment_failed");
        }
        self.subs[sub].status = Status::Unpaid;
        self.say_change("customer.subscription.updated", self.sub_json(sub));
        self.settle(sub, self.now);
        let again = self.dice.range(DAY / 2, 12 * DAY);
        if self.dice.chance(6_000) {
            self.later(self.now + again, Task::Collect(invoice));
        }
    }

    /// A sent invoice waits for its payer.
    pub(crate) fn await_transfer(&mut self, invoice: usize) {
        if self.is_commanded(Task::Transfer(invoice)) {
            return;
        }
        let days = self.dice.range(2 * DAY, 13 * DAY);
        let note = self.dice.chance(2_000) && self.plan.version > ApiVersion::V2017;
        if note && self.invoices[invoice].lines.len() == 1 {
            self.later(self.now + DAY, Task::NoteOn(invoice));
        }
        let task =
            if self.dice.chance(8_500) { Task::Transfer(invoice) } else { Task::Write(invoice) };
        let pause = if matches!(task, Task::Write(_)) { days + 25 * DAY } else { days };
        self.later(self.now + pause, task);
    }

    pub(crate) fn transfer(&mut self, invoice: usize) {
        let by_card = self.dice.chance(5_000);
        if self.invoices[invoice].status != InvoiceStatus::Open {
            return;
        }
        if by_card {
            self.pay_by_card(invoice, self.invoices[invoice].remaining());
        } else {
            self.pay_out_of_band(invoice);
        }
    }

    /// Some payments are refunded, disputed, or credited later.
    fn plan_trouble(&mut self, invoice: usize, charge: usize) {
        if self.is_commanded(Task::Collect(invoice)) {
            return;
        }
        let troubled = self.often(900);
        let trouble = self.dice.weighted(&[(9, 1), (4, 2), (5, 3)]);
        let soon = self.pause(DAY, 24 * DAY);
        let bill = &self.invoices[invoice];
        let one_line = bill.lines.len() == 1;
        let whole = self.charges[charge].amount == bill.total();
        if !troubled || bill.touched || !self.is_plain(invoice) || !one_line && !whole {
            return;
        }
        match trouble {
            1 => self.later(self.now + soon, Task::RefundOf(charge)),
            2 => self.later(self.now + soon, Task::DisputeOf(charge)),
            3 if one_line => self.later(self.now + soon, Task::NoteOn(invoice)),
            _ => return,
        }
        self.invoices[invoice].touched = true;
    }
}
