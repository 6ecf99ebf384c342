//! From when to when customers count.

use super::books::{House, event, houses};
use serde_json::{Value, json};

/// 2025-06-01T00:00:00Z.
const MADE: i64 = 1_748_736_000;
const FETCHED: i64 = MADE + 250 * 86_400;

/// All that the API shows of a deleted customer.
fn deleted() -> Value {
    json!({"id": "cus_1", "object": "customer", "deleted": true})
}

fn made() -> Value {
    let customer = json!({
        "id": "cus_1", "object": "customer", "created": MADE, "balance": -700, "currency": "usd",
    });
    event("1", "customer.created", MADE, customer)
}

async fn mirror(house: &House) -> (i64, i64, String, i64) {
    let query =
        "select created_at / 1000000, amount, coalesce(currency, ''), deleted from customers";
    let rows = super::common::rows(&house.app.database, query).await;
    let row = &rows[0];
    (
        row.try_get_by_index(0).unwrap(),
        row.try_get_by_index(1).unwrap(),
        row.try_get_by_index(2).unwrap(),
        row.try_get_by_index(3).unwrap(),
    )
}

#[tokio::test]
async fn a_customer_whose_end_a_fetch_shows_counts_from_when_it_was_made() {
    for house in houses().await {
        house.hear(&[made()]).await;
        house.fetch(FETCHED, deleted()).await;
        assert_eq!(house.measured("customers").await, [(MADE, 1), (FETCHED, -1)]);
        assert_eq!(mirror(&house).await, (MADE, -700, "usd".into(), 1));
        house.agrees().await;
    }
}

#[tokio::test]
async fn a_customer_of_whom_only_the_end_was_seen_counts_once_its_beginning_is_told() {
    for house in houses().await {
        house.fetch(FETCHED, deleted()).await;
        assert_eq!(house.measured("customers").await, [], "nobody knows since when");
        house.hear(&[made()]).await;
        assert_eq!(house.measured("customers").await, [(MADE, 1), (FETCHED, -1)]);
        assert_eq!(mirror(&house).await, (MADE, -700, "usd".into(), 1));
        house.agrees().await;
    }
}
