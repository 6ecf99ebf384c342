//! Customers and discounts.

use super::catalogue::read_coupon;
use super::{Seen, own_id};
use crate::billing::facts::{Coupon, Customer, Discount, Fact, Phase, State};
use crate::stripe::Refusal;
use crate::stripe::field::{Object, missing};
use serde_json::{Map, Value};

pub(super) fn customer(object: Object<'_>) -> Result<Seen, Refusal> {
    let id = own_id(object)?;
    let discount = object.object("discount").map(read_discount).transpose()?;
    let balance = object.amount("balance")?.or(object.amount("account_balance")?);
    let customer = Customer {
        created: object.seconds("created")?.unwrap_or(0),
        balance: balance.unwrap_or(0),
        currency: object.currency("currency")?,
        delinquent: object.flag("delinquent").unwrap_or(false),
        discount: match &discount {
            Some(seen) => Some(seen.id.clone()),
            None => object.id("discount")?,
        },
        test_clock: object.id("test_clock")?,
    };
    let mut seen = Seen::new(id, State::Customer(customer));
    seen.embedded.extend(discount.into_iter().flat_map(Seen::into_embedded));
    Ok(seen)
}

/// What a customer's payload says of a person: no fact, kept apart from the facts.
pub(super) fn personal(state: &State, object: Object<'_>) -> Result<Option<String>, Refusal> {
    if !matches!(state, State::Customer(_)) {
        return Ok(None);
    }
    let mut personal = Map::new();
    for key in ["name", "email"] {
        if let Some(text) = object.text(key)? {
            personal.insert(key.into(), Value::String(text));
        }
    }
    Ok((!personal.is_empty()).then(|| Value::Object(personal).to_string()))
}

pub(super) fn discount(object: Object<'_>) -> Result<Seen, Refusal> {
    read_discount(object)
}

/// A discount, with the coupon in it where the shape still embeds one.
pub(super) fn read_discount(object: Object<'_>) -> Result<Seen, Refusal> {
    let source = object.object("source");
    let holder = if object.value("coupon").is_some() { object } else { source.unwrap_or(object) };
    let coupon = holder.id("coupon")?.ok_or_else(|| missing("discount.coupon"))?;
    let discount = Discount {
        coupon,
        customer: object.id("customer")?.or(object.id("customer_account")?),
        subscription: object.id("subscription")?,
        subscription_item: object.id("subscription_item")?,
        start: object.seconds("start")?.unwrap_or(0),
        end: object.seconds("end")?,
    };
    let id = match object.id("id")? {
        Some(id) => id,
        None => made_up_id(&discount),
    };
    let mut seen = Seen::new(id, State::Discount(discount));
    if let Some(body) = holder.object("coupon") {
        let state = State::Coupon(read_coupon(body)?);
        let (object, phase) = (Coupon::of_discount(&seen.id), Phase::Embedded);
        seen.embedded.push(Fact { object, phase, state, before: None });
    }
    Ok(seen)
}

/// Discounts had no id in old shapes: what they are made of names them.
fn made_up_id(discount: &Discount) -> String {
    let part = |id: &Option<String>| id.clone().unwrap_or_default();
    let (customer, subscription) = (part(&discount.customer), part(&discount.subscription));
    format!("di:{customer}:{subscription}:{}:{}", discount.coupon, discount.start)
}

impl Seen {
    /// What was seen inside another object's payload, as facts.
    pub(super) fn into_embedded(self) -> impl Iterator<Item = Fact> {
        let Seen { id, state, embedded } = self;
        let first = Fact { object: id, phase: Phase::Embedded, state, before: None };
        std::iter::once(first).chain(embedded)
    }
}
