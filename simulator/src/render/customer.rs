//! Customers, and the events that only tell of them in passing.

use serde_json::{Value, json};

use crate::model::Customer;
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
        let about = (customer.card.as_str(), "visa", "4242", customer.created);
        card(about, Some(customer), self.plan.livemode)
    }

    /// A payment method that was made by a command.
    pub(crate) fn card_body(&self, index: usize) -> Value {
        let made = &self.cards[index];
        let customer = made.customer.map(|customer| &self.customers[customer]);
        card((&made.id, made.brand, made.last4, made.created), customer, self.plan.livemode)
    }
}

/// Id, brand, last digits and birth of a card.
type About<'a> = (&'a str, &'a str, &'a str, i64);

fn card(
    (id, brand, last4, created): About<'_>,
    customer: Option<&Customer>,
    livemode: bool,
) -> Value {
    json!({
        "id": id,
        "object": "payment_method",
        "allow_redisplay": "limited",
        "billing_details": {
            "address": null,
            "email": customer.and_then(Customer::email),
            "name": customer.map(|customer| &customer.name),
            "phone": null,
        },
        "card": {
            "brand": brand,
            "country": "US",
            "exp_month": 8,
            "exp_year": 2030,
            "fingerprint": "AOB934RVNwzk6xtn",
            "funding": "credit",
            "last4": last4,
            "networks": { "available": [brand], "preferred": null },
            "wallet": null,
        },
        "created": created,
        "customer": customer.map(|customer| &customer.id),
        "livemode": livemode,
        "metadata": {},
        "type": "card",
    })
}
