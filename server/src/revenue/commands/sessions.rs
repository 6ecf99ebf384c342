//! Commands that open a page of Stripe's for a customer.

use super::call::Call;
use super::subscriptions::OrderItem;
use serde::Serialize;
use serde_json::json;
use std::collections::BTreeMap;

/// A page on which a customer pays.
#[derive(Debug, Serialize)]
pub(super) struct Checkout {
    pub(super) mode: &'static str,
    pub(super) items: Vec<OrderItem>,
    pub(super) customer: Option<String>,
    pub(super) customer_email: Option<String>,
    pub(super) success_url: String,
    pub(super) cancel_url: Option<String>,
    pub(super) client_reference_id: Option<String>,
    pub(super) coupon: Option<String>,
    pub(super) trial_days: Option<i32>,
    pub(super) metadata: BTreeMap<String, String>,
}

impl Checkout {
    /// Where it is in doubt another page is opened: nobody has paid on the first.
    pub(super) fn call(&self) -> Call {
        let form = json!({
            "mode": self.mode,
            "line_items": self.items,
            "customer": self.customer,
            "customer_email": self.customer_email,
            "success_url": self.success_url,
            "cancel_url": self.cancel_url,
            "client_reference_id": self.client_reference_id,
            "discounts": self.coupon.as_ref().map(|coupon| [json!({ "coupon": coupon })]),
            "subscription_data": { "trial_period_days": self.trial_days },
            "metadata": self.metadata,
        });
        Call::harmless("/checkout/sessions", form)
    }
}

/// The portal, where a customer manages the own subscriptions.
#[derive(Debug, Serialize)]
pub(super) struct Portal {
    pub(super) customer: String,
    pub(super) return_url: Option<String>,
}

impl Portal {
    pub(super) fn call(&self) -> Call {
        let form = json!({ "customer": self.customer, "return_url": self.return_url });
        Call::harmless("/billing_portal/sessions", form)
    }
}
