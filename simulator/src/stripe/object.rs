//! One object as a look-up shows it.

use serde_json::{Value, json};

use super::account::Account;
use super::fill::fill;
use super::kind::Kind;
use super::problem::{Answer, Problem};
use crate::calendar::DAY;
use crate::model::Status;

/// Events are kept for so long.
const KEPT: i64 = 30 * DAY;

impl Account {
    /// The object's present state; nothing where none of it may be seen.
    pub(super) fn body(&self, kind: Kind, index: usize) -> Option<Value> {
        if !self.is_seen(kind, index) {
            return None;
        }
        let world = &self.world;
        let body = match kind {
            Kind::Customer => world.customer_json(index),
            Kind::Product => world.product_json(index),
            Kind::Price => world.price_json(index),
            Kind::Coupon => world.coupon_json(index),
            Kind::Discount => self.discount(index),
            Kind::Subscription => self.subscription(index),
            Kind::Invoice => self.invoice(index),
            Kind::Charge => world.charge_json(index),
            Kind::Refund => world.refund_json(index),
            Kind::CreditNote => world.note_json(index),
            Kind::Dispute => world.dispute_json(index),
            Kind::Transaction => world.txn_json(index),
            Kind::CustomerTransaction => world.credit_json(index),
            Kind::Payout => world.payout_json(index),
            Kind::Event => serde_json::from_slice(&self.told_in(self.version, index)).ok()?,
            _ => self.shelf(kind)[index].clone(),
        };
        Some(if kind == Kind::Event { body } else { fill(body) })
    }

    /// Slow payments have no charge yet, and old events are gone.
    pub(super) fn is_seen(&self, kind: Kind, index: usize) -> bool {
        let world = &self.world;
        match kind {
            Kind::Charge => world.shown.contains_key(&world.charges[index].id),
            Kind::Event => {
                let created = world.events[index].created;
                created <= self.now() && created > self.now() - KEPT
            }
            _ => true,
        }
    }

    /// Whether the object was deleted; lists leave it out.
    pub(super) fn is_gone(&self, kind: Kind, index: usize) -> bool {
        match kind {
            Kind::Customer => self.world.customers[index].gone,
            Kind::Product => self.world.catalog.products[index].gone,
            Kind::Coupon => self.world.catalog.coupons[index].gone,
            Kind::Endpoint | Kind::Clock | Kind::InvoiceItem => {
                self.shelf(kind)[index]["deleted"] == true
            }
            _ => false,
        }
    }

    /// Why a subscription is paused, in the words of Stripe's specification.
    fn subscription(&self, index: usize) -> Value {
        let mut body = self.world.sub_json(index);
        let sub = &self.world.subs[index];
        if body.get("status_details").is_some() {
            body["status_details"] = match sub.status {
                Status::Paused => json!({ "paused": {
                    "subscription": { "type": "pause_requested" },
                    "transitioned_at": sub.held_at,
                    "type": "subscription",
                }}),
                _ => Value::Null,
            };
        }
        body
    }

    /// What an invoice says of its subscription it says as it was told.
    fn invoice(&self, index: usize) -> Value {
        let mut body = self.world.invoice_json(index);
        let told = self.world.shown.get(&self.world.invoices[index].id);
        for field in ["parent", "subscription_details"] {
            if let Some(as_told) = told.and_then(|told| told.get(field)) {
                body[field] = as_told.clone();
            }
        }
        if self.world.plan.version.is_basil() {
            body["amount_paid_off_stripe"] = self.world.invoices[index].off_stripe.into();
        }
        body
    }

    fn discount(&self, index: usize) -> Value {
        let discount = &self.world.discounts[index];
        let of_sub =
            discount.subscription.as_ref().and_then(|id| self.place(Kind::Subscription, id));
        let owns = |customer: &crate::model::Customer| {
            customer.discount.as_ref().is_some_and(|own| own.id == discount.id)
        };
        let customer = match of_sub {
            Some(sub) => Some(&self.world.customers[self.world.subs[sub].customer]),
            None => self.world.customers.iter().find(|customer| owns(customer)),
        };
        self.world.discount_json(discount, customer.map_or("", |customer| &customer.id))
    }

    /// An object by its id, deleted ones as stubs.
    pub(super) fn get(&self, kind: Kind, id: &str, param: &str) -> Answer {
        let Some(index) = self.place(kind, id) else {
            let bare = (kind == Kind::PaymentIntent).then(|| self.unpaid_intent(id)).flatten();
            return bare.ok_or_else(|| Problem::no_such(kind.noun(), id, param));
        };
        // A coupon that is gone answers as if it had never been; Stripe keeps no stub of it.
        let absent = || Problem::no_such(kind.noun(), id, param);
        if !self.is_gone(kind, index) {
            return self.body(kind, index).ok_or_else(absent);
        }
        match kind {
            Kind::Customer | Kind::Product => {
                let noun = kind.noun();
                Ok(json!({ "id": id, "object": noun, "deleted": true }))
            }
            _ => Err(absent()),
        }
    }

    /// The intent of an invoice that nobody has tried to pay, or of a slow payment.
    fn unpaid_intent(&self, id: &str) -> Option<Value> {
        let world = &self.world;
        if let Some(charge) = world.charges.iter().position(|charge| charge.intent == id) {
            let mut body = world.intent_json(charge, false);
            body["status"] = "processing".into();
            body["latest_charge"] = Value::Null;
            return Some(body);
        }
        let invoice = world.invoices.iter().find(|bill| bill.intent.as_deref() == Some(id))?;
        Some(json!({
            "id": id,
            "object": "payment_intent",
            "amount": invoice.due(),
            "amount_received": 0,
            "client_secret": format!("{id}_secret_Dm43xiq1k0ywrRRj"),
            "created": invoice.finalized_at,
            "currency": invoice.currency,
            "customer": world.customers[invoice.customer].id,
            "last_payment_error": null,
            "latest_charge": null,
            "livemode": world.plan.livemode,
            "metadata": {},
            "payment_method": null,
            "payment_method_types": ["card"],
            "status": "requires_payment_method",
        }))
    }

    /// The place of an object that a command may act on.
    pub(super) fn living(&self, kind: Kind, id: &str, param: &str) -> Answer<usize> {
        let place = self.place(kind, id).filter(|index| !self.is_gone(kind, *index));
        place.ok_or_else(|| Problem::no_such(kind.noun(), id, param))
    }
}
