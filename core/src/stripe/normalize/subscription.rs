//! Subscriptions and their items, from one plan to many periods.

use super::catalogue::read_price;
use super::customer::read_discount;
use super::{Seen, own_id};
use crate::billing::facts::{
    Fact, Interval, Item, Price, Seconds, State, Subscription, SubscriptionStatus,
};
use crate::stripe::Refusal;
use crate::stripe::field::{Object, missing};
use rust_decimal::Decimal;
use serde_json::Value;

/// The largest amount of one item a month that is believed: 10^12 minor units.
const LARGEST_MONTHLY: i64 = 1_000_000_000_000;

pub(super) fn subscription(object: Object<'_>) -> Result<Seen, Refusal> {
    let id = own_id(object)?;
    let mut embedded = Vec::new();
    let (items, items_cut) = items(object, &id, &mut embedded)?;
    let status = object.word::<SubscriptionStatus>("status")?.ok_or_else(|| missing("status"))?;
    let details = object.object("cancellation_details");
    let collection = object.object("pause_collection");
    let currency = object.currency("currency")?;
    let subscription = Subscription {
        created: object.seconds("created")?.or(object.seconds("start")?).unwrap_or(0),
        customer: object.id("customer")?.or(object.id("customer_account")?),
        status,
        currency: currency.or(items.first().map(|item| item.price.currency)),
        discounts: discounts(object, &mut embedded)?,
        items,
        items_cut,
        cancel_at_period_end: object.flag("cancel_at_period_end").unwrap_or(false),
        cancel_at: object.seconds("cancel_at")?,
        canceled_at: object.seconds("canceled_at")?,
        ended_at: object.seconds("ended_at")?,
        cancel_reason: details.map(|it| it.text("reason")).transpose()?.flatten(),
        trial_start: object.seconds("trial_start")?,
        trial_end: object.seconds("trial_end")?,
        collection_paused: collection.map(|it| it.text("behavior")).transpose()?.flatten(),
        test_clock: object.id("test_clock")?,
    };
    Ok(Seen { id, state: State::Subscription(subscription), embedded })
}

/// The items; before there were any, the one plan.
fn items(
    object: Object<'_>,
    id: &str,
    embedded: &mut Vec<Fact>,
) -> Result<(Vec<Item>, bool), Refusal> {
    let (listed, cut) = object.list("items");
    if listed.is_empty() {
        let Some(plan) = object.object("plan") else { return Ok((Vec::new(), cut)) };
        let item = item(id.to_owned(), read_price(plan)?, (object, object), Vec::new())?;
        return Ok((vec![item], cut));
    }
    let mut items = Vec::with_capacity(listed.len());
    for it in listed {
        let price = it.object("price").or(it.object("plan")).ok_or_else(|| missing("price"))?;
        let discounts = discounts(it, embedded)?;
        items.push(item(own_id(it)?, read_price(price)?, (it, object), discounts)?);
    }
    Ok((items, cut))
}

/// An item; what it does not say itself its subscription does.
fn item(
    id: String,
    price: Price,
    (it, subscription): (Object<'_>, Object<'_>),
    discounts: Vec<String>,
) -> Result<Item, Refusal> {
    let period = |key: &str| -> Result<Seconds, Refusal> {
        Ok(it.seconds(key)?.or(subscription.seconds(key)?).unwrap_or(0))
    };
    let (period_start, period_end) =
        (period("current_period_start")?, period("current_period_end")?);
    if period_end < period_start {
        return Err(Refusal::new("period_reversed", "a period ends before it starts"));
    }
    let quantity = match it.positive("quantity")? {
        None if !price.metered => Some(1),
        _ if price.metered => None,
        quantity => quantity,
    };
    believable(&price, quantity)?;
    let trial = it.object("current_trial");
    Ok(Item {
        id,
        price,
        quantity,
        period_start,
        period_end,
        discounts,
        trial_end: trial.map(|trial| trial.seconds("end_date")).transpose()?.flatten(),
    })
}

/// Refuses what no price is: more than 10^12 minor units a month.
fn believable(price: &Price, quantity: Option<i64>) -> Result<(), Refusal> {
    let (Some(unit), Some(quantity)) = (price.unit_amount, quantity) else { return Ok(()) };
    let months = match price.recurring {
        Some((Interval::Month, count)) => Decimal::from(count),
        Some((Interval::Year, count)) => Decimal::from(12 * count),
        _ => Decimal::ONE,
    };
    let monthly = unit.checked_mul(Decimal::from(quantity)).map(|amount| amount / months);
    if monthly.is_some_and(|monthly| monthly <= Decimal::from(LARGEST_MONTHLY)) {
        Ok(())
    } else {
        let message = "an item is beyond 10^12 minor units a month";
        Err(Refusal::new("amount_too_large", message))
    }
}

/// The ids of an object's own discounts; old shapes hold one, body and all.
fn discounts(object: Object<'_>, embedded: &mut Vec<Fact>) -> Result<Vec<String>, Refusal> {
    let listed = object.array("discounts");
    let single = object.value("discount").filter(|it| listed.is_empty() && it.is_object());
    let mut ids = Vec::new();
    for value in listed.iter().chain(single) {
        match value {
            Value::Object(body) => {
                let seen = read_discount(Object(body))?;
                ids.push(seen.id.clone());
                embedded.extend(seen.into_embedded());
            }
            Value::String(id) => ids.push(id.clone()),
            _ => return Err(Refusal::new("wrong_type", "`discounts` holds no id")),
        }
    }
    Ok(ids)
}
