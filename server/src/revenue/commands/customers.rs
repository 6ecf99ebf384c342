//! Commands about customers, and how they pay.

use super::call::{BEFORE, Call};
use serde::Serialize;
use serde_json::json;
use std::collections::BTreeMap;

/// A new customer.
#[derive(Debug, Serialize)]
pub(super) struct Create {
    pub(super) name: Option<String>,
    pub(super) email: Option<String>,
    pub(super) payment_method: Option<String>,
    pub(super) metadata: BTreeMap<String, String>,
}

impl Create {
    pub(super) fn call(&self) -> Call {
        let form = json!({
            "name": self.name,
            "email": self.email,
            "payment_method": self.payment_method,
            "invoice_settings": { "default_payment_method": self.payment_method },
            "metadata": self.metadata,
        });
        Call::post("/customers", form, &["customer.created"])
    }
}

/// A change of a customer; an empty text removes what was there.
#[derive(Debug, Serialize)]
pub(super) struct Update {
    pub(super) customer: String,
    pub(super) name: Option<String>,
    pub(super) email: Option<String>,
}

impl Update {
    pub(super) fn call(&self) -> Call {
        let form = json!({ "name": self.name, "email": self.email });
        Call::post(format!("/customers/{}", self.customer), form, &["customer.updated"])
    }
}

/// How a customer pays from now on.
#[derive(Debug, Serialize)]
pub(super) struct Pay {
    pub(super) customer: String,
    pub(super) payment_method: String,
}

impl Pay {
    /// Attaching what is attached changes nothing; what is attached to another customer is refused.
    pub(super) fn calls(&self) -> Vec<Call> {
        let attach = Call::post(
            format!("/payment_methods/{}/attach", self.payment_method),
            json!({ "customer": self.customer }),
            &["payment_method.attached"],
        );
        // Named by a test card's name, it has another id once it is attached.
        let choose = Call::post(
            format!("/customers/{}", self.customer),
            json!({ "invoice_settings": { "default_payment_method": BEFORE } }),
            &["customer.updated"],
        );
        vec![attach, choose]
    }
}
