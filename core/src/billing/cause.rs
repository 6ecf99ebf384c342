//! Why a subscription's MRR differs from what it was.

use super::evaluate::is_ending;
use super::facts::{Subscription, SubscriptionStatus, TaxBehavior};
use super::point::{Cause, ItemPoint, Point};

/// The cause of the step from one point to the next, whose state is `state`.
pub(crate) fn of(before: Option<&Point>, after: &Point, state: &Subscription) -> Cause {
    let held = before.map_or(0, |point| point.units);
    if held == after.units {
        return Cause::Unchanged;
    }
    let counted = before.is_some_and(|point| point.counted);
    match (before, counted, after.counted) {
        (None, ..) if state.trial_end == Some(after.at) => Cause::TrialEnded,
        (None, ..) => Cause::Started,
        (Some(before), false, true) => counts_again(before),
        (Some(before), true, false) => counts_no_more(before, after, state),
        (Some(before), ..) => of_items(before, after, state),
    }
}

fn counts_again(before: &Point) -> Cause {
    match before.status {
        SubscriptionStatus::Trialing => Cause::TrialEnded,
        SubscriptionStatus::Paused | SubscriptionStatus::Active => Cause::Resumed,
        SubscriptionStatus::Unpaid | SubscriptionStatus::PastDue => Cause::Recovered,
        SubscriptionStatus::Incomplete
        | SubscriptionStatus::IncompleteExpired
        | SubscriptionStatus::Canceled => Cause::Started,
    }
}

fn counts_no_more(before: &Point, after: &Point, state: &Subscription) -> Cause {
    if after.ended {
        return ended(before, state);
    }
    match state.status {
        SubscriptionStatus::Trialing => Cause::TrialStarted,
        SubscriptionStatus::Active if is_ending(state) => ended(before, state),
        SubscriptionStatus::Active | SubscriptionStatus::Paused => Cause::Paused,
        _ => Cause::Involuntary,
    }
}

/// Voluntary or not, by Stripe's reason; without one, by whether it was being paid.
fn ended(before: &Point, state: &Subscription) -> Cause {
    let unpaid = [SubscriptionStatus::PastDue, SubscriptionStatus::Unpaid];
    match state.cancel_reason.as_deref() {
        Some("payment_failed" | "payment_disputed") => Cause::Involuntary,
        Some(_) => Cause::Voluntary,
        None if unpaid.contains(&before.status) => Cause::Involuntary,
        None => Cause::Voluntary,
    }
}

/// The weightiest difference among items whose MRR differs.
fn of_items(before: &Point, after: &Point, state: &Subscription) -> Cause {
    let known = |id: &str| before.items.iter().find(|item| item.id == id);
    let gone = before
        .items
        .iter()
        .any(|item| item.units != 0 && after.items.iter().all(|remaining| remaining.id != item.id));
    let causes = after.items.iter().filter_map(|item| match known(&item.id) {
        None => (item.units != 0).then_some(Cause::ItemsChanged),
        Some(known) => (known.units != item.units).then(|| of_item(known, item, state)),
    });
    let gone = gone.then_some(Cause::ItemsChanged);
    causes.chain(gone).min().unwrap_or(Cause::Unchanged)
}

fn of_item(before: &ItemPoint, after: &ItemPoint, state: &Subscription) -> Cause {
    if before.price != after.price {
        Cause::PlanChanged
    } else if before.quantity != after.quantity {
        Cause::QuantityChanged
    } else if before.unit_amount != after.unit_amount {
        Cause::PriceChanged
    } else if !before.settled && after.settled {
        Cause::Settled
    } else if before.list == 0 || after.list == 0 {
        Cause::TrialEnded
    } else if before.list == after.list {
        Cause::DiscountChanged
    } else if inclusive(&after.id, state) {
        Cause::TaxChanged
    } else {
        Cause::PriceChanged
    }
}

fn inclusive(item: &str, state: &Subscription) -> bool {
    let known = state.items.iter().find(|known| known.id == item);
    known.is_some_and(|known| known.price.tax == TaxBehavior::Inclusive)
}
