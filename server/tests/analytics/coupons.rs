//! A coupon's id that is given to another coupon leaves earlier discounts as they were.

use super::books::{House, event, houses};
use serde_json::{Value, json};

/// 2026-01-01T00:00:00Z.
const START: i64 = 1_767_225_600;
const DAY: i64 = 86_400;

/// $10.00 a month with a discount of its own.
fn subscription(number: i64, at: i64) -> Value {
    json!({
        "id": format!("sub_{number}"), "object": "subscription", "created": at,
        "customer": format!("cus_{number}"), "status": "active", "currency": "usd",
        "discounts": [format!("di_{number}")],
        "items": {"has_more": false, "data": [{
            "id": format!("si_{number}"), "quantity": 1,
            "current_period_start": at, "current_period_end": at + 31 * DAY,
            "price": {
                "id": "price_1", "product": "prod_1", "currency": "usd", "unit_amount": 1000,
                "recurring": {"interval": "month", "interval_count": 1, "usage_type": "licensed"},
            },
        }]},
    })
}

fn discount(number: i64, at: i64, coupon: Value) -> Value {
    json!({
        "id": format!("di_{number}"), "object": "discount", "customer": format!("cus_{number}"),
        "subscription": format!("sub_{number}"), "start": at,
        "source": {"type": "coupon", "coupon": coupon},
    })
}

fn coupon(percent: i64) -> Value {
    json!({"id": "SPRING", "object": "coupon", "percent_off": percent, "duration": "forever"})
}

/// A customer who subscribes on a day, by the coupon as it is then.
fn subscribed(number: i64, day: i64, coupon: Value) -> [Value; 2] {
    let at = START + day * DAY;
    let (own, sub) = (format!("discount_{number}"), format!("sub_{number}"));
    [
        event(&own, "customer.discount.created", at, discount(number, at, coupon)),
        event(&sub, "customer.subscription.created", at, subscription(number, at)),
    ]
}

/// 20 % off from the first day, 50 % off under the same id from the tenth.
fn told() -> Vec<Value> {
    let on = |day| START + day * DAY;
    let [first, first_sub] = subscribed(1, 1, json!("SPRING"));
    let [second, second_sub] = subscribed(2, 11, json!("SPRING"));
    // As the shape before clover shows it: with the coupon that it was made of.
    let [third, third_sub] = subscribed(3, 2, coupon(20));
    vec![
        event("c1", "coupon.created", on(0), coupon(20)),
        first,
        first_sub,
        event("c1_gone", "coupon.deleted", on(9), coupon(20)),
        event("c2", "coupon.created", on(10), coupon(50)),
        second,
        second_sub,
        third,
        third_sub,
    ]
}

async fn worth(house: &House) -> Vec<(String, i64)> {
    takings_server::jobs::settle_waiting(&house.app.database).await.unwrap();
    let query = "select customer, cast(sum(units) as bigint) from mrr_movements
                 group by customer order by customer";
    let rows = super::common::rows(&house.app.database, query).await;
    let row = |row: &sea_orm::QueryResult| {
        (row.try_get_by_index(0).unwrap(), row.try_get_by_index::<i64>(1).unwrap() / 83_160)
    };
    rows.iter().map(row).collect()
}

#[tokio::test]
async fn each_discount_keeps_the_coupon_it_was_made_of_in_whatever_order_that_is_told() {
    let expected = [("cus_1", 800), ("cus_2", 500), ("cus_3", 800)];
    let expected = expected.map(|(customer, amount)| (customer.to_owned(), amount));
    let last = told().len() - 1;
    let mut orders: Vec<Vec<Value>> = vec![told(), told().into_iter().rev().collect()];
    // Each event once before all others, and once behind them.
    for place in [0, 3, 4] {
        let (mut early, mut late) = (told(), told());
        early.swap(0, place);
        late.swap(place, last);
        orders.extend([early, late]);
    }
    for order in orders {
        for house in houses().await {
            house.hear(&order).await;
            assert_eq!(worth(&house).await, expected, "{order:?}");
            house.agrees().await;
        }
    }
}

#[tokio::test]
async fn whoever_holds_a_coupon_is_derived_again_once_an_earlier_one_of_its_id_is_told() {
    for house in houses().await {
        let told = told();
        house.hear(&[told[4].clone(), told[1].clone(), told[2].clone()]).await;
        assert_eq!(worth(&house).await, [("cus_1".to_owned(), 500)], "the first seen after");
        house.hear(&[told[0].clone()]).await;
        assert_eq!(worth(&house).await, [("cus_1".to_owned(), 800)]);
        house.agrees().await;
    }
}
