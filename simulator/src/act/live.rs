//! What happens to a subscription between two periods.

use crate::calendar::{DAY, HOUR};
use crate::catalog::{Duration, Scheme};
use crate::exact::share;
use crate::model::{Line, Status};
use crate::plan::ApiVersion;
use crate::render::SHOWN;
use crate::world::{Task, World};

#[derive(Clone, Copy, PartialEq, Eq)]
enum Turn {
    Switch,
    Seats,
    Yearly,
    Leave,
    LeaveAtEnd,
    Coupon,
    NoCoupon,
    PauseCollection,
    Pause,
    Burst,
    Note,
}

const TURNS: [(u64, Turn); 11] = [
    (18, Turn::Switch),
    (18, Turn::Seats),
    (4, Turn::Yearly),
    (7, Turn::Leave),
    (11, Turn::LeaveAtEnd),
    (7, Turn::Coupon),
    (4, Turn::NoCoupon),
    (4, Turn::PauseCollection),
    (5, Turn::Pause),
    (14, Turn::Burst),
    (8, Turn::Note),
];

impl World {
    pub(crate) fn live(&mut self, sub: usize) {
        let turn = self.dice.weighted(&TURNS);
        let state = &self.subs[sub];
        match state.status {
            Status::Trialing if self.dice.chance(4_000) => {
                return self.end(sub, self.now, "cancellation_requested");
            }
            Status::Trialing => return self.leave_at_end(sub),
            Status::Active if state.latest_invoice.is_none() => {
                return self.end(sub, self.now, "cancellation_requested");
            }
            Status::Active => {}
            _ => return,
        }
        if state.cancel_at_period_end {
            return self.stay(sub);
        }
        match turn {
            Turn::Switch => self.switch(sub),
            Turn::Seats => self.seats(sub),
            Turn::Yearly => self.go_yearly(sub),
            Turn::Leave => self.end(sub, self.now, "cancellation_requested"),
            Turn::LeaveAtEnd => self.leave_at_end(sub),
            Turn::Coupon => self.take_coupon(sub),
            Turn::NoCoupon => self.lose_coupon(sub),
            Turn::PauseCollection => self.pause_collection(sub),
            Turn::Pause => self.put_on_hold(sub),
            Turn::Burst => self.burst(sub),
            Turn::Note => self.note_down(sub),
        }
    }

    /// Says what changed, and what it is worth from now on.
    pub(crate) fn changed(&mut self, sub: usize) {
        self.say_change("customer.subscription.updated", self.sub_json(sub));
        self.settle(sub, self.now);
    }

    pub(crate) fn leave_at_end(&mut self, sub: usize) {
        self.subs[sub].by_portal = self.dice.chance(4_000);
        self.subs[sub].cancel_at_period_end = true;
        self.subs[sub].canceled_at = Some(self.now);
        self.subs[sub].reason = Some("cancellation_requested");
        self.changed(sub);
    }

    fn stay(&mut self, sub: usize) {
        self.subs[sub].cancel_at_period_end = false;
        self.subs[sub].canceled_at = None;
        self.subs[sub].reason = None;
        self.changed(sub);
    }

    /// To the other plan of the same family.
    fn switch(&mut self, sub: usize) {
        let price = self.subs[sub].items[0].price;
        let family = self.catalog.prices[price].family;
        let mut same = self
            .catalog
            .prices
            .iter()
            .enumerate()
            .filter(|(i, p)| *i != price && family != 0 && p.family == family);
        let Some((other, _)) = same.next() else { return self.note_down(sub) };
        let quantity = self.subs[sub].items[0].quantity;
        self.change_item(sub, other, quantity);
    }

    fn seats(&mut self, sub: usize) {
        let item = &self.subs[sub].items[0];
        let (price, quantity) = (item.price, item.quantity);
        let step = if price == 7 { 100 } else { 1 };
        let change = self.dice.range(-3, 5);
        let quantity = (quantity + change * step).max(step);
        let scheme = self.catalog.prices[price].scheme;
        if matches!(scheme, Scheme::Metered | Scheme::AlsoEuro(_)) {
            return self.note_down(sub);
        }
        self.change_item(sub, price, quantity);
    }

    /// Changes price or quantity, with or without an invoice for the rest of the period.
    fn change_item(&mut self, sub: usize, price: usize, quantity: i64) {
        let prorated = self.dice.chance(5_500);
        let state = &self.subs[sub];
        let simple = self.shared_count(sub) == 0 && !state.by_invoice && state.pause.is_none();
        let simple = simple && state.items.len() <= SHOWN;
        let scheme = self.catalog.prices[state.items[0].price].scheme;
        let old = (state.items[0].price, state.items[0].quantity);
        if old == (price, quantity) {
            return;
        }
        self.subs[sub].items[0].price = price;
        self.subs[sub].items[0].quantity = quantity;
        if !(prorated && simple && scheme == Scheme::Plain) {
            return self.changed(sub);
        }
        let lines = self.proration(sub, old);
        let invoice = self.draft(sub, "subscription_update", lines);
        self.changed(sub);
        self.say("invoice.created", self.invoice_json(invoice));
        self.finalize(invoice);
        self.collect(invoice);
    }

    /// The unused rest of the old, and the rest of the new.
    fn proration(&mut self, sub: usize, old: (usize, i64)) -> Vec<Line> {
        let state = &self.subs[sub];
        let (start, end) = state.period;
        let new = (state.items[0].price, state.items[0].quantity);
        let currency = state.currency;
        let mut lines = Vec::new();
        for ((price, quantity), sign) in [(old, -1), (new, 1)] {
            let full = self.catalog.prices[price].charge(quantity, currency);
            let amount = sign * share(full, end - self.now, end - start);
            let item = self.dice.id("ii");
            let mut line = self.line(price, quantity, amount, (self.now, end), Err(item));
            line.proration = true;
            lines.push(line);
        }
        lines
    }

    /// From monthly to yearly: a new period begins now.
    fn go_yearly(&mut self, sub: usize) {
        let yearly = match self.subs[sub].items[0].price {
            1 => 3,
            9 => 10,
            _ => return self.note_down(sub),
        };
        if self.subs[sub].items.len() > 1 || self.subs[sub].by_invoice {
            return self.note_down(sub);
        }
        self.subs[sub].items[0].price = yearly;
        self.enter_period(sub, self.now, 0);
        self.drop_expired(sub);
        let lines = self.lines_for(sub, None);
        let invoice = self.draft(sub, "subscription_update", lines);
        self.changed(sub);
        self.say("invoice.created", self.invoice_json(invoice));
        self.finalize(invoice);
        self.collect(invoice);
        self.mind_period(sub);
    }

    fn take_coupon(&mut self, sub: usize) {
        let coupon = self.fitting_coupon(sub);
        let scheme = self.catalog.prices[self.subs[sub].items[0].price].scheme;
        let once = self.catalog.coupons[coupon].duration == Duration::Once;
        let plain = matches!(scheme, Scheme::Plain | Scheme::Package(_));
        let crowded = self.subs[sub].items.len() > SHOWN;
        if once || crowded || !plain || self.shared_count(sub) > 0 {
            return self.note_down(sub);
        }
        self.add_discount(sub, coupon, false);
        self.say_discounts(sub);
        self.changed(sub);
    }

    fn lose_coupon(&mut self, sub: usize) {
        self.drop_discounts(sub, |world, discount| {
            let older = world.catalog.coupons[discount.coupon].older;
            let unended = discount.end.is_none_or(|end| end > world.now);
            !older && unended
        });
        self.changed(sub);
    }

    fn pause_collection(&mut self, sub: usize) {
        let behavior =
            self.dice.weighted(&[(2, "keep_as_draft"), (1, "void"), (1, "mark_uncollectible")]);
        let pause = self.pause(15 * DAY, 70 * DAY);
        self.subs[sub].pause = Some(behavior);
        self.changed(sub);
        self.later(self.now + pause, Task::Unpause(sub));
    }

    pub(crate) fn unpause(&mut self, sub: usize) {
        if !self.subs[sub].status.is_over() {
            self.subs[sub].pause = None;
            self.changed(sub);
        }
    }

    /// The status `paused`, which subscriptions can be given from endive on.
    fn put_on_hold(&mut self, sub: usize) {
        let pause = self.pause(5 * DAY, 40 * DAY);
        let simple = self.shared_count(sub) == 0 && !self.subs[sub].by_invoice;
        if self.plan.version != ApiVersion::Endive || !simple {
            return self.note_down(sub);
        }
        self.hold(sub);
        self.later(self.now + pause, Task::Resume(sub));
    }

    /// Several changes in one second, the order of which no time tells.
    fn burst(&mut self, sub: usize) {
        let way = self.dice.below(4);
        let item = &self.subs[sub].items[0];
        let special =
            matches!(self.catalog.prices[item.price].scheme, Scheme::Metered | Scheme::AlsoEuro(_));
        let quantity = item.quantity;
        if way == 3 {
            return self.mayfly(self.subs[sub].customer);
        }
        if special {
            return self.note_down(sub);
        }
        let steps: &[i64] = match way {
            0 => &[1, 0],
            1 => &[1, 3, 2],
            _ => &[2],
        };
        for step in steps {
            self.subs[sub].items[0].quantity = quantity + step;
            self.changed(sub);
        }
        if way == 2 {
            self.leave_at_end(sub);
        }
    }

    /// A second subscription that is created, changed and cancelled within a second.
    fn mayfly(&mut self, customer: usize) {
        let known = self.customers[customer].currency;
        if self.customers[customer].discount.is_some() {
            return;
        }
        let price = if known == Some("eur") { 8 } else { 0 };
        let currency = self.catalog.prices[price].currency;
        let sub = self.blank_sub(customer, price, 1, currency);
        self.subs[sub].by_invoice = true;
        let lines = self.lines_for(sub, None);
        let invoice = self.draft(sub, "subscription_create", lines);
        self.say("customer.subscription.created", self.sub_json(sub));
        self.say("invoice.created", self.invoice_json(invoice));
        self.subs[sub].items[0].quantity = 3;
        self.changed(sub);
        self.end(sub, self.now, "cancellation_requested");
    }

    fn note_down(&mut self, sub: usize) {
        let word = self.dice.token(8);
        let soon = self.now + HOUR / 2;
        self.subs[sub].metadata.insert("note".to_owned(), word);
        if self.dice.chance(2_000) && soon < self.subs[sub].period.1 {
            self.subs[sub].metadata.insert("checked".to_owned(), soon.to_string());
        }
        self.changed(sub);
    }
}
