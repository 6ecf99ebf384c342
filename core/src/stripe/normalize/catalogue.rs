//! Products, prices (and their elders, plans), coupons.

use super::{Seen, own_id};
use crate::billing::facts::{
    Coupon, Duration, Interval, Off, Price, Product, State, TaxBehavior, Transform,
};
use crate::stripe::Refusal;
use crate::stripe::field::{Object, missing};
use rust_decimal::Decimal;

pub(super) fn product(object: Object<'_>) -> Result<Seen, Refusal> {
    let product = Product {
        active: object.flag("active").unwrap_or(true),
        name: object.text("name")?.unwrap_or_default(),
    };
    Ok(Seen::new(own_id(object)?, State::Product(product)))
}

pub(super) fn price(object: Object<'_>) -> Result<Seen, Refusal> {
    let price = read_price(object)?;
    Ok(Seen::new(price.id.clone(), State::Price(price)))
}

pub(super) fn coupon(object: Object<'_>) -> Result<Seen, Refusal> {
    Ok(Seen::new(own_id(object)?, State::Coupon(read_coupon(object)?)))
}

/// A price, or a plan: the older form of the same.
pub(super) fn read_price(object: Object<'_>) -> Result<Price, Refusal> {
    let recurring = object.object("recurring");
    let terms = recurring.unwrap_or(object);
    let transform = object.object("transform_quantity").or(object.object("transform_usage"));
    let scheme = object.text("billing_scheme")?;
    Ok(Price {
        id: own_id(object)?,
        product: object.id("product")?,
        currency: object.currency("currency")?.ok_or_else(|| missing("price.currency"))?,
        unit_amount: unit_amount(object)?,
        recurring: interval(terms)?,
        metered: terms.text("usage_type")?.as_deref() == Some("metered"),
        tiered: scheme.as_deref() == Some("tiered"),
        transform: transform.map(read_transform).transpose()?,
        tax: object.word("tax_behavior")?.unwrap_or(TaxBehavior::Unspecified),
    })
}

/// The decimal wins over the whole number, which is null where there is a fraction.
pub(super) fn unit_amount(object: Object<'_>) -> Result<Option<Decimal>, Refusal> {
    for key in ["unit_amount_decimal", "amount_decimal"] {
        if let Some(decimal) = object.decimal(key)? {
            return match decimal.is_sign_negative() && !decimal.is_zero() {
                true => Err(Refusal::new("negative_amount", format!("`{key}` is negative"))),
                false => Ok(Some(decimal)),
            };
        }
    }
    let whole = object.positive("unit_amount")?.or(object.positive("amount")?);
    Ok(whole.map(|amount| Decimal::from(amount).normalize()))
}

fn interval(terms: Object<'_>) -> Result<Option<(Interval, i64)>, Refusal> {
    let Some(interval) = terms.word::<Interval>("interval")? else { return Ok(None) };
    let count = terms.int("interval_count")?.unwrap_or(1);
    if !(1..=1200).contains(&count) {
        return Err(Refusal::new("bad_interval", "`interval_count` is not 1 to 1200"));
    }
    Ok(Some((interval, count)))
}

fn read_transform(object: Object<'_>) -> Result<Transform, Refusal> {
    let divide_by = object.int("divide_by")?.unwrap_or(1);
    if divide_by < 1 {
        return Err(Refusal::new("bad_interval", "`divide_by` is not at least 1"));
    }
    Ok(Transform { divide_by, round_up: object.text("round")?.as_deref() == Some("up") })
}

/// A coupon, without what no payload holds.
pub(super) fn read_coupon(object: Object<'_>) -> Result<Coupon, Refusal> {
    let off = match (object.decimal("percent_off")?, object.positive("amount_off")?) {
        (Some(percent), _) if percent.is_sign_negative() || percent > Decimal::ONE_HUNDRED => {
            return Err(Refusal::new("bad_decimal", "`percent_off` is not 0 to 100"));
        }
        (Some(percent), _) => Off::Percent(percent),
        (None, Some(amount)) => {
            let currency = object.currency("currency")?;
            Off::Amount(amount, currency.ok_or_else(|| missing("coupon.currency"))?)
        }
        (None, None) => return Err(missing("coupon.percent_off")),
    };
    let duration = object.word::<Duration>("duration")?.ok_or_else(|| missing("duration"))?;
    Ok(Coupon { off, duration })
}
