//! Subscriptions and their items.

use super::{Price, Seconds};
use crate::money::Currency;
use serde::{Deserialize, Serialize};

/// A subscription's status, in Stripe's words.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs)]
pub enum SubscriptionStatus {
    #[default]
    Incomplete,
    IncompleteExpired,
    Trialing,
    Active,
    PastDue,
    Unpaid,
    Paused,
    Canceled,
}

/// One item of a subscription.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Item {
    /// The item's id (`si_...`; old single-plan shapes: the subscription's id).
    pub id: String,
    /// What is sold.
    pub price: Price,
    /// How many; `None`: metered.
    #[serde(default)]
    pub quantity: Option<i64>,
    /// The current billing period.
    #[serde(default)]
    pub period_start: Seconds,
    /// Its end, excluded.
    #[serde(default)]
    pub period_end: Seconds,
    /// The item's own discounts (`di_...`), in Stripe's order.
    #[serde(default)]
    pub discounts: Vec<String>,
    /// The end of a trial of the item's own.
    #[serde(default)]
    pub trial_end: Option<Seconds>,
}

/// A subscription.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Subscription {
    /// When Stripe made it.
    pub created: Seconds,
    /// Whose it is.
    pub customer: Option<String>,
    /// Its status.
    pub status: SubscriptionStatus,
    /// The currency it bills in.
    pub currency: Option<Currency>,
    /// What it sells, in Stripe's order.
    pub items: Vec<Item>,
    /// The payload held only the first items.
    pub items_cut: bool,
    /// The subscription's own discounts (`di_...`), in Stripe's order.
    pub discounts: Vec<String>,
    /// It ends with the current period.
    pub cancel_at_period_end: bool,
    /// It ends then.
    pub cancel_at: Option<Seconds>,
    /// When its end was asked for.
    pub canceled_at: Option<Seconds>,
    /// When it ended.
    pub ended_at: Option<Seconds>,
    /// `cancellation_details.reason`: `cancellation_requested`, `payment_failed`, ...
    pub cancel_reason: Option<String>,
    /// The trial's first second.
    pub trial_start: Option<Seconds>,
    /// The trial's end, excluded.
    pub trial_end: Option<Seconds>,
    /// `pause_collection.behavior`, while collection is paused.
    pub collection_paused: Option<String>,
    /// The test clock it lives on.
    pub test_clock: Option<String>,
}
