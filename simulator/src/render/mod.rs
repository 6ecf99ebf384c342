//! Stripe's objects as JSON, in the shapes of the chosen version, unexpanded and cut.

mod catalog;
mod customer;
mod detail;
mod invoice;
mod line;
mod money;
mod payment;
mod subscription;

pub(crate) use payment::Session;

use serde_json::{Map, Value, json};

use crate::world::World;

/// How many entries of an embedded list Stripe shows.
pub(crate) const SHOWN: usize = 10;

/// An embedded list, cut.
fn list(entries: Vec<Value>, url: &str) -> Value {
    let total = entries.len();
    let data: Vec<Value> = entries.into_iter().take(SHOWN).collect();
    json!({
        "object": "list",
        "has_more": total > SHOWN,
        "data": data,
        "total_count": total,
        "url": url,
    })
}

/// A decimal as a JSON number.
fn number(decimal: &str) -> Value {
    serde_json::from_str(decimal).unwrap_or(Value::Null)
}

/// Puts over a rendering what was set by hand.
fn overlay(body: &mut Value, set: &Map<String, Value>) {
    for (key, value) in set {
        body[key] = value.clone();
    }
}

impl World {
    fn is_old(&self) -> bool {
        self.plan.version == crate::plan::ApiVersion::V2017
    }

    fn payment_options() -> Value {
        json!({
            "acss_debit": null,
            "bancontact": null,
            "card": { "network": null, "request_three_d_secure": "automatic" },
            "customer_balance": null,
            "konbini": null,
            "sepa_debit": null,
            "us_bank_account": null,
        })
    }
}
