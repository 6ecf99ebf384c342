//! Periods, trials and subscriptions end.

use crate::calendar::{DAY, HOUR};
use crate::model::Status;
use crate::plan::ApiVersion;
use crate::world::{Task, World};

impl World {
    /// Sets what comes in the running period: its end, and perhaps something before it.
    pub(crate) fn mind_period(&mut self, sub: usize) {
        let (start, end) = self.subs[sub].period;
        if self.subs[sub].commanded {
            return self.later(end, Task::Renew(sub));
        }
        let delay = self.dice.range(0, 45);
        self.later(end + delay, Task::Renew(sub));
        let long = end - start > 80 * DAY;
        if long {
            self.later(end - 7 * DAY, Task::Upcoming(sub));
        }
        let visits = if long { 3 } else { 1 };
        for _ in 0..visits {
            let at = self.dice.range(start + 2 * HOUR, end - 2 * HOUR);
            if self.often(4_200) && at > self.now {
                self.later(at, Task::Live(sub));
            }
        }
    }

    /// Starts the period that begins `cycle` intervals after the anchor.
    pub(crate) fn enter_period(&mut self, sub: usize, anchor: i64, cycle: u32) {
        let price = &self.catalog.prices[self.subs[sub].items[0].price];
        let state = &mut self.subs[sub];
        let at = |cycle| price.interval.after(anchor, price.count, cycle);
        (state.anchor, state.cycle, state.period) = (anchor, cycle, (at(cycle), at(cycle + 1)));
    }

    pub(crate) fn renew(&mut self, sub: usize) {
        let state = &self.subs[sub];
        let over = state.period.1;
        let running = matches!(state.status, Status::Active | Status::PastDue | Status::Unpaid);
        if !running || self.now < over {
            return;
        }
        if state.cancel_at_period_end {
            return self.end(sub, over, "cancellation_requested");
        }
        let before = state.period;
        self.enter_period(sub, self.subs[sub].anchor, self.subs[sub].cycle + 1);
        self.bill_period(sub, Some(before));
    }

    /// The invoice of a period just entered, finalised an hour later.
    fn bill_period(&mut self, sub: usize, before: Option<(i64, i64)>) {
        let expired = self.drop_expired(sub);
        let mut lines = self.lines_for(sub, before);
        if self.subs[sub].commanded {
            let owner = self.subs[sub].customer;
            lines.extend(self.take_pending(owner, Some(sub)));
        } else {
            self.add_extras(sub, &mut lines);
        }
        let invoice = self.draft(sub, "subscription_cycle", lines);
        self.say("invoice.created", self.invoice_json(invoice));
        self.say_change("customer.subscription.updated", self.sub_json(sub));
        let effective =
            if expired || before.is_none() { self.subs[sub].period.0 } else { self.now };
        self.settle(sub, effective);
        if self.subs[sub].status != Status::Unpaid {
            let slack = if self.subs[sub].commanded { 0 } else { 300 };
            let pause = self.dice.range(HOUR, HOUR + slack);
            self.later(self.now + pause, Task::Finalize(invoice));
        }
        self.mind_period(sub);
    }

    pub(crate) fn end_trial(&mut self, sub: usize) {
        let Some((_, over)) = self.subs[sub].trial else { return };
        let moved = self.subs[sub].commanded && self.now < over;
        if self.subs[sub].status != Status::Trialing || moved {
            return;
        }
        if self.subs[sub].cancel_at_period_end || !self.subs[sub].keeps {
            return self.end(sub, over, "cancellation_requested");
        }
        if self.subs[sub].commanded && self.end_cardless_trial(sub, over) {
            return;
        }
        let unsure = !self.subs[sub].commanded
            && self.dice.chance(800)
            && self.plan.version > ApiVersion::V2017;
        if unsure && self.shared_count(sub) == 0 {
            self.subs[sub].status = Status::Paused;
            self.subs[sub].held_at = self.now;
            self.say_change("customer.subscription.updated", self.sub_json(sub));
            self.say("customer.subscription.paused", self.sub_json(sub));
            self.settle(sub, self.now);
            let pause = self.pause(DAY, 30 * DAY);
            return self.later(self.now + pause, Task::Resume(sub));
        }
        self.subs[sub].status = Status::Active;
        self.enter_period(sub, over, 0);
        self.bill_period(sub, None);
    }

    /// Three days before a trial's end.
    pub(crate) fn trial_notice(&mut self, sub: usize) {
        if self.subs[sub].status == Status::Trialing {
            self.say("customer.subscription.trial_will_end", self.sub_json(sub));
        }
    }

    /// A preview of the next invoice, under an id that no invoice will have.
    pub(crate) fn upcoming(&mut self, sub: usize) {
        let Some(latest) = self.subs[sub].latest_invoice else { return };
        if self.subs[sub].status != Status::Active || self.now + 8 * DAY < self.subs[sub].period.1 {
            return;
        }
        let mut preview = self.invoice_json(latest);
        preview["id"] = format!("upcoming_{}", self.dice.id("in")).into();
        preview["billing_reason"] = "upcoming".into();
        preview["status"] = "draft".into();
        preview["amount_paid"] = 0.into();
        for absent in ["number", "charge", "payment_intent", "hosted_invoice_url", "invoice_pdf"] {
            if preview.get(absent).is_some() {
                preview[absent] = serde_json::Value::Null;
            }
        }
        for (_, at) in preview["status_transitions"].as_object_mut().into_iter().flatten() {
            *at = serde_json::Value::Null;
        }
        self.say("invoice.upcoming", preview);
    }

    /// How many discounts bear on a subscription.
    pub(crate) fn shared_count(&self, sub: usize) -> usize {
        let state = &self.subs[sub];
        let items: usize = state.items.iter().map(|item| item.discounts.len()).sum();
        let owner = usize::from(self.customers[state.customer].discount.is_some());
        state.discounts.len() + items + owner
    }

    /// Back from `paused`: a new period begins now.
    pub(crate) fn resume(&mut self, sub: usize) {
        if self.subs[sub].status != Status::Paused {
            return;
        }
        self.subs[sub].status = Status::Active;
        self.enter_period(sub, self.now, 0);
        self.bill_period(sub, None);
        self.say("customer.subscription.resumed", self.sub_json(sub));
    }

    /// The end: churn is dated `ended_at`.
    pub(crate) fn end(&mut self, sub: usize, ended_at: i64, reason: &'static str) {
        let state = &mut self.subs[sub];
        state.status = Status::Canceled;
        state.ended_at = Some(ended_at);
        state.canceled_at = state.canceled_at.or(Some(self.now));
        state.reason = Some(reason);
        let customer = state.customer;
        self.say("customer.subscription.deleted", self.sub_json(sub));
        self.settle(sub, ended_at);
        if self.subs[sub].commanded {
            return;
        }
        let pause = self.pause(15 * DAY, 120 * DAY);
        if self.often(3_000) {
            self.later(self.now + pause, Task::Subscribe(customer));
        } else if self.dice.chance(800) {
            self.later(self.now + pause / 2, Task::Erase(customer));
        }
    }
}
