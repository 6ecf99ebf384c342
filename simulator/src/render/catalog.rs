//! Products, prices, plans, coupons and discounts.

use serde_json::{Value, json};

use super::{number, overlay};
use crate::catalog::{Coupon, Duration, Off, Scheme};
use crate::model::Discount;
use crate::world::World;

impl World {
    pub(crate) fn product_json(&self, index: usize) -> Value {
        let product = &self.catalog.products[index];
        let mut body = json!({
            "id": product.id,
            "object": "product",
            "active": true,
            "created": product.created,
            "default_price": null,
            "description": format!("The {} plan and all that belongs to it", product.name),
            "images": [],
            "livemode": self.plan.livemode,
            "marketing_features": [],
            "metadata": {},
            "name": product.name,
            "package_dimensions": null,
            "shippable": null,
            "statement_descriptor": null,
            "tax_code": null,
            "type": "service",
            "unit_label": null,
            "updated": product.created,
            "url": null,
        });
        overlay(&mut body, &product.set);
        body
    }

    pub(crate) fn price_json(&self, index: usize) -> Value {
        let price = &self.catalog.prices[index];
        let tiered = price.scheme == Scheme::Tiered;
        let decimal = if tiered { Value::Null } else { price.decimal().into() };
        let mut body = json!({
            "id": price.id,
            "object": "price",
            "active": true,
            "billing_scheme": if tiered { "tiered" } else { "per_unit" },
            "created": price.created,
            "currency": price.currency,
            "custom_unit_amount": null,
            "livemode": self.plan.livemode,
            "lookup_key": null,
            "metadata": {},
            "nickname": price.nickname,
            "product": self.catalog.products[price.product].id,
            "recurring": (!price.once).then(|| json!({
                "interval": price.interval.name(),
                "interval_count": price.count,
                "meter": null,
                "trial_period_days": null,
                "usage_type": if price.is_metered() { "metered" } else { "licensed" },
            })),
            "tax_behavior": self.tax_behavior(index),
            "tiers_mode": tiered.then_some("graduated"),
            "transform_quantity": self.packages(index),
            "type": if price.once { "one_time" } else { "recurring" },
            "unit_amount": price.whole_amount(),
            "unit_amount_decimal": decimal,
        });
        overlay(&mut body, &price.set);
        body
    }

    fn tax_behavior(&self, index: usize) -> &'static str {
        match self.catalog.prices[index].scheme {
            Scheme::TaxInside => "inclusive",
            _ if self.catalog.prices[index].currency == "eur" => "exclusive",
            _ => "unspecified",
        }
    }

    fn packages(&self, index: usize) -> Value {
        match self.catalog.prices[index].scheme {
            Scheme::Package(size) => json!({ "divide_by": size, "round": "up" }),
            _ => Value::Null,
        }
    }

    pub(crate) fn plan_json(&self, index: usize) -> Value {
        let price = &self.catalog.prices[index];
        let tiered = price.scheme == Scheme::Tiered;
        let decimal = if tiered { Value::Null } else { price.decimal().into() };
        let mut plan = json!({
            "id": price.id,
            "object": "plan",
            "active": true,
            "aggregate_usage": price.is_metered().then_some("sum"),
            "amount": price.whole_amount(),
            "amount_decimal": decimal,
            "billing_scheme": if tiered { "tiered" } else { "per_unit" },
            "created": price.created,
            "currency": price.currency,
            "interval": price.interval.name(),
            "interval_count": price.count,
            "livemode": self.plan.livemode,
            "metadata": {},
            "meter": null,
            "nickname": price.nickname,
            "product": self.catalog.products[price.product].id,
            "tiers_mode": tiered.then_some("graduated"),
            "transform_usage": self.packages(index),
            "trial_period_days": null,
            "usage_type": if price.is_metered() { "metered" } else { "licensed" },
        });
        if self.is_old() {
            plan["name"] = price.nickname.clone().into();
            plan["statement_descriptor"] = Value::Null;
        }
        plan
    }

    pub(crate) fn coupon_json(&self, index: usize) -> Value {
        let coupon = &self.catalog.coupons[index];
        let Coupon { id, off, duration, .. } = coupon;
        let (amount, currency, percent) = match off {
            Off::Amount(amount, currency) => (Some(*amount), Some(*currency), Value::Null),
            Off::Percent(basis) => (None, None, number(&decimal_percent(*basis))),
        };
        let (duration, months) = match duration {
            Duration::Once => ("once", None),
            Duration::Forever => ("forever", None),
            Duration::Months(months) => ("repeating", Some(*months)),
        };
        let mut body = json!({
            "id": id,
            "object": "coupon",
            "amount_off": amount,
            "created": coupon.created,
            "currency": currency,
            "duration": duration,
            "duration_in_months": months,
            "livemode": self.plan.livemode,
            "max_redemptions": null,
            "metadata": {},
            "name": id,
            "percent_off": percent,
            "redeem_by": null,
            "times_redeemed": 0,
            "valid": !coupon.gone,
        });
        overlay(&mut body, &coupon.set);
        body
    }

    pub(crate) fn discount_json(&self, discount: &Discount, customer: &str) -> Value {
        let mut body = json!({
            "id": discount.id,
            "object": "discount",
            "checkout_session": null,
            "customer": customer,
            "end": discount.end,
            "invoice": null,
            "invoice_item": null,
            "promotion_code": null,
            "start": discount.start,
            "subscription": discount.subscription,
        });
        if self.plan.version.is_clover() {
            let coupon = &self.catalog.coupons[discount.coupon].id;
            body["source"] = json!({ "coupon": coupon, "type": "coupon" });
            body["customer_account"] = Value::Null;
        } else {
            body["coupon"] = self.coupon_json(discount.coupon);
        }
        if self.is_old() {
            body.as_object_mut().map(|fields| fields.remove("id"));
        } else {
            body["subscription_item"] = discount.item.clone().into();
        }
        body
    }
}

fn decimal_percent(basis_points: i64) -> String {
    let text = format!("{}.{:02}", basis_points / 100, basis_points % 100);
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}
