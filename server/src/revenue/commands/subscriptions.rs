//! Commands about subscriptions.

use super::call::{Call, DISCOUNTS, Object, get, has_ended, text};
use crate::error::{Error, Reason};
use crate::stripe::Account;
use serde::Serialize;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// A price, and how many of it.
#[derive(Debug, Serialize)]
pub(super) struct OrderItem {
    pub(super) price: String,
    pub(super) quantity: Option<i64>,
}

/// A new subscription.
#[derive(Debug, Serialize)]
pub(super) struct Create {
    pub(super) customer: String,
    pub(super) items: Vec<OrderItem>,
    pub(super) coupon: Option<String>,
    pub(super) trial_days: Option<i32>,
    pub(super) payment_method: Option<String>,
    pub(super) payment_behavior: &'static str,
    pub(super) metadata: BTreeMap<String, String>,
}

impl Create {
    pub(super) fn call(&self) -> Call {
        let form = json!({
            "customer": self.customer,
            "items": self.items,
            "discounts": self.coupon.as_ref().map(|coupon| [json!({ "coupon": coupon })]),
            "trial_period_days": self.trial_days,
            "default_payment_method": self.payment_method,
            "payment_behavior": self.payment_behavior,
            "metadata": self.metadata,
            "expand": [DISCOUNTS],
        });
        Call::post("/subscriptions", form, &["customer.subscription.created"])
    }
}

/// A change of a subscription.
#[derive(Debug, Serialize)]
pub(super) struct Update {
    pub(super) subscription: String,
    pub(super) item: Option<String>,
    pub(super) price: Option<String>,
    pub(super) quantity: Option<i64>,
    /// An empty one removes those it has.
    pub(super) coupon: Option<String>,
    pub(super) proration_behavior: Option<&'static str>,
    pub(super) payment_behavior: &'static str,
}

impl Update {
    pub(super) async fn call(&self, account: &Account) -> Result<Call, Error> {
        let known = running(account, &self.subscription).await?;
        let items = (self.price.is_some() || self.quantity.is_some()).then_some(());
        let items = items.map(|()| self.item(&known)).transpose()?;
        let discounts = self.coupon.as_ref().map(|coupon| match coupon.as_str() {
            "" => json!(""),
            coupon => json!([{ "coupon": coupon }]),
        });
        let form = json!({
            "items": items.map(|item| [item]),
            "discounts": discounts,
            "proration_behavior": self.proration_behavior,
            "payment_behavior": self.payment_behavior,
            "expand": [DISCOUNTS],
        });
        Ok(Call::post(path(&self.subscription), form, &["customer.subscription.updated"]))
    }

    /// The item that changes: the one named, or the only one there is.
    fn item(&self, known: &Object) -> Result<Value, Error> {
        let items = known.get("items").and_then(|items| items["data"].as_array());
        let ids: Vec<&str> =
            items.into_iter().flatten().filter_map(|item| item["id"].as_str()).collect();
        let id = match (&self.item, ids.as_slice()) {
            (Some(item), ids) if ids.contains(&item.as_str()) => item,
            (None, [only]) => *only,
            _ => {
                let message = format!(
                    "name one of the subscription's items in `item_id`: {}",
                    ids.join(", ")
                );
                return Err(Error::invalid(Reason::InvalidField, "item_id", message));
            }
        };
        Ok(json!({ "id": id, "price": self.price, "quantity": self.quantity }))
    }
}

/// The end of a subscription.
#[derive(Debug, Serialize)]
pub(super) struct Cancel {
    pub(super) subscription: String,
    pub(super) at_period_end: bool,
    pub(super) invoice_now: bool,
    pub(super) prorate: bool,
    pub(super) feedback: Option<String>,
    pub(super) comment: Option<String>,
}

impl Cancel {
    pub(super) async fn call(&self, account: &Account) -> Result<Call, Error> {
        running(account, &self.subscription).await?;
        let path = path(&self.subscription);
        let details = json!({ "feedback": self.feedback, "comment": self.comment });
        if self.at_period_end {
            let form = json!({
                "cancel_at_period_end": true,
                "cancellation_details": details,
                "expand": [DISCOUNTS],
            });
            return Ok(Call::post(path, form, &["customer.subscription.updated"]));
        }
        let form = json!({
            "invoice_now": self.invoice_now.then_some(true),
            "prorate": self.prorate.then_some(true),
            "cancellation_details": details,
            "expand": [DISCOUNTS],
        });
        Ok(Call::end(path, form))
    }
}

/// A subscription that is not to be billed for a while.
#[derive(Debug, Serialize)]
pub(super) struct Pause {
    pub(super) subscription: String,
}

impl Pause {
    pub(super) async fn call(&self, account: &Account) -> Result<Call, Error> {
        running(account, &self.subscription).await?;
        let told_by = ["customer.subscription.paused", "customer.subscription.updated"];
        let form = json!({ "expand": [DISCOUNTS] });
        Ok(Call::post(format!("{}/pause", path(&self.subscription)), form, &told_by))
    }
}

/// A paused subscription that is to go on.
#[derive(Debug, Serialize)]
pub(super) struct Resume {
    pub(super) subscription: String,
    pub(super) proration_behavior: Option<&'static str>,
}

impl Resume {
    pub(super) async fn call(&self, account: &Account) -> Result<Call, Error> {
        running(account, &self.subscription).await?;
        let told_by = ["customer.subscription.resumed", "customer.subscription.updated"];
        let form = json!({ "proration_behavior": self.proration_behavior, "expand": [DISCOUNTS] });
        Ok(Call::post(format!("{}/resume", path(&self.subscription)), form, &told_by))
    }
}

fn path(id: &str) -> String {
    format!("/subscriptions/{id}")
}

/// The subscription as it stands at Stripe.
///
/// # Errors
///
/// If there is none, or it has ended.
async fn running(account: &Account, id: &str) -> Result<Object, Error> {
    let subscription = get(&account.client, &path(id)).await?.body;
    if !has_ended(&subscription) {
        return Ok(subscription);
    }
    let message = format!(
        "`{id}` has ended (its status is `{}`), and what has ended cannot be changed: create \
         another subscription",
        text(&subscription, "status")
    );
    Err(Error::Precondition { reason: Reason::SubscriptionEnded, message })
}
