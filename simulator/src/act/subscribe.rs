//! Subscriptions begin.

use std::collections::BTreeMap;

use serde_json::Map;

use crate::calendar::{DAY, HOUR};
use crate::catalog::{AFTER_EURO, FIRST_ADDON, LEGACY, ONCE, Scheme};
use crate::model::{Item, Status, Sub};
use crate::plan::ApiVersion;
use crate::render::{SHOWN, Session};
use crate::world::{Task, World};

/// How a subscription begins.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Begin {
    Paid,
    Trial,
    Incomplete,
    ByInvoice,
}

/// The price with tax inside.
const INSIDE: usize = 15;

/// Price, and how often it is chosen.
const CHOICES: [(u64, usize); 19] = [
    (18, 0),
    (18, 1),
    (10, 2),
    (7, 3),
    (3, 4),
    (4, 5),
    (3, 6),
    (3, 7),
    (6, 8),
    (7, 9),
    (3, 10),
    (2, 11),
    (4, 12),
    (3, 13),
    (4, 14),
    (2, 15),
    (2, AFTER_EURO),
    (1, 17),
    (2, 18),
];

impl World {
    pub(crate) fn subscribe(&mut self, customer: usize) {
        if self.customers[customer].gone {
            return;
        }
        let mut price = self.dice.weighted(&CHOICES);
        if let Some(known) = self.customers[customer].currency {
            let strange = self.dice.chance(1_500);
            if self.catalog.prices[price].currency != known && !strange {
                price = if known == "eur" { 9 } else { 1 };
            }
        }
        self.choose_tax(customer, price);
        let special = self.catalog.prices[price].scheme != Scheme::Plain;
        let owner = &self.customers[customer];
        let discounted = owner.discount.is_some();
        let inside = self.catalog.prices[price].scheme == Scheme::TaxInside;
        let too_new = inside && self.plan.version == ApiVersion::V2017;
        if too_new || special && (owner.tax.is_some() || discounted) {
            price = if owner.currency == Some("eur") { 9 } else { 1 };
        }
        let begin = self.choose_begin(price);
        let begin = if discounted { Begin::Paid } else { begin };
        let sub = self.new_sub_state(customer, price, begin);
        self.choose_discounts(sub, begin == Begin::Paid);
        let unbilled = self.dice.chance(2_000) && self.now + 15 * DAY < self.plan.end();
        match begin {
            Begin::Paid if unbilled && price == INSIDE => self.begin_unbilled(sub),
            Begin::Trial => self.begin_trial(sub),
            Begin::Paid => self.begin_paid(sub),
            Begin::Incomplete => self.begin_incomplete(sub),
            Begin::ByInvoice => self.begin_by_invoice(sub),
        }
        if self.often(600) && self.customers[customer].balance == 0 {
            let pause = self.pause(10 * DAY, 60 * DAY);
            self.later(self.now + pause, Task::Subscribe(customer));
        }
    }

    fn choose_tax(&mut self, customer: usize, price: usize) {
        let often = if self.catalog.prices[price].currency == "eur" { 4_500 } else { 800 };
        let taxed = self.dice.chance(often);
        let percent = self.dice.weighted(&[(1, 20), (1, 19), (1, 8)]);
        let rate = self.new_tax(percent);
        let plain = self.catalog.prices[price].scheme == Scheme::Plain;
        if taxed && plain && self.customers[customer].currency.is_none() {
            self.customers[customer].tax = Some(rate);
        }
    }

    fn choose_begin(&mut self, price: usize) -> Begin {
        let chosen = self.dice.weighted(&[
            (62, Begin::Paid),
            (22, Begin::Trial),
            (8, Begin::Incomplete),
            (8, Begin::ByInvoice),
        ]);
        let plain = matches!(self.catalog.prices[price].scheme, Scheme::Plain | Scheme::Package(_));
        if plain { chosen } else { Begin::Paid }
    }

    fn new_sub_state(&mut self, customer: usize, price: usize, begin: Begin) -> usize {
        let many = matches!(price, 2 | 6 | 7 | 18);
        let seats = self.dice.range(2, 24);
        let quantity = match price {
            7 => seats * 100,
            _ if many => seats,
            _ => 1,
        };
        let also_euro = self.dice.chance(6_000) && self.plan.version != ApiVersion::V2017;
        let currency = match self.catalog.prices[price].scheme {
            Scheme::AlsoEuro(_) if also_euro => "eur",
            _ => self.catalog.prices[price].currency,
        };
        let sub = self.blank_sub(customer, price, quantity, currency);
        self.subs[sub].by_invoice = begin == Begin::ByInvoice;
        self.subs[sub].keeps = self.dice.chance(6_800);
        let with_usage = self.dice.chance(500);
        let crowded = self.dice.chance(150) && self.plan.events > 1_000;
        let none = self.customers[customer].discount.is_none();
        if price == 1 && crowded && none && begin == Begin::Paid {
            self.crowd(sub);
        } else if price == 1 && with_usage {
            let item = self.new_item(17, 0);
            self.subs[sub].items.push(item);
        }
        let known = &mut self.customers[customer].currency;
        *known = known.or(Some(currency));
        sub
    }

    /// Every add-on there is: more items than Stripe shows.
    fn crowd(&mut self, sub: usize) {
        for price in FIRST_ADDON..self.catalog.prices.len() {
            let item = self.new_item(price, 1);
            self.subs[sub].items.push(item);
        }
    }

    pub(crate) fn new_item(&mut self, price: usize, quantity: i64) -> Item {
        Item {
            id: self.dice.id("si"),
            price,
            quantity,
            created: self.now,
            discounts: Vec::new(),
            settled: 0,
        }
    }

    /// An active subscription from now on, of which nothing has been said yet.
    pub(crate) fn blank_sub(
        &mut self,
        customer: usize,
        price: usize,
        quantity: i64,
        currency: &'static str,
    ) -> usize {
        let item = self.new_item(price, quantity);
        let plan = &self.catalog.prices[price];
        let sub = Sub {
            id: self.dice.id("sub"),
            customer,
            currency,
            status: Status::Active,
            created: self.now,
            items: vec![item],
            discounts: Vec::new(),
            trial: None,
            anchor: self.now,
            cycle: 0,
            period: (self.now, plan.interval.after(self.now, plan.count, 1)),
            cancel_at_period_end: false,
            by_portal: false,
            canceled_at: None,
            ended_at: None,
            reason: None,
            pause: None,
            by_invoice: false,
            latest_invoice: None,
            metadata: BTreeMap::from([("source".to_owned(), self.dice.token(4))]),
            set: Map::new(),
            keeps: true,
            commanded: false,
            cancel_at: None,
            held_at: 0,
            resumes_at: None,
            card: None,
            said: (None, None),
        };
        self.subs.push(sub);
        self.subs.len() - 1
    }

    fn choose_discounts(&mut self, sub: usize, at_once: bool) {
        let wanted = self.dice.chance(2_600);
        let customers = self.dice.chance(1_200);
        let per_item = self.dice.chance(1_500);
        let stacked = self.dice.chance(1_500);
        let old = self.dice.chance(700);
        let coupon = self.fitting_coupon(sub);
        let scheme = self.catalog.prices[self.subs[sub].items[0].price].scheme;
        let sure = self.subs[sub].keeps && self.now + 40 * DAY < self.plan.end();
        let owner = self.subs[sub].customer;
        let free = self.customers[owner].discount.is_none();
        let plain = matches!(scheme, Scheme::Plain | Scheme::Package(_));
        let crowded = self.subs[sub].items.len() > SHOWN;
        if !wanted || !free || !plain || crowded || !(at_once || sure) {
            return;
        }
        let version = self.plan.version;
        let alone = self.subs.iter().filter(|other| other.customer == owner).count() == 1;
        if old && at_once {
            self.add_discount(sub, LEGACY, false);
        } else if customers && alone {
            self.give_customer_discount(owner);
        } else if per_item && version > ApiVersion::V2017 && coupon != ONCE {
            self.add_discount(sub, coupon, true);
        } else if coupon != ONCE || at_once {
            self.add_discount(sub, coupon, false);
            if stacked && version.is_basil() && coupon != ONCE {
                self.add_discount(sub, 6, false);
            }
        }
    }

    fn begin_paid(&mut self, sub: usize) {
        let lines = self.lines_for(sub, None);
        let invoice = self.draft(sub, "subscription_create", lines);
        self.say_born(sub);
        self.settle(sub, self.now);
        self.say("invoice.created", self.invoice_json(invoice));
        self.finalize(invoice);
        if self.invoices[invoice].remaining() > 0 {
            self.pay_by_card(invoice, self.invoices[invoice].remaining());
        }
        self.say_checkout(sub, invoice);
        self.drop_once(sub);
        self.mind_period(sub);
    }

    fn say_born(&mut self, sub: usize) {
        self.say("customer.subscription.created", self.sub_json(sub));
        self.say_discounts(sub);
        let customer = self.subs[sub].customer;
        self.say_change("customer.updated", self.customer_json(customer));
    }

    fn say_checkout(&mut self, sub: usize, invoice: usize) {
        let id = format!("cs_live_{}", self.dice.token(48));
        if !self.dice.chance(2_500) {
            return;
        }
        let bill = &self.invoices[invoice];
        let session = Session {
            id: &id,
            opened: self.now - 95,
            paid: true,
            mode: "subscription",
            customer: Some(bill.customer),
            currency: bill.currency,
            amount: bill.total(),
            tax: bill.tax_sum(),
            intent: None,
            subscription: Some(sub),
            invoice: Some(invoice),
        };
        self.say("checkout.session.completed", self.session_json(&session));
    }

    fn begin_trial(&mut self, sub: usize) {
        let days = self.dice.weighted(&[(5, 7), (6, 14), (2, 30)]);
        let until = self.now + days * DAY;
        let state = &mut self.subs[sub];
        state.status = Status::Trialing;
        state.trial = Some((self.now, until));
        state.period = (self.now, until);
        state.anchor = until;
        let lines = self.trial_lines(sub);
        let invoice = self.draft(sub, "subscription_create", lines);
        self.say_born(sub);
        self.settle(sub, self.now);
        self.say("invoice.created", self.invoice_json(invoice));
        self.finalize(invoice);
        if days > 3 {
            self.later(until - 3 * DAY, Task::TrialNotice(sub));
        }
        let delay = self.dice.range(0, 40);
        self.later(until + delay, Task::EndTrial(sub));
        let gone = self.dice.range(DAY, days * DAY - HOUR);
        if !self.subs[sub].keeps {
            self.later(self.now + gone, Task::Live(sub));
        }
    }

    fn begin_incomplete(&mut self, sub: usize) {
        let pays = self.subs[sub].keeps || !self.subs[sub].discounts.is_empty();
        self.subs[sub].status = Status::Incomplete;
        let lines = self.lines_for(sub, None);
        let invoice = self.draft(sub, "subscription_create", lines);
        self.say_born(sub);
        self.settle(sub, self.now);
        self.say("invoice.created", self.invoice_json(invoice));
        self.finalize(invoice);
        let slow = self.dice.range(1, 300);
        let pause = if self.dice.chance(2_500) { 0 } else { slow };
        if pays {
            self.later(self.now + pause, Task::Activate(sub));
        } else {
            self.later(self.now + 23 * HOUR, Task::Expire(sub));
        }
    }

    pub(crate) fn activate(&mut self, sub: usize) {
        let Some(invoice) = self.subs[sub].latest_invoice else { return };
        if self.invoices[invoice].remaining() > 0 {
            self.pay_by_card(invoice, self.invoices[invoice].remaining());
        }
        self.subs[sub].status = Status::Active;
        self.say_change("customer.subscription.updated", self.sub_json(sub));
        self.settle(sub, self.now);
        self.mind_period(sub);
    }

    pub(crate) fn expire(&mut self, sub: usize) {
        if self.subs[sub].status != Status::Incomplete {
            return;
        }
        self.subs[sub].status = Status::Expired;
        self.subs[sub].ended_at = Some(self.now);
        self.say_change("customer.subscription.updated", self.sub_json(sub));
        self.settle(sub, self.now);
        if let Some(invoice) = self.subs[sub].latest_invoice {
            self.void(invoice);
        }
    }

    /// Billing starts at an anchor to come, which it never reaches: no line shows the tax inside.
    fn begin_unbilled(&mut self, sub: usize) {
        self.say_born(sub);
        self.settle(sub, self.now);
        let gone = self.dice.range(2 * DAY, 12 * DAY);
        self.later(self.now + gone, Task::Live(sub));
    }

    fn begin_by_invoice(&mut self, sub: usize) {
        let lines = self.lines_for(sub, None);
        let invoice = self.draft(sub, "subscription_create", lines);
        self.say_born(sub);
        self.settle(sub, self.now);
        self.say("invoice.created", self.invoice_json(invoice));
        self.later(self.now + HOUR, Task::Finalize(invoice));
        self.mind_period(sub);
    }
}
