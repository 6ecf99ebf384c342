//! Builders for the tests of timelines: short words for subscriptions, discounts and moments.
// Every test file compiles its own copy, and uses a part of it.
#![allow(dead_code, missing_docs, unreachable_pub)]
// A test that cannot be set up fails: that is what `unwrap` says here.
#![allow(clippy::unwrap_used)]

use std::collections::{BTreeMap, BTreeSet};
use takings_core::billing::facts::*;
use takings_core::billing::{Context, Coupons, Definition, Folded, Point, UNITS_PER_MINOR, fold};
use takings_core::money::Currency;
use takings_core::time::Day;
use takings_core::version::Moment;

pub const DAY: Seconds = 86_400;

pub fn usd() -> Currency {
    Currency::parse("usd").unwrap()
}

pub fn eur() -> Currency {
    Currency::parse("eur").unwrap()
}

/// Midnight UTC.
pub fn day(year: i32, month: u32, day: u32) -> Seconds {
    Day::from_civil(year, month, day).start().secs()
}

/// Units of so many whole minor units.
pub fn units(minor: i64) -> i64 {
    minor * UNITS_PER_MINOR
}

pub fn price(id: &str, minor: &str, recurring: (Interval, i64)) -> Price {
    Price {
        id: id.into(),
        product: Some(format!("prod_{id}")),
        currency: usd(),
        unit_amount: Some(minor.parse().unwrap()),
        recurring: Some(recurring),
        metered: false,
        tiered: false,
        transform: None,
        tax: TaxBehavior::Unspecified,
    }
}

pub fn monthly(id: &str, minor: i64) -> Price {
    price(id, &minor.to_string(), (Interval::Month, 1))
}

pub fn yearly(id: &str, minor: i64) -> Price {
    price(id, &minor.to_string(), (Interval::Year, 1))
}

pub fn item(id: &str, price: Price, quantity: i64, start: Seconds, end: Seconds) -> Item {
    Item {
        id: id.into(),
        price,
        quantity: Some(quantity),
        period_start: start,
        period_end: end,
        discounts: vec![],
        trial_end: None,
    }
}

/// An active subscription in dollars.
pub fn sub(items: Vec<Item>) -> Subscription {
    Subscription {
        customer: Some("cus_1".into()),
        status: SubscriptionStatus::Active,
        currency: Some(usd()),
        items,
        ..Subscription::default()
    }
}

/// One item of $10.00 a month, from 1 January 2026.
pub fn ten_dollars() -> Subscription {
    sub(vec![item("si_1", monthly("ten", 1_000), 1, day(2026, 1, 1), day(2026, 2, 1))])
}

/// The same in another status.
pub fn in_status(state: &Subscription, status: SubscriptionStatus) -> Subscription {
    Subscription { status, ..state.clone() }
}

/// Canceled, ended then.
pub fn ended(state: &Subscription, at: Seconds, reason: &str) -> Subscription {
    Subscription {
        status: SubscriptionStatus::Canceled,
        ended_at: Some(at),
        cancel_reason: Some(reason.into()),
        ..state.clone()
    }
}

pub fn moment(second: Seconds, state: State) -> Moment {
    let event = format!("evt_{}_{second}", state.kind());
    Moment { second, event, deleted: false, state, marks: BTreeSet::new(), reconstructed: false }
}

pub fn at(second: Seconds, state: &Subscription) -> Moment {
    moment(second, State::Subscription(state.clone()))
}

pub fn deleted(moment: Moment) -> Moment {
    Moment { deleted: true, ..moment }
}

/// What a customer has besides the subscription.
#[derive(Clone, Debug, Default)]
pub struct World {
    pub discounts: BTreeMap<String, Vec<Moment>>,
    pub coupons: Coupons,
    pub coupon_terms: BTreeMap<String, CouponTerms>,
    pub price_terms: BTreeMap<String, PriceTerms>,
    pub item_taxes: BTreeMap<String, Vec<Moment>>,
    pub first_paid: Option<Seconds>,
}

impl World {
    pub fn context(&self) -> Context<'_> {
        Context {
            discounts: &self.discounts,
            coupons: &self.coupons,
            coupon_terms: &self.coupon_terms,
            price_terms: &self.price_terms,
            item_taxes: &self.item_taxes,
            first_paid: self.first_paid,
        }
    }

    pub fn coupon(mut self, id: &str, off: Off, duration: Duration) -> World {
        self.coupons.take(id, 0, Phase::Created, Coupon { off, duration });
        self.limited_to(id, Some(&[]))
    }

    /// The same id, given to another coupon later.
    pub fn coupon_again(mut self, id: &str, second: Seconds, off: Off) -> World {
        self.coupons.take(id, second, Phase::Created, Coupon { off, duration: Duration::Forever });
        self
    }

    /// What a discount's own payload shows of its coupon.
    pub fn shown(mut self, discount: &str, off: Off) -> World {
        let (id, duration) = (Coupon::of_discount(discount), Duration::Forever);
        self.coupons.take(&id, 0, Phase::Embedded, Coupon { off, duration });
        self
    }

    /// What the API showed of a coupon; `None`: it was not asked.
    pub fn limited_to(mut self, coupon: &str, products: Option<&[&str]>) -> World {
        self.coupon_terms.remove(coupon);
        if let Some(products) = products {
            let products = products.iter().map(|it| String::from(*it)).collect();
            let terms = CouponTerms { products, ..CouponTerms::default() };
            self.coupon_terms.insert(coupon.into(), terms);
        }
        self
    }

    /// A discount of a subscription (or, by where it is listed, of an item).
    pub fn discount(
        mut self,
        id: &str,
        coupon: &str,
        start: Seconds,
        end: Option<Seconds>,
    ) -> World {
        let body = Discount { subscription: Some("sub_1".into()), ..body(coupon, start, end) };
        self.discounts.insert(id.into(), vec![moment(start, State::Discount(body))]);
        self
    }

    /// A discount of the whole customer, perhaps deleted.
    pub fn customers(
        mut self,
        id: &str,
        coupon: &str,
        start: Seconds,
        end: Option<Seconds>,
        gone: Option<Seconds>,
    ) -> World {
        let state = State::Discount(body(coupon, start, end));
        let mut moments = vec![moment(start, state.clone())];
        moments.extend(gone.map(|gone| deleted(moment(gone, state))));
        self.discounts.insert(id.into(), moments);
        self
    }

    pub fn tax(mut self, item: &str, second: Seconds, amount: i64, tax: i64) -> World {
        let line = State::ItemTax(ItemTax { customer: None, amount, tax });
        self.item_taxes.entry(item.into()).or_default().push(moment(second, line));
        self
    }

    pub fn fold(&self, moments: &[Moment]) -> Folded {
        self.fold_by(&Definition::default(), moments)
    }

    pub fn fold_by(&self, definition: &Definition, moments: &[Moment]) -> Folded {
        fold(definition, None, moments, &self.context()).unwrap()
    }

    /// MRR in units of a subscription seen once.
    pub fn worth(&self, state: &Subscription) -> i64 {
        self.fold(&[at(day(2026, 1, 1), state)]).points[0].units
    }
}

fn body(coupon: &str, start: Seconds, end: Option<Seconds>) -> Discount {
    Discount {
        coupon: coupon.into(),
        customer: Some("cus_1".into()),
        subscription: None,
        subscription_item: None,
        start,
        end,
    }
}

pub fn percent(text: &str) -> Off {
    Off::Percent(text.parse().unwrap())
}

/// Instants and units of points.
pub fn steps(points: &[Point]) -> Vec<(Seconds, i64)> {
    points.iter().map(|point| (point.at, point.units)).collect()
}
