//! Updates within one second, in every order; and news that change the past.
#![allow(
    clippy::unwrap_used,
    clippy::float_arithmetic,
    clippy::disallowed_methods,
    reason = "a test stops where it fails, and times what it runs"
)]

mod common;

use common::door::Door;
use common::place::Place;
use common::process::Takings;
use common::story::settled_hash;
use serde_json::{Value, json};
use takings::v1::{
    GetRevenueSummaryRequest, GetSubscriptionRequest, ListMrrMovementsRequest, MovementKind,
    MrrMovement, RevenueSummary, Subscription,
};
use takings_core::time::Timestamp;

/// 2025-01-10T00:00:00Z.
const OPENING: i64 = 1_736_467_200;
const DAY: i64 = 86_400;

/// Happenings of one subscription: seconds after the opening, quantity before, quantity after.
type Life = &'static [(i64, Option<i64>, i64)];

/// Created, then updated within the second of its creation, or of a later day.
const LIVES: [(&str, Life, i64); 5] = [
    ("up, in the second it began", &[(0, None, 1), (0, Some(1), 2)], 2),
    ("one, two, one in the second it began", &[(0, None, 1), (0, Some(1), 2), (0, Some(2), 1)], 1),
    ("two updates in one second", &[(0, None, 1), (DAY, Some(1), 2), (DAY, Some(2), 5)], 5),
    ("one, two, one in one second", &[(0, None, 1), (DAY, Some(1), 2), (DAY, Some(2), 1)], 1),
    (
        "there and back, and up again",
        &[(0, None, 1), (DAY, Some(1), 2), (DAY, Some(2), 1), (DAY, Some(1), 3)],
        3,
    ),
];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn same_second_updates_in_any_order_end_in_the_right_state_on_sqlite() {
    every_order(Place::sqlite()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn same_second_updates_in_any_order_end_in_the_right_state_on_postgresql() {
    let Some(place) = Place::postgres("same_second") else { return };
    every_order(place).await;
}

async fn every_order(place: Place) {
    let server = Takings::start(&place);
    let mut door = Door::connect(server.http).await.unwrap();
    let mut orders = 0;
    for (name, life, quantity) in LIVES {
        for arrival in permutations(life.len()) {
            for ids in numberings(life.len()) {
                orders += 1;
                let about = format!("{orders}");
                for place in &arrival {
                    let event = happening(&about, ids[*place], life[*place]);
                    let answer = door.post(event.to_string().as_bytes()).await.unwrap();
                    assert_eq!(answer.text("outcome"), "applied", "{name}: {answer:?}");
                }
                let found = subscription(&server, &about).await;
                let said = format!("{name}, arriving {arrival:?}, ids {ids:?}: {found:?}");
                assert_eq!(found.items[0].quantity, Some(quantity), "{said}");
                assert_eq!(found.mrr.unwrap().amount_minor, 1000 * quantity, "{said}");
                let moved: i64 = movements(&server, &about).await.iter().map(amount).sum();
                assert_eq!(moved, 1000 * quantity, "{said}");
            }
        }
    }
    println!("{}: {orders} orders of arrival and of ids, none left to chance", place.kind());
    server.kill();
    settled_hash(&place).await;
}

fn amount(movement: &MrrMovement) -> i64 {
    movement.amount.as_ref().unwrap().amount_minor
}

/// The orders of ids to try: in time's order and against it, and all of them in full runs.
fn numberings(events: usize) -> Vec<Vec<usize>> {
    if takings_testkit::soak() {
        return permutations(events);
    }
    vec![(0..events).collect(), (0..events).rev().collect()]
}

/// Every order of `0..count`.
fn permutations(count: usize) -> Vec<Vec<usize>> {
    let Some(last) = count.checked_sub(1) else { return vec![vec![]] };
    let mut all = Vec::new();
    for shorter in permutations(last) {
        for place in 0..count {
            let mut longer = shorter.clone();
            longer.insert(place, last);
            all.push(longer);
        }
    }
    all
}

/// An event of a subscription; `id` tells the order of the ids, which means nothing.
fn happening(about: &str, id: usize, (after, before, quantity): (i64, Option<i64>, i64)) -> Value {
    let mut event = json!({
        "id": format!("evt_{about}_{id}"), "object": "event", "livemode": true,
        "api_version": "2026-10-28.endive", "created": OPENING + after,
        "type": "customer.subscription.created",
        "data": {"object": object(about, quantity)},
    });
    if let Some(before) = before {
        event["type"] = json!("customer.subscription.updated");
        let items = object(about, before)["items"].clone();
        event["data"]["previous_attributes"] = json!({"items": items, "quantity": before});
    }
    event
}

/// A subscription of a customer of its own, at 10 USD a month each.
fn object(about: &str, quantity: i64) -> Value {
    json!({
        "id": format!("sub_{about}"), "object": "subscription", "customer": format!("cus_{about}"),
        "created": OPENING, "start_date": OPENING, "status": "active", "currency": "usd",
        "quantity": quantity, "cancel_at_period_end": false, "discounts": [],
        "items": {"object": "list", "has_more": false, "data": [{
            "id": format!("si_{about}"), "object": "subscription_item", "quantity": quantity,
            "current_period_start": OPENING, "current_period_end": OPENING + 31 * DAY,
            "discounts": [],
            "price": {
                "id": "price_1", "object": "price", "product": "prod_1", "currency": "usd",
                "unit_amount": 1000, "unit_amount_decimal": "1000", "billing_scheme": "per_unit",
                "recurring": {"interval": "month", "interval_count": 1, "usage_type": "licensed"},
            },
        }]},
    })
}

async fn subscription(server: &Takings, about: &str) -> Subscription {
    let asked =
        GetSubscriptionRequest { subscription_id: format!("sub_{about}"), source: String::new() };
    let answer = server.revenue().await.get_subscription(asked).await.unwrap();
    answer.into_inner().subscription.unwrap()
}

async fn movements(server: &Takings, about: &str) -> Vec<MrrMovement> {
    let asked =
        ListMrrMovementsRequest { customer_id: format!("cus_{about}"), ..Default::default() };
    server.analytics().await.list_mrr_movements(asked).await.unwrap().into_inner().mrr_movements
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_late_cancellation_moves_churn_to_its_day_on_sqlite() {
    late_cancellation(Place::sqlite()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_late_cancellation_moves_churn_to_its_day_on_postgresql() {
    let Some(place) = Place::postgres("late") else { return };
    late_cancellation(place).await;
}

async fn late_cancellation(place: Place) {
    let server = Takings::start(&place);
    let mut door = Door::connect(server.http).await.unwrap();
    let created = happening("late", 0, (0, None, 3));
    assert!(door.post(created.to_string().as_bytes()).await.unwrap().acknowledges());
    let (ended, before, after) = (OPENING + 50 * DAY, OPENING + 40 * DAY, OPENING + 80 * DAY);
    assert_eq!(mrr(&server, after, None).await, 3000);
    let known_at = takings_server::app::now();
    tokio::time::sleep(std::time::Duration::from_millis(50)).await;

    let mut deleted = happening("late", 1, (50 * DAY, None, 3));
    deleted["type"] = json!("customer.subscription.deleted");
    for (key, value) in
        [("status", json!("canceled")), ("ended_at", json!(ended)), ("canceled_at", json!(ended))]
    {
        deleted["data"]["object"][key] = value;
    }
    assert!(door.post(deleted.to_string().as_bytes()).await.unwrap().acknowledges());

    assert_eq!(mrr(&server, before, None).await, 3000, "before the end");
    assert_eq!(mrr(&server, ended, None).await, 3000, "as of its first instant, it had not ended");
    assert_eq!(mrr(&server, ended + 1, None).await, 0, "a second after the end");
    assert_eq!(mrr(&server, after, None).await, 0, "after the end");
    assert_eq!(mrr(&server, after, Some(known_at)).await, 3000, "as it was known then");
    let churn = movements(&server, "late").await;
    let churn: Vec<_> = churn.iter().filter(|it| it.kind() == MovementKind::Churn).collect();
    let [churn] = churn.as_slice() else { panic!("{churn:?}") };
    assert_eq!((amount(churn), churn.occurred_time.unwrap().seconds), (-3000, ended));
    println!("{}: churn lies on its day, and the old number can still be asked for", place.kind());
    server.kill();
    settled_hash(&place).await;
}

/// The MRR in USD as of a second, as known at an instant.
async fn mrr(server: &Takings, as_of: i64, known_at: Option<Timestamp>) -> i64 {
    let asked = GetRevenueSummaryRequest {
        as_of_time: Some(prost_types::Timestamp { seconds: as_of, nanos: 0 }),
        known_at_time: known_at.map(|it| prost_types::Timestamp {
            seconds: it.secs(),
            nanos: i32::try_from(it.0.rem_euclid(1_000_000) * 1000).unwrap(),
        }),
        currency_code: "USD".into(),
        ..Default::default()
    };
    let answer = server.analytics().await.get_revenue_summary(asked).await.unwrap().into_inner();
    let row: Option<RevenueSummary> = answer.currencies.into_iter().next();
    row.and_then(|row| row.mrr).map_or(0, |mrr| mrr.amount_minor)
}
