//! Invoices: their lines, their finalisation, and the ways they end without money.

use serde_json::Map;

use crate::books;
use crate::calendar::DAY;
use crate::catalog::{Off, Scheme};
use crate::exact::{share, split};
use crate::model::{Discount, Invoice, InvoiceStatus, Line, TaxRate};
use crate::plan::ApiVersion;
use crate::render::SHOWN;
use crate::truth::Unsettled;
use crate::world::{Task, World};

/// The rate inside the prices with tax.
const INSIDE: i64 = 20;

impl World {
    /// A line for each item of the running period; usage is billed for the one before.
    pub(crate) fn lines_for(&mut self, sub: usize, before: Option<(i64, i64)>) -> Vec<Line> {
        let state = self.subs[sub].clone();
        let mut lines = Vec::new();
        for item in &state.items {
            let metered = self.catalog.prices[item.price].is_metered();
            let usage = if state.commanded { 0 } else { self.dice.range(50, 4_000) };
            let (quantity, period) = match before {
                Some(before) if metered => (usage, before),
                None if metered => (0, state.period),
                _ => (item.quantity, state.period),
            };
            let amount = self.catalog.prices[item.price].charge(quantity, state.currency);
            lines.push(self.line(item.price, quantity, amount, period, Ok(item.id.clone())));
        }
        lines
    }

    pub(crate) fn trial_lines(&mut self, sub: usize) -> Vec<Line> {
        let mut lines = self.lines_for(sub, None);
        for line in &mut lines {
            line.amount = 0;
            line.description = "Trial period".to_owned();
        }
        lines
    }

    pub(crate) fn line(
        &mut self,
        price: usize,
        quantity: i64,
        amount: i64,
        period: (i64, i64),
        item: Result<String, String>,
    ) -> Line {
        let name = self.catalog.name_of(price).to_owned();
        Line {
            id: self.dice.id("il"),
            amount,
            description: format!("{quantity} × {name}"),
            period,
            price,
            quantity,
            proration: false,
            item,
            discounts: Vec::new(),
            tax: 0,
            reversed: 0,
        }
    }

    /// Now and then a dozen small extras, so that Stripe cuts the list.
    pub(crate) fn add_extras(&mut self, sub: usize, lines: &mut Vec<Line>) {
        let many = self.dice.range(11, 16);
        let plain = self.catalog.prices[self.subs[sub].items[0].price].scheme == Scheme::Plain;
        if !self.dice.chance(60) || !plain {
            return;
        }
        let price = self.subs[sub].items[0].price;
        for number in 1..=many {
            let item = self.dice.id("ii");
            lines.push(self.line(price, 1, 100 * number, (self.now, self.now), Err(item)));
        }
    }

    /// A draft for a subscription; nothing is said of it yet.
    pub(crate) fn draft(&mut self, sub: usize, reason: &'static str, lines: Vec<Line>) -> usize {
        let invoice = self.draft_of(sub, reason, lines);
        self.invoices.push(invoice);
        let index = self.invoices.len() - 1;
        self.subs[sub].latest_invoice = Some(index);
        index
    }

    /// A draft that is kept nowhere.
    pub(crate) fn draft_of(
        &mut self,
        sub: usize,
        reason: &'static str,
        lines: Vec<Line>,
    ) -> Invoice {
        let state = self.subs[sub].clone();
        let customer = &self.customers[state.customer];
        let inside = matches!(self.catalog.prices[state.items[0].price].scheme, Scheme::TaxInside);
        let inside_rate = TaxRate {
            id: "txr_1Pgc74B7WZ01zgkW94BlEhHU".to_owned(),
            percent: INSIDE,
            inclusive: true,
        };
        let tax = if inside { Some(inside_rate) } else { customer.tax.clone() };
        let shared: Vec<Discount> = if state.discounts.is_empty() {
            customer.discount.iter().cloned().collect()
        } else {
            state.discounts.clone()
        };
        let mut invoice = Invoice {
            sub: Some(sub),
            reason,
            by_invoice: state.by_invoice,
            period: state.period,
            discounts: shared,
            tax,
            ..self.blank_invoice(state.customer, state.currency, lines)
        };
        self.apply_discounts(&mut invoice, &state.items);
        apply_tax(&mut invoice);
        invoice
    }

    /// A draft of no subscription; nothing is said of it yet.
    pub(crate) fn sale_invoice(
        &mut self,
        customer: usize,
        currency: &'static str,
        lines: Vec<Line>,
    ) -> usize {
        let invoice = self.blank_invoice(customer, currency, lines);
        self.invoices.push(invoice);
        self.invoices.len() - 1
    }

    fn blank_invoice(
        &mut self,
        customer: usize,
        currency: &'static str,
        lines: Vec<Line>,
    ) -> Invoice {
        Invoice {
            id: self.dice.id("in"),
            number: None,
            customer,
            sub: None,
            reason: "manual",
            currency,
            by_invoice: false,
            status: InvoiceStatus::Draft,
            created: self.now,
            period: (self.now, self.now),
            lines,
            discounts: Vec::new(),
            tax: None,
            starting_balance: self.customers[customer].balance,
            ending_balance: None,
            amount_paid: 0,
            finalized_at: None,
            paid_at: None,
            voided_at: None,
            uncollectible_at: None,
            attempts: 0,
            next_attempt: None,
            intent: None,
            charge: None,
            out_of_band: false,
            pre_notes: 0,
            post_notes: 0,
            received: 0,
            returned: 0,
            touched: false,
            off_stripe: 0,
            set: Map::new(),
        }
    }

    fn apply_discounts(&self, invoice: &mut Invoice, items: &[crate::model::Item]) {
        for line in &mut invoice.lines {
            let own = items.iter().find(|item| line.item.as_ref().ok() == Some(&item.id));
            for discount in own.iter().flat_map(|item| &item.discounts) {
                let left = line.discounted();
                let off = match self.catalog.coupons[discount.coupon].off {
                    Off::Percent(basis) => share(left, basis, 10_000),
                    Off::Amount(amount, _) => amount.min(left),
                };
                line.discounts.push((discount.id.clone(), off));
            }
        }
        for discount in &invoice.discounts {
            let open = |line: &Line| line.item.is_ok() && !line.proration;
            let left = |line: &Line| if open(line) { line.discounted() } else { 0 };
            let lefts: Vec<i64> = invoice.lines.iter().map(left).collect();
            let parts = match self.catalog.coupons[discount.coupon].off {
                Off::Percent(basis) => {
                    lefts.iter().map(|left| share(*left, basis, 10_000)).collect()
                }
                Off::Amount(amount, _) => split(amount.min(lefts.iter().sum()), &lefts),
            };
            for (line, part) in invoice.lines.iter_mut().zip(parts) {
                if part > 0 {
                    line.discounts.push((discount.id.clone(), part));
                }
            }
        }
    }

    pub(crate) fn finalize_and_collect(&mut self, index: usize) {
        let invoice = &self.invoices[index];
        let Some(sub) = invoice.sub else { return };
        let pause = self.subs[sub].pause;
        if invoice.status != InvoiceStatus::Draft || pause == Some("keep_as_draft") {
            return;
        }
        self.finalize(index);
        if self.invoices[index].status != InvoiceStatus::Open {
            return;
        }
        match pause {
            Some("void") if self.can_void(index) => self.void(index),
            Some("mark_uncollectible") => self.write_off(index),
            _ if self.invoices[index].by_invoice => self.await_transfer(index),
            _ => self.collect(index),
        }
    }

    /// Receivable arises; the customer's credit is used.
    pub(crate) fn finalize(&mut self, index: usize) {
        let customer = self.invoices[index].customer;
        let owner = &mut self.customers[customer];
        owner.invoices += 1;
        let number = format!("{}-{:04}", owner.prefix, owner.invoices);
        let invoice = &mut self.invoices[index];
        let total = invoice.total();
        let credit = if total < 0 { total } else { total.min(-owner.balance).max(0) };
        invoice.starting_balance = owner.balance;
        invoice.ending_balance = Some(owner.balance + credit);
        invoice.number = Some(number);
        invoice.finalized_at = Some(self.now);
        invoice.status = InvoiceStatus::Open;
        let currency = invoice.currency;
        let is_due = invoice.due() > 0;
        self.books.post("receivable", "deferred_revenue", currency, invoice.untaxed());
        self.books.post("receivable", "tax_payable", currency, invoice.tax_sum());
        self.books.post("customer_credit", "receivable", currency, credit);
        if is_due {
            let intent = self.dice.id("pi");
            invoice.intent.get_or_insert(intent);
        }
        if self.invoices[index].lines.len() > SHOWN {
            let id = self.invoices[index].id.clone();
            self.label(&id, Unsettled::CutList);
        }
        if credit != 0 {
            self.credit(customer, credit, "applied_to_invoice", Some(index), None);
        }
        let kind = self.since_2018("invoice.finalized");
        self.tell_invoice(kind, index);
        if credit != 0 {
            self.say_change("customer.updated", self.customer_json(customer));
        }
        if self.invoices[index].due() == 0 {
            self.close_paid(index);
        }
    }

    /// The kind, or `invoice.updated` where the version knows no such kind.
    fn since_2018(&self, kind: &'static str) -> &'static str {
        if self.plan.version == ApiVersion::V2017 { "invoice.updated" } else { kind }
    }

    /// Only `invoice.updated` names what was there before.
    pub(crate) fn tell_invoice(&mut self, kind: &str, index: usize) {
        let json = self.invoice_json(index);
        if kind == "invoice.updated" {
            self.say_change(kind, json);
        } else {
            self.say(kind, json);
        }
    }

    /// The receivable is closed.
    pub(crate) fn close_paid(&mut self, index: usize) {
        let invoice = &mut self.invoices[index];
        invoice.status = InvoiceStatus::Paid;
        invoice.paid_at = Some(self.now);
        invoice.next_attempt = None;
        if invoice.finalized_at != Some(self.now) {
            self.say_change("invoice.updated", self.invoice_json(index));
        }
        if self.plan.version != ApiVersion::V2017 {
            self.say("invoice.paid", self.invoice_json(index));
        }
        self.say("invoice.payment_succeeded", self.invoice_json(index));
    }

    pub(crate) fn can_void(&self, index: usize) -> bool {
        let invoice = &self.invoices[index];
        let untouched = invoice.amount_paid == 0 && invoice.pre_notes == 0 && !invoice.touched;
        let no_credit = invoice.ending_balance == Some(invoice.starting_balance);
        untouched && no_credit && self.is_plain(index)
    }

    /// Nothing in the invoice's lines leaves open how a reversal of all of it is split.
    pub(crate) fn is_plain(&self, index: usize) -> bool {
        let invoice = &self.invoices[index];
        let plain = |line: &Line| line.amount >= 0 && line.discounts.is_empty();
        let shown = invoice.lines.len() <= 10 && !invoice.inclusive();
        invoice.lines.len() == 1 && invoice.total() > 0
            || shown && invoice.total() > 0 && invoice.lines.iter().all(plain)
    }

    pub(crate) fn void(&mut self, index: usize) {
        if self.invoices[index].status != InvoiceStatus::Open || !self.can_void(index) {
            return;
        }
        let (currency, now) = (self.invoices[index].currency, self.now);
        let invoice = &mut self.invoices[index];
        let reversal = books::reverse(invoice, invoice.untaxed(), now);
        invoice.touched = true;
        invoice.status = InvoiceStatus::Void;
        invoice.voided_at = Some(now);
        let tax = invoice.tax_sum();
        self.books.post("credit_notes", "receivable", currency, reversal.contra);
        self.books.post("deferred_revenue", "receivable", currency, reversal.deferred);
        self.books.post("tax_payable", "receivable", currency, tax);
        let kind = self.since_2018("invoice.voided");
        self.tell_invoice(kind, index);
    }

    pub(crate) fn write_off(&mut self, index: usize) {
        let invoice = &mut self.invoices[index];
        if invoice.status != InvoiceStatus::Open {
            return;
        }
        let left = invoice.remaining();
        invoice.status = InvoiceStatus::Uncollectible;
        invoice.uncollectible_at = Some(self.now);
        invoice.next_attempt = None;
        self.books.post("write_off", "receivable", invoice.currency, left);
        let kind = self.since_2018("invoice.marked_uncollectible");
        self.tell_invoice(kind, index);
        if self.is_commanded(Task::Late(index)) {
            return;
        }
        let pause = self.pause(10 * DAY, 60 * DAY);
        if self.dice.chance(5_500) {
            self.later(self.now + pause, Task::Late(index));
        }
    }

    /// What was written off is paid after all, or given up for good.
    pub(crate) fn late(&mut self, index: usize) {
        let invoice = &self.invoices[index];
        let (currency, left) = (invoice.currency, invoice.remaining());
        let gives_up = self.dice.chance(2_500) && self.can_void(index);
        self.books.post("receivable", "write_off", currency, left);
        if gives_up {
            self.invoices[index].status = InvoiceStatus::Open;
            self.void(index);
        } else {
            self.pay_out_of_band(index);
        }
    }
}

fn apply_tax(invoice: &mut Invoice) {
    let Some(rate) = invoice.tax.clone() else { return };
    let below = if rate.inclusive { 100 + rate.percent } else { 100 };
    for line in &mut invoice.lines {
        line.tax = share(line.discounted(), rate.percent, below);
    }
}
