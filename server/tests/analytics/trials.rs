//! What became of trials, told by the events of subscriptions and of their invoices.

use super::books::{House, event, houses};
use serde_json::{Value, json};
use takings::v1 as pb;
use takings::v1::analytics_service_server::AnalyticsService;
use tonic::Request;

/// 2026-02-01T00:00:00Z, when trials begin; they last fourteen days.
const BEGUN: i64 = 1_769_904_000;
const OVER: i64 = BEGUN + 14 * 86_400;
const PAID: i64 = OVER + 3700;

fn subscription(number: usize, status: &str) -> Value {
    let ended = (status == "canceled").then_some(OVER);
    json!({
        "id": format!("sub_{number}"), "object": "subscription", "created": BEGUN,
        "customer": format!("cus_{number}"), "status": status, "currency": "usd",
        "trial_start": BEGUN, "trial_end": OVER, "ended_at": ended,
        "items": {"has_more": false, "data": [{
            "id": format!("si_{number}"), "quantity": 1,
            "current_period_start": BEGUN, "current_period_end": OVER,
            "price": {
                "id": "price_1", "product": "prod_1", "currency": "usd", "unit_amount": 1000,
                "recurring": {"interval": "month", "interval_count": 1, "usage_type": "licensed"},
            },
        }]},
    })
}

/// A paid invoice of a subscription.
fn invoice(id: &str, number: usize, total: i64, paid: i64) -> Value {
    json!({
        "id": id, "object": "invoice", "created": paid - 100, "customer": format!("cus_{number}"),
        "parent": {"subscription_details": {"subscription": format!("sub_{number}")}},
        "status": "paid", "currency": "usd", "total": total, "total_excluding_tax": total,
        "amount_due": total, "amount_paid": total, "attempted": true, "ending_balance": 0,
        "lines": {"data": [], "has_more": false},
        "status_transitions": {"finalized_at": paid - 100, "paid_at": paid},
    })
}

/// How a subscription begins, goes on, and is paid for.
fn converted(number: usize) -> [Value; 3] {
    let id = |what: &str| format!("{what}_{number}");
    let begun = subscription(number, "trialing");
    let over = subscription(number, "active");
    let paid = invoice(&format!("in_{number}"), number, 1000, PAID);
    [
        event(&id("begun"), "customer.subscription.created", BEGUN, begun),
        event(&id("over"), "customer.subscription.updated", OVER, over),
        event(&id("paid"), "invoice.paid", PAID, paid),
    ]
}

fn cancelled(number: usize) -> [Value; 3] {
    let id = |what: &str| format!("{what}_{number}");
    let free = invoice(&format!("in_{number}"), number, 0, BEGUN);
    [
        event(
            &id("begun"),
            "customer.subscription.created",
            BEGUN,
            subscription(number, "trialing"),
        ),
        event(&id("free"), "invoice.paid", BEGUN, free),
        event(&id("gone"), "customer.subscription.deleted", OVER, subscription(number, "canceled")),
    ]
}

async fn february(house: &House) -> pb::SubscriptionMetrics {
    let at = |seconds| Some(prost_types::Timestamp { seconds, nanos: 0 });
    let request = pb::GetSubscriptionMetricsRequest {
        range: Some(pb::TimeRange { start_time: at(BEGUN), end_time: at(BEGUN + 28 * 86_400) }),
        ..Default::default()
    };
    let answer = house.api.get_subscription_metrics(Request::new(request)).await.unwrap();
    answer.into_inner().currencies.remove(0)
}

#[tokio::test]
async fn eight_of_ten_trials_convert_in_whatever_order_that_is_told() {
    let orders = [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]];
    for house in houses().await {
        for number in 0..10 {
            let told = if number < 8 { converted(number) } else { cancelled(number) };
            house.hear(&orders[number % 6].map(|place| told[place].clone())).await;
        }
        let metrics = february(&house).await;
        assert_eq!((metrics.converted_trial_count, metrics.ended_trial_count), (8, 10));
        assert_eq!(metrics.trial_conversion, Some(0.8));
        assert_eq!(house.measured("trials:converted").await, [(PAID, 8)]);
        house.agrees().await;
    }
}

#[tokio::test]
async fn the_first_invoice_paid_after_a_trial_converts_it_though_it_is_told_last() {
    let month = 30 * 86_400;
    for house in houses().await {
        let [begun, over, paid] = converted(1);
        let later =
            event("later", "invoice.paid", PAID + month, invoice("in_2", 1, 1000, PAID + month));
        let set_up = event("set_up", "invoice.paid", BEGUN, invoice("in_0", 1, 500, BEGUN));
        house.hear(&[set_up, begun, over]).await;
        assert_eq!(house.measured("trials:converted").await, [], "a set-up fee is no conversion");
        house.hear(&[later]).await;
        assert_eq!(house.measured("trials:converted").await, [(PAID + month, 1)]);
        house.hear(&[paid]).await;
        assert_eq!(house.measured("trials:converted").await, [(PAID, 1)]);
        let gone = event("gone", "customer.subscription.deleted", PAID + 2 * month, {
            let mut gone = subscription(1, "canceled");
            gone["ended_at"] = json!(PAID + 2 * month);
            gone
        });
        house.hear(&[gone]).await;
        assert_eq!(house.measured("trials:converted").await, [(PAID, 1)]);
        assert_eq!(house.measured("trials:cancelled").await, [], "it has converted before");
        house.agrees().await;
    }
}
