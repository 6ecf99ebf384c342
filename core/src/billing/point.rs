//! What a subscription's life is made of: the points at which its MRR may change.

use super::coupons::Coupons;
use super::facts::{CouponTerms, PriceTerms, Seconds, SubscriptionStatus};
use crate::money::Currency;
use crate::unconfirmed::Reason;
use crate::version::Moment;
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// Everything a subscription's MRR depends on besides itself.
#[derive(Clone, Copy, Debug)]
pub struct Context<'a> {
    /// The discounts of the subscription's customer, by `di_` id. A deleted moment ends the
    /// customer's own discount; of a subscription or an item, the version that lists it decides.
    pub discounts: &'a BTreeMap<String, Vec<Moment>>,
    /// The coupons seen so far.
    pub coupons: &'a Coupons,
    /// What the API showed of coupons, by coupon.
    pub coupon_terms: &'a BTreeMap<String, CouponTerms>,
    /// What the API showed of prices, by price.
    pub price_terms: &'a BTreeMap<String, PriceTerms>,
    /// What invoice lines showed of the tax inside prices, by subscription item.
    pub item_taxes: &'a BTreeMap<String, Vec<Moment>>,
    /// When an invoice of more than zero was first paid at or after the trial's end. Read only
    /// under [`Definition::trial_until_first_payment`](super::Definition).
    pub first_paid: Option<Seconds>,
}

/// One change point of one subscription: what holds from `at` until the next point.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Point {
    /// The effective instant.
    pub at: Seconds,
    /// The second of the version in force.
    pub second: Seconds,
    /// The observation that made the point.
    pub event: String,
    /// MRR from here on, in 1/83,160 of a minor unit.
    pub units: i64,
    /// The currency of `units`; `None`: nothing has said.
    pub currency: Option<Currency>,
    /// The subscription's status.
    pub status: SubscriptionStatus,
    /// Whether a subscription in this state counts at all.
    pub counted: bool,
    /// It ended.
    pub ended: bool,
    /// Collection is paused.
    pub collection_paused: bool,
    /// When it will end, where that is scheduled.
    pub ends_at: Option<Seconds>,
    /// Since when it is past due.
    pub past_due_since: Option<Seconds>,
    /// The items, in Stripe's order.
    pub items: Vec<ItemPoint>,
    /// Discounts that expired and left the subscription, but still count until an item's next
    /// period.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub lingering: Vec<String>,
    /// Why `units` differ from those of the point before.
    pub cause: Cause,
    /// What is not settled about `units`.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub marks: BTreeSet<Reason>,
    /// No version shows it: a later one implies it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub reconstructed: bool,
}

/// One item at one point.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ItemPoint {
    /// The item's id.
    pub id: String,
    /// The price's id.
    pub price: String,
    /// How many; `None`: metered.
    pub quantity: Option<i64>,
    /// Minor units for one unit (or package).
    pub unit_amount: Option<Decimal>,
    /// MRR before discounts, without tax.
    pub list: i64,
    /// MRR.
    pub units: i64,
    /// Whether every input of `units` is known.
    pub settled: bool,
    /// The last settled MRR while the item counted: what it keeps while an input is missing.
    pub last_settled: Option<i64>,
    /// Like [`Point::lingering`], of the item's own discounts.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub lingering: Vec<String>,
}

/// Why MRR changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Cause {
    /// It did not.
    Unchanged,
    /// The subscription began to count.
    Started,
    /// A trial is over.
    TrialEnded,
    /// A trial began in a subscription that counted.
    TrialStarted,
    /// An item was added or removed.
    ItemsChanged,
    /// An item has another price.
    PlanChanged,
    /// An item has another quantity.
    QuantityChanged,
    /// The same price has another amount.
    PriceChanged,
    /// The tax inside a price changed.
    TaxChanged,
    /// A discount came, went, or ended.
    DiscountChanged,
    /// A missing input became known.
    Settled,
    /// It ended because the customer, or the merchant, wished so.
    Voluntary,
    /// It ended, or stopped counting, because it was not paid.
    Involuntary,
    /// It was paused.
    Paused,
    /// It goes on after a pause or a withdrawn cancellation.
    Resumed,
    /// It was paid again.
    Recovered,
}

impl Cause {
    /// Every cause, in the order of declaration.
    pub const ALL: [Cause; 16] = [
        Cause::Unchanged,
        Cause::Started,
        Cause::TrialEnded,
        Cause::TrialStarted,
        Cause::ItemsChanged,
        Cause::PlanChanged,
        Cause::QuantityChanged,
        Cause::PriceChanged,
        Cause::TaxChanged,
        Cause::DiscountChanged,
        Cause::Settled,
        Cause::Voluntary,
        Cause::Involuntary,
        Cause::Paused,
        Cause::Resumed,
        Cause::Recovered,
    ];

    /// The name in databases and answers.
    pub fn as_str(self) -> &'static str {
        match self {
            Cause::Unchanged => "unchanged",
            Cause::Started => "started",
            Cause::TrialEnded => "trial_ended",
            Cause::TrialStarted => "trial_started",
            Cause::ItemsChanged => "items_changed",
            Cause::PlanChanged => "plan_changed",
            Cause::QuantityChanged => "quantity_changed",
            Cause::PriceChanged => "price_changed",
            Cause::TaxChanged => "tax_changed",
            Cause::DiscountChanged => "discount_changed",
            Cause::Settled => "settled",
            Cause::Voluntary => "voluntary",
            Cause::Involuntary => "involuntary",
            Cause::Paused => "paused",
            Cause::Resumed => "resumed",
            Cause::Recovered => "recovered",
        }
    }

    /// The cause of that name.
    pub fn parse(name: &str) -> Option<Cause> {
        Cause::ALL.into_iter().find(|cause| cause.as_str() == name)
    }
}
