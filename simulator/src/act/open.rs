//! The opening day, and who comes when.

use std::collections::BTreeMap;

use serde_json::{Map, json};

use crate::calendar::{DAY, HOUR};
use crate::catalog::FIRST_ADDON;
use crate::model::{Customer, Sub, TaxRate};
use crate::plan::ApiVersion;
use crate::world::{Task, World};

const NAMES: [&str; 12] = [
    "Ada",
    "Blaise",
    "Carl",
    "Dorothy",
    "Emmy",
    "Fibonacci",
    "Grace",
    "Hypatia",
    "Isaac",
    "Johanna",
    "Katherine",
    "Leonhard",
];

/// Kinds that nobody needs, or that do not exist yet.
const UNKNOWN: [(u64, &str); 3] = [
    (2, "entitlements.active_entitlement_summary.updated"),
    (1, "billing.alert.triggered"),
    (1, "revenue.novelty.invented"),
];

/// What one renewal says.
const PER_RENEWAL: i64 = 10;

impl World {
    /// The catalogue is told, and the first tasks are set.
    pub(crate) fn open(&mut self) {
        for index in 0..self.catalog.products.len() {
            self.say("product.created", self.product_json(index));
        }
        let told = if self.plan.events > 1_000 { self.catalog.prices.len() } else { FIRST_ADDON };
        for index in 0..told {
            if self.plan.version != ApiVersion::V2017 {
                self.say("price.created", self.price_json(index));
            }
            if self.plan.version == ApiVersion::V2017 || self.plan.events > 1_000 {
                self.say("plan.created", self.plan_json(index));
            }
        }
        for index in 0..self.catalog.coupons.len() {
            if !self.catalog.coupons[index].older {
                self.say("coupon.created", self.coupon_json(index));
            }
        }
        let start = self.plan.start;
        self.later(start + 60, Task::Arrive);
        self.later(start + 2 * HOUR, Task::Walk);
        self.later(start + 5 * HOUR, Task::OneOff);
        self.later(start + 6 * DAY, Task::PayOut(0));
        self.later(start + 9 * DAY, Task::PayOut(1));
    }

    /// Lets a customer in, if what is already promised leaves room.
    pub(crate) fn arrive(&mut self) {
        let ticks = i64::try_from(self.plan.events / 16).unwrap_or(1).max(20);
        let gap = (i64::from(self.plan.days) * DAY / ticks).max(120);
        let pause = self.dice.range(gap / 2, gap * 3 / 2);
        self.later(self.now + pause, Task::Arrive);
        if self.promised() < self.allowed() {
            let customer = self.new_customer();
            let pause = self.dice_pause();
            self.later(self.now + pause, Task::Subscribe(customer));
        }
    }

    fn dice_pause(&mut self) -> i64 {
        let slow = self.dice.range(1, 90);
        if self.dice.chance(3_000) { 0 } else { slow }
    }

    /// Events said so far and those that the living subscriptions will bring.
    fn promised(&self) -> i64 {
        let said = i64::try_from(self.events.len()).unwrap_or(i64::MAX);
        let living = self.subs.iter().filter(|sub| !sub.status.is_over());
        said + living.map(|sub| self.promise(sub)).sum::<i64>() * 8 / 10
    }

    fn promise(&self, sub: &Sub) -> i64 {
        let price = &self.catalog.prices[sub.items[0].price];
        let length = price.interval.days() * i64::from(price.count);
        (self.plan.end() - self.now) / DAY / length * PER_RENEWAL
    }

    /// At first a third of all events may be promised, in the end nearly all.
    fn allowed(&self) -> i64 {
        let aim = i64::try_from(self.plan.events.saturating_sub(80)).unwrap_or(i64::MAX);
        let gone = (self.now - self.plan.start) / HOUR;
        let span = i64::from(self.plan.days) * 24;
        aim * 40 / 100 + aim * 52 / 100 * gone / span
    }

    pub(crate) fn new_customer(&mut self) -> usize {
        let first = NAMES[self.dice.below(12) as usize];
        let name = format!("{first} {}", self.dice.token(6));
        let customer = Customer {
            id: self.dice.id("cus"),
            name,
            created: self.now,
            currency: None,
            balance: 0,
            delinquent: false,
            discount: None,
            card: self.dice.id("pm"),
            prefix: self.dice.token(8).to_uppercase(),
            invoices: 0,
            tax: None,
            gone: false,
            metadata: BTreeMap::from([("plan_source".to_owned(), self.dice.token(5))]),
            set: Map::new(),
            commanded: false,
        };
        self.customers.push(customer);
        let index = self.customers.len() - 1;
        self.say("customer.created", self.customer_json(index));
        if self.dice.chance(3_000) {
            self.say("payment_method.attached", self.card_json(index));
            let setup = self.dice.id("seti");
            self.say("setup_intent.succeeded", self.setup_json(index, &setup));
        }
        index
    }

    pub(crate) fn new_tax(&mut self, percent: i64) -> TaxRate {
        TaxRate { id: self.dice.id("txr"), percent, inclusive: false }
    }

    /// A customer's notes change: of no meaning to revenue, but an update.
    pub(crate) fn walk(&mut self) {
        let gap =
            i64::from(self.plan.days) * DAY * 90 / i64::try_from(self.plan.events).unwrap_or(1);
        self.later(self.now + gap.max(600), Task::Walk);
        let count = u64::try_from(self.customers.len()).unwrap_or(0);
        if count == 0 {
            return;
        }
        let customer = self.dice.below(count) as usize;
        let note = self.dice.token(6);
        if self.dice.chance(3_000) && self.customers[customer].currency.is_some() {
            self.credit(customer, -500, "adjustment", None, None);
        }
        self.customers[customer].metadata.insert("note".to_owned(), note);
        self.say_change("customer.updated", self.customer_json(customer));
        if self.dice.chance(2_500) {
            let kind = self.dice.weighted(&UNKNOWN);
            let id = self.dice.id("obj");
            self.say(kind, json!({ "id": id, "object": "novelty", "customer": null, "n": 1 }));
        }
    }

    /// A customer without subscriptions is deleted for good.
    pub(crate) fn erase(&mut self, customer: usize) {
        let lives = |sub: &Sub| sub.customer == customer && !sub.status.is_over();
        if !self.subs.iter().any(lives) && !self.customers[customer].gone {
            self.customers[customer].gone = true;
            self.say("customer.deleted", self.customer_json(customer));
        }
    }
}
