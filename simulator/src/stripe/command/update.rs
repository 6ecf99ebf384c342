//! Subscriptions change: prices, quantities, discounts, pauses, ends.

use super::subscribe::{BEHAVIORS, KEPT};
use super::{Command, fields};
use crate::model::{Fate, InvoiceStatus, Status};
use crate::plan::ApiVersion;
use crate::stripe::account::Account;
use crate::stripe::kind::Kind;
use crate::stripe::params::Params;
use crate::stripe::problem::{Answer, Problem};
use crate::world::Task;

const KNOWN: [&str; 22] = [
    "automatic_tax",
    "billing_cycle_anchor",
    "cancel_at",
    "cancel_at_period_end",
    "cancellation_details",
    "collection_method",
    "coupon",
    "days_until_due",
    "default_payment_method",
    "description",
    "discounts",
    "items",
    "metadata",
    "off_session",
    "pause_collection",
    "payment_behavior",
    "payment_settings",
    "promotion_code",
    "proration_behavior",
    "proration_date",
    "trial_end",
    "trial_settings",
];
pub(super) const PRORATIONS: [&str; 3] = ["always_invoice", "create_prorations", "none"];

pub(super) fn run(account: &mut Account, command: &Command<'_>) -> Option<Answer> {
    let Command { method, path, params } = *command;
    let endive = account.world.plan.version == ApiVersion::Endive;
    Some(match (method, path) {
        ("POST", ["subscriptions", id]) => update(account, id, params),
        ("POST", ["subscriptions", id, "pause"]) if endive => pause(account, id),
        ("POST", ["subscriptions", id, "resume"]) => resume(account, id, params),
        ("DELETE", ["subscriptions", id, "discount"]) => drop_discounts(account, id),
        _ => return None,
    })
}

fn update(account: &mut Account, id: &str, params: &Params) -> Answer {
    params.only(&KNOWN)?;
    let sub = account.living(Kind::Subscription, id, "id")?;
    if account.world.subs[sub].status.is_over() {
        let only = ["cancellation_details", "metadata"];
        params.only(&only).map_err(|_| {
            Problem::invalid(
                "A canceled subscription can only update its cancellation_details and metadata.",
            )
        })?;
    }
    account.check_update(sub, params)?;
    account.take_over(sub);
    account.change_prices(sub, params)?;
    account.change_discounts(sub, params)?;
    account.change_rest(sub, params)?;
    account.world.changed(sub);
    account.end_trial_now(sub, params);
    account.shown(Kind::Subscription, sub)
}

impl Account {
    /// Everything that may be wrong, before anything is done.
    fn check_update(&self, sub: usize, params: &Params) -> Answer<()> {
        let state = &self.world.subs[sub];
        self.card_in(params, "default_payment_method", state.customer)?;
        self.coupons_in(params, state.currency)?;
        params.choice("proration_behavior", &PRORATIONS)?;
        if params.choice("payment_behavior", &BEHAVIORS)? == Some("pending_if_incomplete") {
            let message = "This account plays without pending updates.";
            return Err(Problem::invalid(message).param("payment_behavior"));
        }
        self.check_trial(sub, params)?;
        params.flag("cancel_at_period_end")?;
        params.integer("cancel_at")?;
        let pause = params.hash("pause_collection");
        pause.integer("resumes_at")?;
        let given = pause.choice("behavior", &["keep_as_draft", "mark_uncollectible", "void"])?;
        if !pause.is_empty() && given.is_none() {
            return Err(Problem::missing("pause_collection[behavior]"));
        }
        Ok(())
    }

    fn change_discounts(&mut self, sub: usize, params: &Params) -> Answer<()> {
        let currency = self.world.subs[sub].currency;
        let Some(coupons) = self.coupons_in(params, currency)? else { return Ok(()) };
        self.world.drop_discounts(sub, |_, discount| discount.item.is_none());
        for coupon in coupons {
            self.world.add_discount(sub, coupon, false);
        }
        for discount in self.world.subs[sub].discounts.clone() {
            self.world.say_discount("customer.discount.created", sub, &discount);
        }
        Ok(())
    }

    fn change_rest(&mut self, sub: usize, params: &Params) -> Answer<()> {
        let customer = self.world.subs[sub].customer;
        let card = self.card_in(params, "default_payment_method", customer)?;
        let methods = ["charge_automatically", "send_invoice"];
        let method = params.choice("collection_method", &methods)?;
        self.say_why(sub, &params.hash("cancellation_details"));
        self.change_end(sub, params)?;
        self.change_pause(sub, params)?;
        self.move_trial(sub, params)?;
        let state = &mut self.world.subs[sub];
        state.card = card.or_else(|| state.card.take());
        state.by_invoice = method.map_or(state.by_invoice, |method| method == "send_invoice");
        fields::metadata(params, &mut state.metadata);
        fields::keep(params, &KEPT, &mut state.set);
        Ok(())
    }

    fn change_end(&mut self, sub: usize, params: &Params) -> Answer<()> {
        let (at_end, at) = (params.flag("cancel_at_period_end")?, params.integer("cancel_at")?);
        let now = self.world.now;
        let state = &mut self.world.subs[sub];
        if let Some(at_end) = at_end {
            state.cancel_at_period_end = at_end;
        }
        if params.unsets("cancel_at") {
            state.cancel_at = None;
        }
        state.cancel_at = at.or(state.cancel_at);
        let ends = state.cancel_at_period_end || state.cancel_at.is_some();
        if !state.status.is_over() {
            state.canceled_at = ends.then_some(state.canceled_at.unwrap_or(now));
            state.reason = ends.then_some("cancellation_requested");
        }
        if let Some(at) = at {
            self.world.later(at, Task::EndAt(sub));
        }
        Ok(())
    }

    fn change_pause(&mut self, sub: usize, params: &Params) -> Answer<()> {
        if params.unsets("pause_collection") {
            self.world.subs[sub].pause = None;
            self.world.subs[sub].resumes_at = None;
        }
        let pause = params.hash("pause_collection");
        let known = ["keep_as_draft", "mark_uncollectible", "void"];
        let Some(behavior) = pause.choice("behavior", &known)? else { return Ok(()) };
        let resumes_at = pause.integer("resumes_at")?;
        self.world.subs[sub].pause = Some(behavior);
        self.world.subs[sub].resumes_at = resumes_at;
        if let Some(at) = resumes_at {
            self.world.later(at, Task::Unpause(sub));
        }
        Ok(())
    }

    /// A trial can be moved while it lasts.
    fn check_trial(&self, sub: usize, params: &Params) -> Answer<()> {
        let wanted = params.text("trial_end");
        if wanted.is_none_or(|wanted| wanted == "now") {
            return Ok(());
        }
        let trialing = self.world.subs[sub].status == Status::Trialing;
        if trialing && params.integer("trial_end")?.is_some_and(|at| at > self.world.now) {
            return Ok(());
        }
        let message = "Invalid trial_end: only a trial that lasts can be moved, to the future.";
        Err(Problem::invalid(message).param("trial_end"))
    }

    fn move_trial(&mut self, sub: usize, params: &Params) -> Answer<()> {
        if params.text("trial_end").is_none_or(|wanted| wanted == "now") {
            return Ok(());
        }
        if let (Some(end), Some((start, _))) =
            (params.integer("trial_end")?, self.world.subs[sub].trial)
        {
            let state = &mut self.world.subs[sub];
            state.trial = Some((start, end));
            state.period.1 = end;
            state.anchor = end;
            self.world.later(end, Task::EndTrial(sub));
        }
        Ok(())
    }

    fn end_trial_now(&mut self, sub: usize, params: &Params) {
        let now = self.world.now;
        let state = &mut self.world.subs[sub];
        if params.text("trial_end") == Some("now") && state.status == Status::Trialing {
            state.trial = state.trial.map(|(start, _)| (start, now));
            self.world.end_trial(sub);
            self.collect_latest(sub);
        }
    }

    /// Finalises and collects a subscription's latest invoice at once instead of an hour later.
    pub(super) fn collect_latest(&mut self, sub: usize) {
        let latest = self.world.subs[sub].latest_invoice;
        let draft = |index: &usize| self.world.invoices[*index].status == InvoiceStatus::Draft;
        if let Some(invoice) = latest.filter(draft) {
            self.world.finalize_and_collect(invoice);
        }
    }

    /// Whether the subscription's card would refuse.
    pub(super) fn refusal(&self, sub: usize) -> Option<&'static str> {
        let customer = self.world.subs[sub].customer;
        match self.world.paying_card(customer, Some(sub)).map(|card| self.world.fate(card)) {
            Some(Fate::Declines(code)) => Some(code),
            _ => None,
        }
    }
}

/// The status `paused`, which is not the pause of a collection.
fn pause(account: &mut Account, id: &str) -> Answer {
    let sub = account.running(id)?;
    if !matches!(account.world.subs[sub].status, Status::Active | Status::Trialing) {
        return Err(Problem::invalid("Only active or trialing subscriptions can be paused."));
    }
    account.take_over(sub);
    account.world.hold(sub);
    account.shown(Kind::Subscription, sub)
}

fn resume(account: &mut Account, id: &str, params: &Params) -> Answer {
    params.only(&["billing_cycle_anchor", "proration_behavior", "proration_date"])?;
    let sub = account.running(id)?;
    if account.world.subs[sub].status != Status::Paused {
        return Err(Problem::invalid(
            "This subscription cannot be resumed because it is not paused.",
        ));
    }
    account.take_over(sub);
    account.world.resume(sub);
    account.collect_latest(sub);
    account.shown(Kind::Subscription, sub)
}

fn drop_discounts(account: &mut Account, id: &str) -> Answer {
    let sub = account.running(id)?;
    account.take_over(sub);
    let first = account.world.subs[sub].discounts.first().map(|discount| discount.id.clone());
    let none = || Problem::invalid(format!("No active discount for subscription: {id}"));
    let first = first.ok_or_else(none)?;
    let mut body = account.get(Kind::Discount, &first, "id")?;
    account.world.drop_discounts(sub, |_, discount| discount.item.is_none());
    account.world.changed(sub);
    body["deleted"] = true.into();
    Ok(body)
}
