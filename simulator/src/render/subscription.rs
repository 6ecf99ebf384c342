//! Subscriptions and their items.

use serde_json::{Value, json};

use super::{list, overlay};
use crate::model::{Discount, Item, Status, Sub};
use crate::world::World;

impl World {
    pub(crate) fn sub_json(&self, index: usize) -> Value {
        let sub = &self.subs[index];
        if self.is_old() { self.old_sub(sub) } else { self.new_sub(sub) }
    }

    fn new_sub(&self, sub: &Sub) -> Value {
        let mut body = self.sub_frame(sub);
        let latest = sub.latest_invoice.map(|invoice| &self.invoices[invoice].id);
        overlay(&mut body, &sub.set);
        body["latest_invoice"] = json!(latest);
        body["items"] = self.items(sub);
        body["discounts"] = ids(&sub.discounts);
        if self.plan.version.is_basil() {
            body["billing_mode"] = json!({ "type": "classic" });
            body["customer_account"] = Value::Null;
        } else {
            body["discount"] = self.first_discount(sub);
            body["current_period_start"] = sub.period.0.into();
            body["current_period_end"] = sub.period.1.into();
            body["plan"] = self.only_plan(sub);
            body["quantity"] = self.only_quantity(sub);
        }
        if self.plan.version == crate::plan::ApiVersion::Endive {
            let paused = (sub.status == Status::Paused)
                .then(|| json!({ "reasons": [{ "type": "pause_requested" }] }));
            body["status_details"] = json!({ "paused": paused });
        }
        body
    }

    fn sub_frame(&self, sub: &Sub) -> Value {
        let customer = &self.customers[sub.customer];
        let portal = sub.by_portal && self.plan.version.is_clover();
        let at_end = sub.cancel_at_period_end.then_some(sub.period.1);
        let scheduled = sub.cancel_at.or(at_end);
        json!({
            "id": sub.id,
            "object": "subscription",
            "application": null,
            "application_fee_percent": null,
            "automatic_tax": { "disabled_reason": null, "enabled": false, "liability": null },
            "billing_cycle_anchor": sub.anchor,
            "billing_cycle_anchor_config": null,
            "billing_thresholds": null,
            "cancel_at": scheduled,
            "cancel_at_period_end": sub.cancel_at_period_end && !portal,
            "canceled_at": sub.canceled_at,
            "cancellation_details": {
                "comment": sub.said.0, "feedback": sub.said.1, "reason": sub.reason,
            },
            "collection_method": collection(sub),
            "created": sub.created,
            "currency": sub.currency,
            "customer": customer.id,
            "days_until_due": sub.by_invoice.then_some(14),
            "default_payment_method": sub.shown_card(customer),
            "default_source": null,
            "default_tax_rates": [],
            "description": null,
            "ended_at": sub.ended_at,
            "invoice_settings": { "account_tax_ids": null, "issuer": { "type": "self" } },
            "livemode": self.plan.livemode,
            "metadata": sub.metadata,
            "next_pending_invoice_item_invoice": null,
            "on_behalf_of": null,
            "pause_collection": sub.pause.map(|behavior| json!({
                "behavior": behavior, "resumes_at": sub.resumes_at,
            })),
            "payment_settings": {
                "payment_method_options": Self::payment_options(),
                "payment_method_types": ["card"],
                "save_default_payment_method": "off",
            },
            "pending_invoice_item_interval": null,
            "pending_setup_intent": null,
            "pending_update": null,
            "schedule": null,
            "start_date": sub.created,
            "status": sub.status.name(),
            "test_clock": null,
            "transfer_data": null,
            "trial_end": sub.trial.map(|trial| trial.1),
            "trial_settings": { "end_behavior": { "missing_payment_method": "create_invoice" } },
            "trial_start": sub.trial.map(|trial| trial.0),
        })
    }

    fn items(&self, sub: &Sub) -> Value {
        list(self.items_json(sub), &format!("/v1/subscription_items?subscription={}", sub.id))
    }

    /// Every item, also those that a payload leaves out.
    pub(crate) fn items_json(&self, sub: &Sub) -> Vec<Value> {
        sub.items.iter().map(|item| self.item(sub, item)).collect()
    }

    fn item(&self, sub: &Sub, item: &Item) -> Value {
        let mut body = json!({
            "id": item.id,
            "object": "subscription_item",
            "created": item.created,
            "metadata": {},
            "plan": self.plan_json(item.price),
            "subscription": sub.id,
        });
        if !self.catalog.prices[item.price].is_metered() {
            body["quantity"] = item.quantity.into();
        }
        if self.is_old() {
            return body;
        }
        body["billing_thresholds"] = Value::Null;
        body["discounts"] = ids(&item.discounts);
        body["price"] = self.price_json(item.price);
        body["tax_rates"] = json!([]);
        if self.plan.version.is_basil() {
            body["current_period_start"] = sub.period.0.into();
            body["current_period_end"] = sub.period.1.into();
        }
        if self.plan.version == crate::plan::ApiVersion::Endive {
            body["current_trial"] = Value::Null;
        }
        body
    }

    fn old_sub(&self, sub: &Sub) -> Value {
        json!({
            "id": sub.id,
            "object": "subscription",
            "application_fee_percent": null,
            "billing": collection(sub),
            "billing_cycle_anchor": sub.anchor,
            "cancel_at_period_end": sub.cancel_at_period_end,
            "canceled_at": sub.canceled_at,
            "cancellation_details": { "comment": null, "feedback": null, "reason": sub.reason },
            "created": sub.created,
            "current_period_end": sub.period.1,
            "current_period_start": sub.period.0,
            "customer": self.customers[sub.customer].id,
            "days_until_due": sub.by_invoice.then_some(14),
            "discount": self.first_discount(sub),
            "ended_at": sub.ended_at,
            "items": self.items(sub),
            "livemode": self.plan.livemode,
            "metadata": sub.metadata,
            "pause_collection": sub.pause.map(|behavior| json!({
                "behavior": behavior, "resumes_at": sub.resumes_at,
            })),
            "plan": self.only_plan(sub),
            "quantity": self.only_quantity(sub),
            "start": sub.created,
            "status": sub.status.name(),
            "tax_percent": self.customers[sub.customer].tax.as_ref().map(|rate| rate.percent),
            "trial_end": sub.trial.map(|trial| trial.1),
            "trial_start": sub.trial.map(|trial| trial.0),
        })
    }

    fn first_discount(&self, sub: &Sub) -> Value {
        let customer = &self.customers[sub.customer].id;
        sub.discounts.first().map_or(Value::Null, |d| self.discount_json(d, customer))
    }

    fn only_plan(&self, sub: &Sub) -> Value {
        let [item] = &sub.items[..] else { return Value::Null };
        self.plan_json(item.price)
    }

    fn only_quantity(&self, sub: &Sub) -> Value {
        let [item] = &sub.items[..] else { return Value::Null };
        item.quantity.into()
    }
}

fn collection(sub: &Sub) -> &'static str {
    if sub.by_invoice { "send_invoice" } else { "charge_automatically" }
}

pub(super) fn ids(discounts: &[Discount]) -> Value {
    discounts.iter().map(|discount| discount.id.as_str()).collect()
}
