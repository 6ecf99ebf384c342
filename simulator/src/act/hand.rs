//! What commands do that no story does by itself: nothing here is left to chance.

use serde_json::Value;

use crate::calendar::HOUR;
use crate::exact::share;
use crate::model::{Card, Fate, InvoiceStatus, Line, Pending, Status};
use crate::world::{Task, World};

/// How long the first payment of a subscription may take.
const FIRST_PAYMENT: i64 = 23 * HOUR;

impl World {
    /// The card that pays for a subscription, or else for its customer.
    pub(crate) fn paying_card(&self, customer: usize, sub: Option<usize>) -> Option<&str> {
        let own = sub.and_then(|sub| self.subs[sub].card.as_deref());
        own.or_else(|| self.customers[customer].shown_card())
    }

    pub(crate) fn card(&self, id: &str) -> Option<&Card> {
        self.cards.iter().find(|card| card.id == id)
    }

    /// What a card will do; those of played customers pay.
    pub(crate) fn fate(&self, card: &str) -> Fate {
        self.card(card).map_or(Fate::Pays, |card| card.fate)
    }

    /// Collects an invoice with the card there is; whether it was paid.
    pub(crate) fn charge_now(&mut self, invoice: usize, sub: usize) {
        let customer = self.invoices[invoice].customer;
        let card = self.paying_card(customer, Some(sub)).map(str::to_owned);
        match self.try_card(invoice, card) {
            Ok(()) => self.recover(sub),
            Err(_) => self.fail(invoice, sub),
        }
    }

    /// Pays what is left of an invoice, or says why not; nothing is said of a failure yet.
    pub(crate) fn try_card(
        &mut self,
        invoice: usize,
        card: Option<String>,
    ) -> Result<(), &'static str> {
        let card = card.ok_or("missing_payment_method")?;
        let fate = self.fate(&card);
        if let Fate::Declines(code) = fate {
            return Err(code);
        }
        let left = self.invoices[invoice].remaining();
        let charge = self.charge_invoice(invoice, left, true);
        self.charges[charge].card = Some(card);
        self.say_paid_charge(charge);
        self.apply_charge(invoice, charge);
        if let Fate::Disputes { inquiry } = fate {
            self.open_dispute(charge, inquiry);
        }
        Ok(())
    }

    /// Says on a failed charge which card refused, and why.
    pub(crate) fn mark_decline(&mut self, charge: usize, invoice: usize, sub: usize) {
        let customer = self.invoices[invoice].customer;
        let card = self.paying_card(customer, Some(sub)).map(str::to_owned);
        if let Some(Fate::Declines(code)) = card.as_deref().map(|card| self.fate(card)) {
            self.charges[charge].decline = code;
            self.charges[charge].card = card;
        }
    }

    /// A failed attempt, said but without any consequence for a subscription.
    pub(crate) fn say_failed(&mut self, invoice: usize, card: Option<String>, code: &'static str) {
        let left = self.invoices[invoice].remaining();
        let charge = self.charge_invoice(invoice, left, false);
        self.charges[charge].decline = code;
        self.charges[charge].card = card;
        self.say("charge.failed", self.charge_json(charge));
        self.say("payment_intent.payment_failed", self.intent_json(charge, false));
        self.invoices[invoice].attempts += 1;
        self.say_change("invoice.updated", self.invoice_json(invoice));
        self.say("invoice.payment_failed", self.invoice_json(invoice));
    }

    /// Begins a subscription that was made by command; says how its first payment went.
    pub(crate) fn begin_commanded(
        &mut self,
        sub: usize,
        attempt: bool,
    ) -> Result<(), &'static str> {
        if let Some((_, until)) = self.subs[sub].trial {
            self.begin_commanded_trial(sub, until);
            return Ok(());
        }
        let customer = self.subs[sub].customer;
        let card = self.paying_card(customer, Some(sub)).map(str::to_owned);
        let mut lines = self.lines_for(sub, None);
        lines.extend(self.take_pending(customer, Some(sub)));
        let invoice = self.draft(sub, "subscription_create", lines);
        let fate = card.as_deref().map(|card| self.fate(card));
        let pays = attempt && matches!(fate, Some(Fate::Pays | Fate::Disputes { .. }));
        let by_invoice = self.subs[sub].by_invoice;
        if !by_invoice && !pays && self.invoices[invoice].due() > 0 {
            self.subs[sub].status = Status::Incomplete;
        }
        self.say_commanded(sub, invoice);
        if by_invoice {
            self.later(self.now + HOUR, Task::Finalize(invoice));
            self.mind_period(sub);
            return Ok(());
        }
        self.finalize(invoice);
        if self.invoices[invoice].status == InvoiceStatus::Open {
            self.first_payment(sub, invoice, card, attempt)?;
        }
        self.drop_once(sub);
        self.mind_period(sub);
        Ok(())
    }

    fn first_payment(
        &mut self,
        sub: usize,
        invoice: usize,
        card: Option<String>,
        attempt: bool,
    ) -> Result<(), &'static str> {
        if attempt && let Err(code) = self.try_card(invoice, card.clone()) {
            self.later(self.now + FIRST_PAYMENT, Task::Expire(sub));
            self.say_failed(invoice, card, code);
            return Err(code);
        }
        if !attempt {
            self.later(self.now + FIRST_PAYMENT, Task::Expire(sub));
        }
        Ok(())
    }

    fn say_commanded(&mut self, sub: usize, invoice: usize) {
        self.say("customer.subscription.created", self.sub_json(sub));
        self.say_discounts(sub);
        let customer = self.subs[sub].customer;
        self.say_change("customer.updated", self.customer_json(customer));
        self.settle(sub, self.now);
        self.say("invoice.created", self.invoice_json(invoice));
    }

    fn begin_commanded_trial(&mut self, sub: usize, until: i64) {
        let state = &mut self.subs[sub];
        state.status = Status::Trialing;
        state.period = (self.now, until);
        state.anchor = until;
        let lines = self.trial_lines(sub);
        let invoice = self.draft(sub, "subscription_create", lines);
        self.say_commanded(sub, invoice);
        self.finalize(invoice);
        let notice = until - 3 * 24 * HOUR;
        if notice > self.now {
            self.later(notice, Task::TrialNotice(sub));
        }
        self.later(until, Task::EndTrial(sub));
    }

    /// A trial that ends without a card, where that means more than an unpaid invoice.
    pub(crate) fn end_cardless_trial(&mut self, sub: usize, over: i64) -> bool {
        let state = &self.subs[sub];
        if self.paying_card(state.customer, Some(sub)).is_some() || state.by_invoice {
            return false;
        }
        let settings = state.set.get("trial_settings").unwrap_or(&Value::Null);
        match settings["end_behavior"]["missing_payment_method"].as_str() {
            Some("cancel") => self.end(sub, over, "cancellation_requested"),
            Some("pause") => self.hold(sub),
            _ => return false,
        }
        true
    }

    /// The status `paused`.
    pub(crate) fn hold(&mut self, sub: usize) {
        self.subs[sub].status = Status::Paused;
        self.subs[sub].held_at = self.now;
        self.changed(sub);
        self.say("customer.subscription.paused", self.sub_json(sub));
    }

    /// The invoice of a first payment is paid at last.
    pub(crate) fn complete(&mut self, sub: usize) {
        if self.subs[sub].status == Status::Incomplete {
            self.subs[sub].status = Status::Active;
            self.changed(sub);
            self.drop_once(sub);
            self.mind_period(sub);
        } else {
            self.recover(sub);
        }
    }

    /// What was written off is open again.
    pub(crate) fn reopen(&mut self, invoice: usize) {
        let bill = &mut self.invoices[invoice];
        bill.status = InvoiceStatus::Open;
        let (currency, left) = (bill.currency, bill.remaining());
        self.books.post("receivable", "write_off", currency, left);
    }

    pub(crate) fn end_at(&mut self, sub: usize) {
        let state = &self.subs[sub];
        if state.cancel_at == Some(self.now) && !state.status.is_over() {
            self.end(sub, self.now, "cancellation_requested");
        }
    }

    /// What each item costs for a whole period, after discounts.
    pub(crate) fn worth(&mut self, sub: usize) -> Vec<i64> {
        let lines = self.lines_for(sub, None);
        let scratch = self.draft_of(sub, "upcoming", lines);
        scratch.lines.iter().map(Line::discounted).collect()
    }

    /// A line for the rest of the running period, to the second.
    pub(crate) fn prorate(
        &mut self,
        sub: usize,
        (price, quantity): (usize, i64),
        full: i64,
        at: i64,
    ) -> Line {
        let (start, end) = self.subs[sub].period;
        let amount = share(full, end - at, end - start);
        let item = self.dice.id("ii");
        let mut line = self.line(price, quantity, amount, (at, end), Err(item));
        let name = self.catalog.name_of(price);
        let what = if amount < 0 { "Unused time on" } else { "Remaining time on" };
        line.description = format!("{what} {quantity} × {name}");
        line.proration = true;
        line
    }

    /// The lines that wait for a customer's next invoice, of one subscription or of none.
    pub(crate) fn take_pending(&mut self, customer: usize, sub: Option<usize>) -> Vec<Line> {
        let (taken, left): (Vec<Pending>, Vec<Pending>) = std::mem::take(&mut self.pending)
            .into_iter()
            .partition(|pending| pending.customer == customer && pending.sub == sub);
        self.pending = left;
        taken.into_iter().map(|pending| pending.line).collect()
    }
}
