//! Customers, and the events that only tell of them in passing.

use serde_json::{Value, json};

use crate::world::World;

impl World {
    pub(crate) fn customer_json(&self, index: usize) -> Value {
        let customer = &self.customers[index];
        let discount = customer.discount.as_ref();
        let discount = discount.map(|d| self.discount_json(d, &customer.id));
        let mut body = json!({
            "id": customer.id,
            "object": "customer",
            "address": {
                "city": "Springfield",
                "country": "US",
                "line1": "742 Evergreen Terrace",
                "line2": null,
                "postal_code": "49007",
                "state": "MI",
            },
            "created": customer.created,
            "currency": customer.currency,
            "default_source": null,
            "delinquent": customer.delinquent,
            "description": null,
            "discount": discount,
            "email": customer.email(),
            "invoice_prefix": customer.prefix,
            "livemode": self.plan.livemode,
            "metadata": customer.metadata,
            "name": customer.name,
            "phone": null,
            "shipping": null,
        });
        if self.is_old() {
            body["account_balance"] = customer.balance.into();
            body["sources"] = super::list(Vec::new(), "/v1/customers/sources");
            super::overlay(&mut body, &customer.set);
            return body;
        }
        body["balance"] = customer.balance.into();
        body["invoice_settings"] = json!({
            "custom_fields": null,
            "default_payment_method": customer.shown_card(),
            "footer": null,
            "rendering_options": null,
        });
        body["next_invoice_sequence"] = (customer.invoices + 1).into();
        body["preferred_locales"] = json!(["en"]);
        body["tax_exempt"] = "none".into();
        body["test_clock"] = Value::Null;
        super::overlay(&mut body, &customer.set);
        body
    }

    pub(crate) fn setup_json(&self, index: usize, id: &str) -> Value {
        let customer = &self.customers[index];
        json!({
            "id": id,
            "object": "setup_intent",
            "cancellation_reason": null,
            "created": self.now,
            "customer": customer.id,
            "description": null,
            "livemode": self.plan.livemode,
            "metadata": {},
            "payment_method": customer.card,
            "payment_method_types": ["card"],
            "status": "succeeded",
            "usage": "off_session",
        })
    }

    /// A payment method: of no use to revenue, but it comes.
    pub(crate) fn card_json(&self, index: usize) -> Value {
        let customer = &self.customers[index];
        json!({
            "id": customer.card,
            "object": "payment_method",
            "allow_redisplay": "limited",
            "billing_details": {
                "address": null,
                "email": customer.email(),
                "name": customer.name,
                "phone": null,
            },
            "card": {
                "brand": "visa",
                "country": "US",
                "exp_month": 8,
                "exp_year": 2030,
                "fingerprint": "AOB934RVNwzk6xtn",
                "funding": "credit",
                "last4": "4242",
                "networks": { "available": ["visa"], "preferred": null },
                "wallet": null,
            },
            "created": customer.created,
            "customer": customer.id,
            "livemode": self.plan.livemode,
            "metadata": {},
            "type": "card",
        })
    }
}
