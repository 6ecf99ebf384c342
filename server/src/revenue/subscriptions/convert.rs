//! Subscriptions, as the contract says them.

use crate::error::Error;
use crate::revenue::convert::{money, required, second, text};
use crate::revenue::mirrors::{Filter, Key, Seen};
use crate::revenue::paging::Slice;
use std::collections::BTreeMap;
use takings::v1 as pb;
use takings_core::billing::facts::{Interval, Item, Price, Subscription};
use takings_core::metrics::minor;
use takings_core::money::Currency;

/// The source and the id that are asked for.
pub(in crate::revenue) fn one(
    asked: pb::GetSubscriptionRequest,
) -> Result<(String, String), Error> {
    let pb::GetSubscriptionRequest { subscription_id, source } = asked;
    Ok((text("source", source)?, required("subscription_id", subscription_id)?))
}

/// The page that is asked for.
pub(in crate::revenue) fn list(
    asked: pb::ListSubscriptionsRequest,
) -> Result<(Filter, Slice<Key>), Error> {
    let pb::ListSubscriptionsRequest { customer_id, status, page_size, page_token } = asked;
    let filters = ["ListSubscriptions", &customer_id, &status];
    let slice = Slice::read(page_size, &page_token, &filters)?;
    let (customer, status) = (text("customer_id", customer_id)?, text("status", status)?);
    Ok((Filter { customer, status, ..Filter::default() }, slice))
}

impl From<Seen<Subscription>> for pb::Subscription {
    fn from(seen: Seen<Subscription>) -> pb::Subscription {
        let Seen {
            id,
            source,
            customer: _,
            parent: _,
            status,
            deleted: _,
            personal: _,
            state,
            mrr,
            marks,
        } = seen;
        let Subscription {
            created,
            customer,
            status: _,
            currency,
            items,
            items_cut: _,
            discounts,
            cancel_at_period_end,
            cancel_at,
            canceled_at,
            ended_at,
            cancel_reason,
            trial_start,
            trial_end,
            collection_paused,
            test_clock: _,
        } = state;
        let (currency, units) = worth(&mrr, currency);
        pb::Subscription {
            subscription_id: id,
            source,
            customer_id: customer.unwrap_or_default(),
            status,
            mrr: money(minor(units), currency),
            mrr_units: units,
            items: items.into_iter().map(line).collect(),
            discount_ids: discounts,
            created_time: second(created),
            trial_start_time: trial_start.and_then(second),
            trial_end_time: trial_end.and_then(second),
            cancel_at_period_end,
            cancel_time: cancel_at.and_then(second),
            canceled_time: canceled_at.and_then(second),
            ended_time: ended_at.and_then(second),
            cancel_reason: cancel_reason.unwrap_or_default(),
            collection_paused: collection_paused.is_some(),
            unconfirmed: marks.into_iter().map(Into::into).collect(),
        }
    }
}

/// What a subscription is worth: of the currency it counts in, or nothing of its own.
fn worth(mrr: &BTreeMap<Currency, i64>, own: Option<Currency>) -> (Option<Currency>, i64) {
    match mrr.first_key_value() {
        Some((currency, units)) => (Some(*currency), *units),
        None => (own, 0),
    }
}

fn line(item: Item) -> pb::SubscriptionItem {
    let Item { id, price, quantity, period_start, period_end, discounts, trial_end } = item;
    let Price {
        id: price_id,
        product,
        currency,
        unit_amount,
        recurring,
        metered,
        tiered,
        transform: _,
        tax: _,
    } = price;
    let amount = unit_amount.filter(|_| !tiered);
    let (interval, count) = recurring.map_or(("", 0), |(unit, count)| (word(unit), count));
    pb::SubscriptionItem {
        item_id: id,
        price_id,
        product_id: product.unwrap_or_default(),
        quantity,
        unit_amount_decimal: amount.map(|it| it.normalize().to_string()).unwrap_or_default(),
        currency_code: currency.iso(),
        interval: interval.to_owned(),
        interval_count: count,
        metered,
        discount_ids: discounts,
        current_period_start_time: second(period_start),
        current_period_end_time: second(period_end),
        trial_end_time: trial_end.and_then(second),
    }
}

fn word(interval: Interval) -> &'static str {
    match interval {
        Interval::Day => "day",
        Interval::Week => "week",
        Interval::Month => "month",
        Interval::Year => "year",
    }
}
