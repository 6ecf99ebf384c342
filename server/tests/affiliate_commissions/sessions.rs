//! Sessions that say nothing of who brought the customer, or say it twice.

use crate::common::place::Place;
use crate::desk::places;
use crate::events::{Purchase, event};
use crate::shop::{self, ANNA, AT, BERT, CLICK_A, CLICK_B};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use takings_server::db::Database;

const DAY: i64 = 86_400;
const PURCHASE: Purchase<'static> = Purchase { n: "1", customer: "cus_1", at: AT, amount: 10_000 };

/// A session of before the purchase that nobody paid, and what it says of itself.
fn abandoned(second: i64, said: Value) -> Vec<u8> {
    let mut session = json!({
        "id": "cs_0",
        "object": "checkout.session",
        "created": second,
        "mode": "subscription",
        "status": "expired",
        "payment_status": "unpaid",
        "customer": "cus_1",
        "amount_total": 10_000,
        "currency": "usd",
        "discounts": [],
    });
    session.as_object_mut().unwrap().extend(said.as_object().unwrap().clone());
    event("session_0", "checkout.session.expired", second + 60, session)
}

/// A shop where everybody's click is known.
async fn opened(place: &Place) -> Database {
    let database = place.open().await;
    shop::open(&database, &shop::terms()).await;
    shop::click(&database, CLICK_A, ANNA, AT - 60).await;
    database
}

#[tokio::test]
async fn a_session_that_names_no_partner_is_no_lead() {
    let nobodys = [
        json!({"client_reference_id": "user_42"}),
        json!({"discounts": [{"coupon": "nobodys"}]}),
        json!({"client_reference_id": "clk_00000000000000000000000000000bad"}),
    ];
    for said in nobodys {
        for place in places("affiliate_abandoned") {
            let database = opened(&place).await;
            shop::tell(&database, &[abandoned(AT - 4 * DAY, said.clone())]).await;
            shop::settle(&database).await;
            let leads = "select count(*) as n from touches where kind = 'lead'";
            assert_eq!(shop::count(&database, leads).await, 0, "{said}");
            shop::tell(&database, &PURCHASE.whole(Some(CLICK_A))).await;
            shop::hash(&database).await;
            let earned = [("earned".to_owned(), 0, 2_000)];
            assert_eq!(shop::standing(&database, ANNA).await, earned, "{said}, {}", place.kind());
        }
    }
}

#[tokio::test]
async fn of_the_sessions_of_one_invoice_the_first_counts_that_names_a_partner() {
    for place in places("affiliate_two_sessions") {
        for late in [false, true] {
            let other = Place::sqlite();
            let place = if late { &other } else { &place };
            let database = place.open().await;
            shop::open(&database, &shop::terms()).await;
            if !late {
                shop::click(&database, CLICK_A, ANNA, AT - 60).await;
            }
            let user = json!({"client_reference_id": "user_42", "invoice": "in_1"});
            shop::tell(&database, &[abandoned(AT - DAY, user)]).await;
            shop::tell(&database, &PURCHASE.whole(Some(CLICK_A))).await;
            shop::settle(&database).await;
            if late {
                assert_eq!(shop::standing(&database, ANNA).await, []);
                shop::click(&database, CLICK_A, ANNA, AT - 60).await;
            }
            shop::hash(&database).await;
            let earned = [("earned".to_owned(), 0, 2_000)];
            assert_eq!(shop::standing(&database, ANNA).await, earned, "late: {late}");
        }
    }
}

#[tokio::test]
async fn an_earlier_session_that_names_a_partner_is_the_lead_whenever_its_click_is_learned() {
    for place in places("affiliate_lead_late") {
        for late in [false, true] {
            let other = Place::sqlite();
            let database = opened(if late { &other } else { &place }).await;
            let bert = async || shop::click(&database, CLICK_B, BERT, AT - 3 * DAY).await;
            if !late {
                bert().await;
            }
            let said = json!({"client_reference_id": CLICK_B});
            shop::tell(&database, &[abandoned(AT - 2 * DAY, said)]).await;
            shop::tell(&database, &PURCHASE.whole(Some(CLICK_A))).await;
            shop::settle(&database).await;
            if late {
                let earned = [("earned".to_owned(), 0, 2_000)];
                assert_eq!(shop::standing(&database, ANNA).await, earned);
                bert().await;
            }
            shop::hash(&database).await;
            assert_eq!(shop::standing(&database, ANNA).await, [], "late: {late}");
            assert_eq!(shop::payable(&database, BERT).await, 2_000);
        }
    }
}

#[tokio::test]
async fn a_click_that_two_sessions_name_is_told_by_both() {
    let second = Purchase { n: "2", at: AT + 1_000, ..PURCHASE };
    for place in places("affiliate_told_twice") {
        let mut hashes = BTreeSet::new();
        for purchases in [[PURCHASE, second], [second, PURCHASE]] {
            let other = Place::sqlite();
            let database = opened(if hashes.is_empty() { &place } else { &other }).await;
            for purchase in purchases {
                shop::tell(&database, &purchase.whole(Some(CLICK_A))).await;
                shop::settle(&database).await;
            }
            hashes.insert(shop::hash(&database).await);
            assert_eq!(shop::payable(&database, ANNA).await, 4_000);
            let told = "select count(*) as n from touches where kind = 'link'";
            assert_eq!(shop::count(&database, told).await, 2, "on {}", place.kind());
        }
        assert_eq!(hashes.len(), 1, "{hashes:?}");
    }
}
