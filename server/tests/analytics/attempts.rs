//! When invoices count as attempted.

use super::books::{event, houses};
use serde_json::{Value, json};

/// 2025-06-01T00:00:00Z.
const FINAL: i64 = 1_748_736_000;
const FETCHED: i64 = FINAL + 250 * 86_400;

fn invoice(status: &str, attempted: bool, paid: Option<i64>) -> Value {
    json!({
        "id": "in_1", "object": "invoice", "created": FINAL - 60, "customer": "cus_1",
        "status": status, "currency": "usd", "total": 1000, "total_excluding_tax": 1000,
        "amount_due": 1000, "amount_paid": if paid.is_some() { 1000 } else { 0 },
        "attempted": attempted, "ending_balance": 0, "lines": {"data": [], "has_more": false},
        "status_transitions": {"finalized_at": FINAL, "paid_at": paid},
    })
}

#[tokio::test]
async fn an_invoice_that_a_backfill_shows_was_attempted_when_it_was_finalised() {
    let table = [
        ("paid", Some(FINAL + 5), FINAL),
        ("open", None, FINAL),
        ("paid", Some(FINAL - 5), FINAL - 5),
    ];
    for (status, paid, attempted) in table {
        for house in houses().await {
            house.fetch(FETCHED, invoice(status, true, paid)).await;
            assert_eq!(house.measured("invoices:attempted").await, [(attempted, 1)], "{paid:?}");
            let paid: Vec<(i64, i64)> = paid.into_iter().map(|at| (at, 1)).collect();
            assert_eq!(house.measured("invoices:paid").await, paid);
            house.agrees().await;
        }
    }
}

#[tokio::test]
async fn an_invoice_whose_life_was_seen_was_attempted_when_that_was_told() {
    let open = event("1", "invoice.finalized", FINAL, invoice("open", false, None));
    let failed = event("2", "invoice.payment_failed", FINAL + 90, invoice("open", true, None));
    for told in [[&open, &failed], [&failed, &open]] {
        for house in houses().await {
            house.hear(&told.map(Clone::clone)).await;
            assert_eq!(house.measured("invoices:attempted").await, [(FINAL + 90, 1)]);
            house.fetch(FETCHED, invoice("paid", true, Some(FINAL + 95))).await;
            assert_eq!(house.measured("invoices:attempted").await, [(FINAL + 90, 1)]);
        }
    }
}
