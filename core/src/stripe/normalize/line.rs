//! Invoice lines and tax, in every form they had.

use crate::billing::facts::{Line, Tax};
use crate::stripe::Refusal;
use crate::stripe::field::Object;

/// A line. Its net is what is revenue: the amount without discounts, credit grants and tax.
pub(super) fn read_line(object: Object<'_>) -> Result<Line, Refusal> {
    let period = object.object("period");
    let instant = |key: &str| period.map(|it| it.seconds(key)).transpose();
    let period_start = instant("start")?.flatten().unwrap_or(0);
    let period_end = instant("end")?.flatten().unwrap_or(0);
    if period_end < period_start {
        return Err(Refusal::new("period_reversed", "a line's period ends before it starts"));
    }
    let amount = object.amount("amount")?.unwrap_or(0);
    let taxes = read_taxes(object)?;
    let inclusive_tax = taxes.iter().filter(|tax| tax.inclusive).map(|tax| tax.amount).sum();
    let net = amount - reductions(object)? - inclusive_tax;
    let (price, subscription_item, proration) = origin(object)?;
    Ok(Line {
        id: object.id("id")?.unwrap_or_default(),
        amount,
        net,
        inclusive_tax,
        period_start,
        period_end,
        proration,
        price,
        subscription_item,
    })
}

/// Discounts and credit grants; the former alone where the shape has no list of both.
fn reductions(object: Object<'_>) -> Result<i64, Refusal> {
    let credits = object.objects("pretax_credit_amounts");
    let listed = match credits.is_empty() {
        true => object.objects("discount_amounts"),
        false => credits,
    };
    listed.into_iter().map(|it| Ok(it.amount("amount")?.unwrap_or(0))).sum()
}

type Origin = (Option<String>, Option<String>, bool);

/// The price and subscription item a line bills, and whether it is a proration.
fn origin(object: Object<'_>) -> Result<Origin, Refusal> {
    let pricing = object.object("pricing").and_then(|it| it.object("price_details"));
    let price = match pricing {
        Some(details) => details.id("price")?,
        None => object.id("price")?.or(object.id("plan")?),
    };
    let parent = object.object("parent").and_then(|parent| {
        parent.object("subscription_item_details").or(parent.object("invoice_item_details"))
    });
    let holder = parent.unwrap_or(object);
    let item = holder.id("subscription_item")?;
    Ok((price, item, holder.flag("proration").unwrap_or(false)))
}

/// Tax by rate: `taxes`, `total_taxes` with a behaviour each, or `tax_amounts` with a flag.
pub(super) fn read_taxes(object: Object<'_>) -> Result<Vec<Tax>, Refusal> {
    let keys = ["total_taxes", "taxes", "total_tax_amounts", "tax_amounts"];
    let listed = keys.into_iter().map(|key| object.objects(key)).find(|list| !list.is_empty());
    let Some(listed) = listed else { return Ok(Vec::new()) };
    listed.into_iter().map(read_tax).collect()
}

fn read_tax(object: Object<'_>) -> Result<Tax, Refusal> {
    let rate = match object.object("tax_rate_details") {
        Some(details) => details.id("tax_rate")?,
        None => object.id("tax_rate")?,
    };
    let behaviour = object.text("tax_behavior")?;
    let inclusive = object.flag("inclusive").unwrap_or(behaviour.as_deref() == Some("inclusive"));
    let amount = object.amount("amount")?.unwrap_or(0);
    Ok(Tax { rate: rate.unwrap_or_default(), amount, inclusive })
}

/// Tax by rate; one sum without a rate where the shape names none.
pub(super) fn taxes_or_sum(object: Object<'_>) -> Result<Vec<Tax>, Refusal> {
    let taxes = read_taxes(object)?;
    if !taxes.is_empty() {
        return Ok(taxes);
    }
    let sum = object.amount("tax")?.unwrap_or(0);
    let whole = Tax { rate: String::new(), amount: sum, inclusive: false };
    Ok(if sum == 0 { Vec::new() } else { vec![whole] })
}
