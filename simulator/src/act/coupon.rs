//! Discounts come and go.

use crate::calendar::add_months;
use crate::catalog::{Duration, Off};
use crate::model::Discount;
use crate::world::World;

impl World {
    /// A coupon for any product in the subscription's currency.
    pub(crate) fn fitting_coupon(&mut self, sub: usize) -> usize {
        let coupon =
            self.dice.weighted(&[(5, 0), (4, 1), (4, 2), (3, 3), (3, 4), (2, 5), (2, 6), (3, 7)]);
        match self.catalog.coupons[coupon].off {
            Off::Amount(_, currency) if currency != self.subs[sub].currency => 0,
            _ => coupon,
        }
    }

    fn new_discount(&mut self, coupon: usize) -> Discount {
        let end = match self.catalog.coupons[coupon].duration {
            Duration::Months(months) => Some(add_months(self.now, i64::from(months))),
            Duration::Once | Duration::Forever => None,
        };
        let id = self.dice.id("di");
        Discount { id, coupon, start: self.now, end, subscription: None, item: None }
    }

    /// On the subscription, or on its first item.
    pub(crate) fn add_discount(&mut self, sub: usize, coupon: usize, on_item: bool) {
        let mut discount = self.new_discount(coupon);
        let sub = &mut self.subs[sub];
        discount.subscription = Some(sub.id.clone());
        if on_item {
            discount.item = Some(sub.items[0].id.clone());
            self.discounts.push(discount.clone());
            sub.items[0].discounts.push(discount);
        } else {
            self.discounts.push(discount.clone());
            sub.discounts.push(discount);
        }
    }

    pub(crate) fn give_customer_discount(&mut self, customer: usize) {
        let discount = self.new_discount(0);
        self.discounts.push(discount.clone());
        self.customers[customer].discount = Some(discount);
        let json = self.customers[customer].discount.as_ref();
        let json = json.map(|d| self.discount_json(d, &self.customers[customer].id));
        if let Some(json) = json {
            self.say("customer.discount.created", json);
        }
        self.say_change("customer.updated", self.customer_json(customer));
    }

    /// Says the bodies of all discounts of a subscription.
    pub(crate) fn say_discounts(&mut self, sub: usize) {
        for discount in self.discounts_of(sub) {
            self.say_discount("customer.discount.created", sub, &discount);
        }
    }

    pub(crate) fn say_discount(&mut self, kind: &str, sub: usize, discount: &Discount) {
        let customer = &self.customers[self.subs[sub].customer].id;
        let json = self.discount_json(discount, customer);
        self.say(kind, json);
    }

    fn discounts_of(&self, sub: usize) -> Vec<Discount> {
        let sub = &self.subs[sub];
        let items = sub.items.iter().flat_map(|item| &item.discounts);
        sub.discounts.iter().chain(items).cloned().collect()
    }

    /// Takes away what `gone` picks, and tells the discounts' ends.
    pub(crate) fn drop_discounts(
        &mut self,
        sub: usize,
        gone: impl Fn(&World, &Discount) -> bool,
    ) -> bool {
        let all = self.discounts_of(sub);
        let ended: Vec<Discount> = all.into_iter().filter(|d| gone(self, d)).collect();
        let stays = |discount: &Discount| ended.iter().all(|d| d.id != discount.id);
        self.subs[sub].discounts.retain(stays);
        for item in &mut self.subs[sub].items {
            item.discounts.retain(stays);
        }
        for discount in &ended {
            self.say_discount("customer.discount.deleted", sub, discount);
        }
        !ended.is_empty()
    }

    /// A discount for one invoice has had it.
    pub(crate) fn drop_once(&mut self, sub: usize) {
        self.drop_discounts(sub, |world, discount| {
            world.catalog.coupons[discount.coupon].duration == Duration::Once
        });
        self.say_change("customer.subscription.updated", self.sub_json(sub));
    }

    /// At a period's start, discounts that ended by then are over.
    pub(crate) fn drop_expired(&mut self, sub: usize) -> bool {
        let start = self.subs[sub].period.0;
        self.drop_discounts(sub, |_, discount| discount.end.is_some_and(|end| end <= start))
    }
}
