//! What no payload holds, and the API shows when it is asked in full.
//!
//! Each is a fact of an object of its own, so that whatever a later event says of the coupon, the
//! price or the payment leaves it alone.

use crate::money::Currency;
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What a coupon is limited to. Stripe never changes it. The fact's object: [`CouponTerms::id`].
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct CouponTerms {
    /// `applies_to.products`; empty: all.
    pub products: Vec<String>,
    /// What `amount_off` is in other currencies.
    pub amounts: BTreeMap<Currency, i64>,
}

impl CouponTerms {
    /// The id of the fact about a coupon.
    pub fn id(coupon: &str) -> String {
        format!("coupon:{coupon}")
    }

    /// The coupon that a fact's id is about.
    pub fn of(id: &str) -> String {
        id.strip_prefix("coupon:").unwrap_or(id).to_owned()
    }
}

/// One tier of a price.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Tier {
    /// The last unit in it; `None`: no end.
    pub up_to: Option<i64>,
    /// Minor units for each unit.
    pub unit_amount: Decimal,
    /// Minor units for the tier as a whole, where it is used.
    pub flat_amount: Decimal,
}

/// What a price is in one currency.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Amounts {
    /// Minor units for one unit (or package); `None`: tiered or custom.
    pub unit_amount: Option<Decimal>,
    /// Its tiers, ascending; empty: none.
    pub tiers: Vec<Tier>,
}

/// What a price is in every currency. The fact's object: [`PriceTerms::id`].
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct PriceTerms {
    /// `tiers_mode`: each unit by the tier it falls into, instead of all by the last one.
    pub graduated: bool,
    /// By currency, the price's own one among them.
    pub amounts: BTreeMap<Currency, Amounts>,
}

impl PriceTerms {
    /// The id of the fact about a price.
    pub fn id(price: &str) -> String {
        format!("price:{price}")
    }

    /// The price that a fact's id is about.
    pub fn of(id: &str) -> String {
        id.strip_prefix("price:").unwrap_or(id).to_owned()
    }
}

/// Everything of a kind that the API lists for an object has been seen. The fact's object:
/// [`LookUp::id`].
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct LookUp {
    /// The invoice, payment intent or charge.
    pub of: String,
    /// What was listed.
    pub listed: Listed,
}

/// What the API lists for an object.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Listed {
    /// What paid an invoice, or what money that came in was for.
    #[default]
    Payments,
    /// A charge's refunds.
    Refunds {
        /// How much of them stands, in minor units.
        standing: i64,
    },
}

impl LookUp {
    /// The id of the fact.
    pub fn id(&self) -> String {
        match self.listed {
            Listed::Payments => format!("look:{}", self.of),
            Listed::Refunds { .. } => format!("refunds:{}", self.of),
        }
    }
}
