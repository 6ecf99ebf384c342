//! Customers, discounts, and what is on sale.

use super::Seconds;
use crate::money::Currency;
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

/// A customer, without anything personal.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Customer {
    /// When Stripe made it.
    pub created: Seconds,
    /// Credit balance: negative is credit in the customer's favour.
    pub balance: i64,
    /// The currency of the balance.
    pub currency: Option<Currency>,
    /// Stripe's own flag for an unpaid latest invoice.
    pub delinquent: bool,
    /// The customer's own discount (`di_...`), if any.
    pub discount: Option<String>,
    /// The test clock it lives on.
    pub test_clock: Option<String>,
}

/// A discount: a coupon given to a customer, a subscription or an item.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Discount {
    /// The coupon's id.
    pub coupon: String,
    /// The customer it was given to.
    pub customer: Option<String>,
    /// The subscription it was given to; `None`: the whole customer.
    pub subscription: Option<String>,
    /// The subscription item it was given to.
    pub subscription_item: Option<String>,
    /// When it began.
    pub start: Seconds,
    /// When a repeating one ends.
    pub end: Option<Seconds>,
}

/// What a coupon takes off.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Off {
    /// A percentage, 0 to 100, decimals allowed.
    Percent(Decimal),
    /// An amount per invoice.
    Amount(i64, Currency),
}

/// How long a coupon's discount lasts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Duration {
    /// One invoice.
    Once,
    /// Some months; the discount's own `end` counts.
    Repeating,
    /// Until it is removed.
    Forever,
}

/// A coupon, as payloads hold it. Stripe never changes it, but once it is deleted its id may be
/// another's; what it is limited to is in [`CouponTerms`](super::CouponTerms).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Coupon {
    /// What it takes off.
    pub off: Off,
    /// How long.
    pub duration: Duration,
}

impl Coupon {
    /// The id of the fact about the coupon that a discount's payload showed.
    pub fn of_discount(discount: &str) -> String {
        format!("discount:{discount}")
    }
}

/// A product.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Product {
    /// Whether it is on sale.
    pub active: bool,
    /// The name shown on invoices.
    pub name: String,
}

/// The unit a price recurs in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs)]
pub enum Interval {
    Day,
    Week,
    Month,
    Year,
}

/// Whether a price's amount holds tax.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs)]
pub enum TaxBehavior {
    #[default]
    Unspecified,
    Inclusive,
    Exclusive,
}

/// `transform_quantity`: packages instead of units.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Transform {
    /// Units in a package, at least 1.
    pub divide_by: i64,
    /// Whether a started package counts.
    pub round_up: bool,
}

/// A price, as it stands alone or inside a subscription item (also an old `plan`).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Price {
    /// The price's (or plan's) id.
    pub id: String,
    /// The product sold.
    #[serde(default)]
    pub product: Option<String>,
    /// The base currency, which `unit_amount` is in.
    pub currency: Currency,
    /// Minor units for one unit (or package); `None`: tiered or custom.
    #[serde(default)]
    pub unit_amount: Option<Decimal>,
    /// How often it recurs: unit and count (at least 1); `None`: a one-off price.
    #[serde(default)]
    pub recurring: Option<(Interval, i64)>,
    /// Billed by recorded usage.
    #[serde(default)]
    pub metered: bool,
    /// Billed by tiers.
    #[serde(default)]
    pub tiered: bool,
    /// Packages instead of units.
    #[serde(default)]
    pub transform: Option<Transform>,
    /// Whether the amount holds tax.
    #[serde(default)]
    pub tax: TaxBehavior,
}
