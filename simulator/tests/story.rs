//! What holds of every story.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::OnceLock;

use takings_simulator::{ApiVersion, MovementKind, Plan, Story, Unsettled, play};

const DAY: i64 = 86_400;

fn stories() -> &'static [(Plan, Story)] {
    static STORIES: OnceLock<Vec<(Plan, Story)>> = OnceLock::new();
    STORIES.get_or_init(|| {
        let plans = [
            Plan::small(1),
            Plan::small(2).in_version(ApiVersion::V2017),
            Plan::quarter(3),
            Plan::quarter(4).in_version(ApiVersion::Acacia),
            Plan::quarter(5).in_version(ApiVersion::Clover),
            Plan::two_years(6),
        ];
        plans.into_iter().map(|plan| (plan.clone(), play(&plan))).collect()
    })
}

#[test]
fn the_same_plan_gives_the_same_bytes() {
    for plan in [Plan::small(7), Plan::quarter(8).in_version(ApiVersion::Basil)] {
        assert_eq!(play(&plan), play(&plan));
    }
    assert_ne!(play(&Plan::small(7)).events, play(&Plan::small(8)).events);
}

#[test]
fn the_movements_of_each_day_lead_from_its_start_to_its_end() {
    for (plan, Story { truth, .. }) in stories() {
        let currencies: BTreeSet<&str> = truth.mrr.keys().map(|(_, c)| c.as_str()).collect();
        let mut moved: BTreeMap<(&str, i64), i128> = BTreeMap::new();
        for movement in &truth.movements {
            let day = (movement.at - plan.start).div_euclid(DAY);
            *moved.entry((&movement.currency, day)).or_default() += movement.units;
        }
        for currency in currencies {
            for day in 0..i64::from(plan.days) {
                let start = plan.start + day * DAY;
                let before = truth.total_mrr_at(currency, start - 1);
                let after = truth.total_mrr_at(currency, start + DAY - 1);
                let by = moved.get(&(currency, day)).copied().unwrap_or(0);
                assert_eq!(before + by, after, "{currency} on day {day} of {plan:?}");
            }
        }
    }
}

#[test]
fn movements_say_what_they_are() {
    for (_, Story { truth, .. }) in stories() {
        let mut seen = BTreeSet::new();
        for movement in &truth.movements {
            let grows = movement.units > 0;
            let expected = match movement.kind {
                MovementKind::New | MovementKind::Reactivation | MovementKind::Expansion => true,
                MovementKind::Contraction | MovementKind::Churn => false,
            };
            assert_eq!(grows, expected, "{movement:?}");
            let first = !seen.contains(&movement.customer);
            if movement.kind == MovementKind::Reactivation {
                assert!(!first, "{movement:?}");
            }
            seen.insert(movement.customer.clone());
        }
    }
}

#[test]
fn debits_equal_credits_in_every_currency() {
    for (plan, Story { truth, .. }) in stories() {
        let mut sums: BTreeMap<&str, i64> = BTreeMap::new();
        for ((_, currency), sum) in &truth.balances {
            *sums.entry(currency).or_default() += sum;
        }
        assert!(sums.values().all(|sum| *sum == 0), "{sums:?} in {plan:?}");
    }
}

#[test]
fn what_has_no_reason_to_stay_ends_at_zero() {
    for (plan, Story { truth, .. }) in stories() {
        let of = |account: &str, currency: &str| {
            let key = (account.to_owned(), currency.to_owned());
            truth.balances.get(&key).copied().unwrap_or(0)
        };
        for currency in ["usd", "eur", "jpy", "kwd"] {
            assert_eq!(of("refunds_clearing", currency), 0, "{currency} in {plan:?}");
            let total = |series: &BTreeMap<(String, i64), i64>| -> i64 {
                series.iter().filter(|((c, _), _)| c == currency).map(|(_, sum)| sum).sum()
            };
            assert!(total(&truth.net) <= total(&truth.gross));
            assert!(of("receivable", currency) >= 0 && of("write_off", currency) >= 0);
        }
    }
}

#[test]
fn events_fill_their_span_in_order_and_stay_below_their_bound() {
    for (plan, Story { events, .. }) in stories() {
        assert!(events.len() <= plan.events);
        assert!(events.len() * 10 >= plan.events * 6, "{} of {plan:?}", events.len());
        assert!(events.is_sorted_by_key(|event| event.created));
        let tenth = i64::from(plan.days) * DAY / 10;
        let filled: BTreeSet<i64> =
            events.iter().map(|event| (event.created - plan.start) / tenth).collect();
        assert_eq!(filled, (0..10).collect(), "{plan:?}");
        let ids: BTreeSet<&str> = events.iter().map(|event| event.id.as_str()).collect();
        assert_eq!(ids.len(), events.len());
    }
}

#[test]
fn two_years_hold_every_kind_of_trouble() {
    let Some((_, Story { events, truth })) = stories().last() else { return };
    let kinds: BTreeSet<&str> = events.iter().map(|event| event.kind.as_str()).collect();
    for kind in [
        "charge.captured",
        "charge.dispute.funds_reinstated",
        "charge.failed",
        "charge.refunded",
        "checkout.session.async_payment_succeeded",
        "checkout.session.completed",
        "coupon.created",
        "credit_note.created",
        "credit_note.voided",
        "customer.deleted",
        "customer.discount.created",
        "customer.discount.deleted",
        "customer.subscription.deleted",
        "customer.subscription.paused",
        "customer.subscription.resumed",
        "invoice.marked_uncollectible",
        "invoice.payment_failed",
        "invoice.voided",
        "invoice_payment.paid",
        "payout.failed",
        "refund.failed",
    ] {
        assert!(kinds.contains(kind), "no {kind}");
    }
    let moves: BTreeSet<MovementKind> = truth.movements.iter().map(|m| m.kind).collect();
    assert_eq!(moves.len(), 5);
    let labels: BTreeSet<Unsettled> = truth.unsettled.values().flatten().copied().collect();
    for label in [
        Unsettled::CouponScope,
        Unsettled::TieredPrice,
        Unsettled::CutList,
        Unsettled::PaymentUnexplained,
        Unsettled::PaymentMethodUnknown,
    ] {
        assert!(labels.contains(&label), "no {label:?}");
    }
}
