//! What the API shows when it is asked to expand everything.

use super::catalogue::unit_amount;
use super::own_id;
use crate::billing::facts::{Amounts, CouponTerms, Fact, LookUp, Phase, PriceTerms, State, Tier};
use crate::money::Currency;
use crate::stripe::Refusal;
use crate::stripe::field::{Object, missing};
use rust_decimal::Decimal;
use std::collections::BTreeMap;

/// The terms of a coupon whose `applies_to` and `currency_options` were asked for: what is not
/// there does not limit it.
pub(super) fn coupon(object: Object<'_>) -> Result<Fact, Refusal> {
    let products = object.object("applies_to").map_or(&[][..], |it| it.array("products"));
    let products = products.iter().filter_map(|id| id.as_str().map(str::to_owned)).collect();
    let mut amounts = BTreeMap::new();
    for (currency, option) in options(object)? {
        if let Some(amount) = option.positive("amount_off")? {
            amounts.insert(currency, amount);
        }
    }
    let state = State::CouponTerms(CouponTerms { products, amounts });
    Ok(embedded(CouponTerms::id(&own_id(object)?), state))
}

/// The terms of a price whose `tiers` and `currency_options` were asked for.
pub(super) fn price(object: Object<'_>) -> Result<Fact, Refusal> {
    let own = object.currency("currency")?.ok_or_else(|| missing("currency"))?;
    let mut amounts = BTreeMap::new();
    for (currency, option) in options(object)? {
        amounts.insert(currency, read_amounts(option)?);
    }
    amounts.insert(own, read_amounts(object)?);
    let graduated = object.text("tiers_mode")?.as_deref() != Some("volume");
    let state = State::PriceTerms(PriceTerms { graduated, amounts });
    Ok(embedded(PriceTerms::id(&own_id(object)?), state))
}

/// That everything the API lists for an object has been seen.
pub(super) fn look_up(it: LookUp) -> Fact {
    embedded(it.id(), State::LookUp(it))
}

fn embedded(object: String, state: State) -> Fact {
    Fact { object, phase: Phase::Embedded, state, before: None }
}

fn options(object: Object<'_>) -> Result<Vec<(Currency, Object<'_>)>, Refusal> {
    let Some(options) = object.object("currency_options") else { return Ok(Vec::new()) };
    let read = |(code, option): (&String, _)| {
        let option = serde_json::Value::as_object(option).map(Object)?;
        let unknown = || Refusal::new("unknown_currency", format!("`{code}` is no currency"));
        Some(Currency::parse(code).map_err(|_| unknown()).map(|currency| (currency, option)))
    };
    options.0.iter().filter_map(read).collect()
}

fn read_amounts(object: Object<'_>) -> Result<Amounts, Refusal> {
    Ok(Amounts {
        unit_amount: unit_amount(object)?,
        tiers: object.objects("tiers").into_iter().map(tier).collect::<Result<_, _>>()?,
    })
}

fn tier(object: Object<'_>) -> Result<Tier, Refusal> {
    let flat = match object.decimal("flat_amount_decimal")? {
        None => object.positive("flat_amount")?.map(Decimal::from),
        flat => flat,
    };
    Ok(Tier {
        up_to: object.positive("up_to")?,
        unit_amount: unit_amount(object)?.unwrap_or_default(),
        flat_amount: flat.unwrap_or_default(),
    })
}
