//! The bodies of coupons. A coupon that is deleted leaves its discounts as they are, and its id may be
//! given to another with other terms: a discount has the terms of the coupon it was made of.

use super::facts::{Coupon, Discount, Phase, Seconds};
use std::collections::BTreeMap;

/// The coupons seen so far.
#[derive(Clone, Debug, Default)]
pub struct Coupons {
    /// What a coupon's id stood for from a second on, ascending.
    seen: BTreeMap<String, Vec<(Seconds, Coupon)>>,
    /// What was seen inside something else: by coupon, or by [`Coupon::of_discount`].
    embedded: BTreeMap<String, Coupon>,
}

impl Coupons {
    /// Takes in a fact about a coupon, after all facts of seconds before.
    pub fn take(&mut self, object: &str, second: Seconds, phase: Phase, coupon: Coupon) {
        if phase == Phase::Embedded {
            self.embedded.entry(object.to_owned()).or_insert(coupon);
            return;
        }
        let seen = self.seen.entry(object.to_owned()).or_default();
        if seen.last().is_none_or(|(_, newest)| *newest != coupon) {
            seen.push((second, coupon));
        }
    }

    /// Whether a discount's own payload says what it takes off.
    pub fn shows(&self, discount: &str) -> bool {
        self.embedded.contains_key(&Coupon::of_discount(discount))
    }

    /// Whether a coupon's id has stood for more than one.
    pub fn was_used_again(&self, coupon: &str) -> bool {
        self.seen.get(coupon).is_some_and(|seen| seen.len() > 1)
    }

    /// The coupon that a discount was made of: as the discount shows it, else the newest seen by
    /// the discount's start, else the first seen after.
    pub(crate) fn of(&self, id: &str, discount: &Discount) -> Option<&Coupon> {
        let own = self.embedded.get(&Coupon::of_discount(id));
        own.or_else(|| {
            let seen = self.seen.get(&discount.coupon)?;
            let by_then = seen.iter().rfind(|(second, _)| *second <= discount.start);
            by_then.or(seen.first()).map(|(_, coupon)| coupon)
        })
        .or_else(|| self.embedded.get(&discount.coupon))
    }
}
