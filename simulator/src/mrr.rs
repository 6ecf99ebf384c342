//! What a subscription brings a month, from the simulator's own state.

use crate::calendar::Interval;
use crate::catalog::{Duration, Off, Scheme};
use crate::exact::{Fraction, split};
use crate::model::{Discount, Item, Status, Sub};
use crate::render::SHOWN;
use crate::truth::Unsettled;
use crate::world::World;

/// MRR is counted in 1/83,160 of a minor unit.
const UNITS: i128 = 83_160;

impl World {
    /// Writes down what a subscription brings from `at` on.
    pub(crate) fn settle(&mut self, sub: usize, at: i64) {
        let counts = matches!(self.subs[sub].status, Status::Active | Status::PastDue);
        let units = if counts { self.monthly(sub) } else { 0 };
        self.see_crowd(sub, at, counts);
        let sub = &self.subs[sub];
        let customer = &self.customers[sub.customer];
        self.steps.set((&customer.id, sub.currency, &sub.id), at, units);
    }

    fn monthly(&mut self, index: usize) -> i128 {
        let sub = self.subs[index].clone();
        let shared = self.shared_discounts(&sub);
        let mut amounts = Vec::new();
        for item in &sub.items {
            amounts.push(self.item_amount(&sub, item));
        }
        let amounts = self.less_shared(amounts, &shared, sub.period.0);
        let mut sum = 0;
        for (position, item) in sub.items.iter().enumerate() {
            let price = &self.catalog.prices[item.price];
            let unknown = self.unknown(&sub, position, &shared);
            let units = match (unknown, amounts[position]) {
                (Some(_), _) => item.settled,
                (None, amount) => per_month(amount, price.interval, price.count).half_even(),
            };
            if let Some(why) = unknown {
                self.label(&sub.id, why);
            }
            self.subs[index].items[position].settled = units;
            sum += units;
        }
        let discounted = shared.iter().chain(sub.items.iter().flat_map(|i| &i.discounts));
        if discounted.into_iter().any(|d| self.counts(d, sub.period.0) && self.is_known(d)) {
            self.label(&sub.id, Unsettled::CouponScope);
        }
        sum
    }

    /// The subscription's own discounts, or else its customer's.
    fn shared_discounts(&self, sub: &Sub) -> Vec<Discount> {
        if sub.discounts.is_empty() {
            self.customers[sub.customer].discount.iter().cloned().collect()
        } else {
            sub.discounts.clone()
        }
    }

    /// One interval's amount after the item's own discounts.
    fn item_amount(&self, sub: &Sub, item: &Item) -> Fraction {
        let price = &self.catalog.prices[item.price];
        if price.is_metered() {
            return Fraction::new(0, 1);
        }
        let mut amount = self.before_discounts(sub, item);
        if price.scheme == Scheme::TaxInside {
            amount = amount.times(100, 120);
        }
        for discount in item.discounts.iter().filter(|d| self.counts(d, sub.period.0)) {
            amount = match self.catalog.coupons[discount.coupon].off {
                Off::Percent(basis_points) => less_percent(amount, basis_points),
                Off::Amount(off, _) => amount.less(i128::from(off)),
            };
        }
        amount
    }

    /// What only a look-up tells counts where it can be looked up.
    fn before_discounts(&self, sub: &Sub, item: &Item) -> Fraction {
        let price = &self.catalog.prices[item.price];
        match price.scheme {
            Scheme::Tiered | Scheme::AlsoEuro(_) if self.open_book => {
                Fraction::new(i128::from(price.charge(item.quantity, sub.currency)), 1)
            }
            _ => price.exact(item.quantity),
        }
    }

    fn less_shared(
        &self,
        mut amounts: Vec<Fraction>,
        shared: &[Discount],
        period_start: i64,
    ) -> Vec<Fraction> {
        for discount in shared.iter().filter(|d| self.counts(d, period_start)) {
            match self.catalog.coupons[discount.coupon].off {
                Off::Percent(basis_points) => {
                    amounts = amounts.iter().map(|a| less_percent(*a, basis_points)).collect();
                }
                Off::Amount(off, _) => {
                    let weights: Vec<i64> =
                        amounts.iter().map(|a| i64::try_from(a.floor()).unwrap_or(0)).collect();
                    let parts = split(off, &weights);
                    let pairs = amounts.iter().zip(parts);
                    amounts = pairs.map(|(a, part)| a.less(i128::from(part))).collect();
                }
            }
        }
        amounts
    }

    /// `once` never counts, and an ended discount counts until the next period starts.
    fn counts(&self, discount: &Discount, period_start: i64) -> bool {
        self.catalog.coupons[discount.coupon].duration != Duration::Once
            && discount.end.is_none_or(|end| period_start < end)
    }

    fn is_known(&self, discount: &Discount) -> bool {
        !(self.plan.version.is_clover() && self.catalog.coupons[discount.coupon].older)
    }

    /// Why nobody can tell what an item brings; a cut list shows its first items.
    fn unknown(&self, sub: &Sub, position: usize, shared: &[Discount]) -> Option<Unsettled> {
        let item = &sub.items[position];
        let price = &self.catalog.prices[item.price];
        if self.open_book && price.scheme != Scheme::TaxInside {
            return None;
        }
        if position >= SHOWN {
            return Some(Unsettled::CutList);
        }
        if price.scheme == Scheme::TaxInside && sub.latest_invoice.is_none() {
            return Some(Unsettled::InclusiveTaxUnknown);
        }
        if price.scheme == Scheme::Tiered {
            return Some(Unsettled::TieredPrice);
        }
        if price.currency != sub.currency {
            return Some(Unsettled::CurrencyOption);
        }
        let all_known = shared.iter().chain(&item.discounts).all(|d| self.is_known(d));
        (!all_known).then_some(Unsettled::CouponUnknown)
    }
}

fn less_percent(amount: Fraction, basis_points: i64) -> Fraction {
    amount.times(i128::from(10_000 - basis_points), 10_000)
}

fn per_month(amount: Fraction, interval: Interval, count: u32) -> Fraction {
    let count = i128::from(count);
    match interval {
        Interval::Day => amount.times(UNITS * 365, 12 * count),
        Interval::Week => amount.times(UNITS * 52, 12 * count),
        Interval::Month => amount.times(UNITS, count),
        Interval::Year => amount.times(UNITS, 12 * count),
    }
}
