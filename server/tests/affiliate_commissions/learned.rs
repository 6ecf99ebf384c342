//! What is learned late, by a roundabout way, or under another name.

use crate::common::place::Place;
use crate::desk::{places, uuid};
use crate::events::{Purchase, event};
use crate::lives::Life;
use crate::shop::{self, ANNA, AT, BERT, CLICK_A, PROGRAM};
use sea_orm::ConnectionTrait;
use serde_json::{Value, json};
use takings::v1::program_terms::Rate;
use takings::v1::*;
use takings_core::time::Timestamp;
use takings_server::db::Database;
use takings_server::jobs::give_up;

const PURCHASE: Purchase<'static> = Purchase { n: "1", customer: "cus_1", at: AT, amount: 10_000 };

/// A shop where Anna's click is known.
async fn opened(place: &Place) -> Database {
    let database = place.open().await;
    shop::open(&database, &shop::terms()).await;
    shop::click(&database, CLICK_A, ANNA, AT - 60).await;
    database
}

/// A session of the purchase that says this of itself.
fn session(said: Value) -> Vec<u8> {
    let mut session = json!({
        "id": "cs_1",
        "object": "checkout.session",
        "created": AT,
        "mode": "subscription",
        "status": "complete",
        "payment_status": "paid",
        "amount_total": 10_000,
        "currency": "usd",
        "client_reference_id": CLICK_A,
    });
    session.as_object_mut().unwrap().extend(said.as_object().unwrap().clone());
    event("session_1", "checkout.session.completed", AT, session)
}

/// The subscription that such a session made.
fn subscription() -> Vec<u8> {
    let subscription = json!({
        "id": "sub_1",
        "object": "subscription",
        "created": AT,
        "start_date": AT,
        "customer": "cus_1",
        "status": "active",
        "currency": "usd",
        "items": {"object": "list", "data": []},
    });
    event("subscription_1", "customer.subscription.created", AT, subscription)
}

fn earned(at: i64, amount: i64) -> (String, i64, i64) {
    ("earned".to_owned(), at, amount)
}

#[tokio::test]
async fn a_session_that_names_only_a_subscription_refers_whose_that_is() {
    let told = [session(json!({"subscription": "sub_1"})), subscription()];
    for place in places("affiliate_subscription") {
        for order in [[0, 1], [1, 0]] {
            let other = Place::sqlite();
            let place = if order[0] == 0 { &place } else { &other };
            let database = opened(place).await;
            for next in order {
                shop::tell(&database, std::slice::from_ref(&told[next])).await;
                shop::settle(&database).await;
            }
            let bought = [PURCHASE.invoice(), PURCHASE.payment(), PURCHASE.charge()];
            shop::tell(&database, &bought).await;
            shop::hash(&database).await;
            assert_eq!(
                shop::standing(&database, ANNA).await,
                [earned(0, 2_000)],
                "{order:?} on {}",
                place.kind()
            );
            let waiting = "select count(*) as n from awaited";
            assert_eq!(shop::count(&database, waiting).await, 0);
        }
    }
}

#[tokio::test]
async fn money_that_checkout_takes_through_credit_earns_and_credit_of_before_does_not() {
    for place in places("affiliate_credit") {
        let database = opened(&place).await;
        let named = json!({"customer": "cus_1", "payment_intent": "pi_1", "subscription": "sub_1"});
        shop::tell(&database, &[session(named), PURCHASE.charge()]).await;
        shop::hash(&database).await;
        assert_eq!(shop::standing(&database, ANNA).await, [earned(0, 2_000)], "{}", place.kind());
        shop::tell(&database, &[PURCHASE.refund(500, 5_000)]).await;
        shop::hash(&database).await;
        assert_eq!(shop::payable(&database, ANNA).await, 1_000);

        let other = Place::sqlite();
        let given = opened(&other).await;
        let named = json!({"customer": "cus_1", "invoice": "in_1", "subscription": "sub_1"});
        let invoice: Value = serde_json::from_slice(&PURCHASE.invoice()).unwrap();
        let mut invoice = invoice["data"]["object"].clone();
        invoice["starting_balance"] = json!(-10_000);
        invoice["amount_paid"] = json!(0);
        let paid = event("invoice_1", "invoice.paid", AT, invoice);
        shop::tell(&given, &[session(named), paid]).await;
        shop::hash(&given).await;
        assert_eq!(shop::standing(&given, ANNA).await, []);
    }
}

#[tokio::test]
async fn a_link_learned_after_its_coupon_was_used_brings_the_customer() {
    for place in places("affiliate_late_link") {
        let database = place.open().await;
        shop::open(&database, &shop::terms()).await;
        let at = crate::common::door::now();
        let purchase = Purchase { at, ..PURCHASE };
        let mut events = purchase.whole(None);
        events[0] = purchase.session(None, Some("summer"));
        shop::tell(&database, &events).await;
        shop::hash(&database).await;
        assert_eq!(shop::standing(&database, BERT).await, []);
        let made = format!(
            "insert into affiliate_links (id, code, code_key, program, partner, campaign, coupon,
                                          created_at)
             values ('lnk_s', 's', 's', '{PROGRAM}', '{BERT}', '', 'summer', {})",
            at * 1_000_000
        );
        database.write.execute_unprepared(&made).await.unwrap();
        shop::hash(&database).await;
        let standing = shop::standing(&database, BERT).await;
        assert_eq!(standing, [earned(at - AT, 2_000)], "on {}", place.kind());
    }
}

#[tokio::test]
async fn what_never_comes_is_given_up() {
    for place in places("affiliate_given_up") {
        let database = place.open().await;
        shop::open(&database, &shop::terms()).await;
        let purchase = Purchase { at: crate::common::door::now(), ..PURCHASE };
        let never = "clk_00000000000000000000000000000bad";
        shop::tell(&database, &[purchase.session(Some(never), Some("nobodys"))]).await;
        shop::settle(&database).await;
        let waiting = "select count(*) as n from awaited";
        assert_eq!(shop::count(&database, waiting).await, 2, "a click and a coupon");
        let after = |seconds: i64| Timestamp::from_secs(purchase.at + seconds);
        assert_eq!(give_up(&database, after(500)).await.unwrap(), 0);
        assert_eq!(give_up(&database, after(700)).await.unwrap(), 1, "no link has that coupon");
        assert_eq!(give_up(&database, after(401 * 86_400)).await.unwrap(), 1);
        assert_eq!(shop::count(&database, waiting).await, 0, "on {}", place.kind());
    }
}

#[tokio::test]
async fn two_customers_from_one_browser_are_looked_at() {
    for place in places("affiliate_visitor") {
        let database = opened(&place).await;
        let second = "clk_000000000000000000000000000000aa";
        shop::click(&database, second, ANNA, AT - 50).await;
        let visit = "update clicks set visitor = 'one browser'";
        database.write.execute_unprepared(visit).await.unwrap();
        shop::tell(&database, &PURCHASE.whole(Some(CLICK_A))).await;
        shop::settle(&database).await;
        let signs = "select count(*) as n from fraud_signals where kind = 'same_visitor'";
        assert_eq!(shop::count(&database, signs).await, 0, "one customer is nobody else");
        let again = Purchase { n: "2", customer: "cus_2", ..PURCHASE };
        shop::tell(&database, &again.whole(Some(second))).await;
        shop::hash(&database).await;
        assert_eq!(shop::count(&database, signs).await, 1, "on {}", place.kind());
        let held = "select count(*) as n from earnings where sale = 'inpay_2' and state = 'held'";
        assert_eq!(shop::count(&database, held).await, 1);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn new_terms_that_migrate_restate_sales_that_were_paid_since() {
    for place in places("affiliate_migrate") {
        let mut life = Life::open(&place).await;
        life.buy().await;
        let later = Purchase { n: "2", customer: "cus_1", at: life.at + 3_600, amount: 10_000 };
        life.tell(&later.whole(None)).await;
        let terms = ProgramTerms {
            rate: Some(Rate::RateBps(500)),
            migrate_bindings: true,
            ..crate::desk::terms()
        };
        let change = UpdateProgramRequest {
            program_id: life.link.program_id.clone(),
            terms: Some(terms),
            request_id: uuid(),
            ..Default::default()
        };
        life.desk.client.update_program(change).await.unwrap();
        shop::hash(&life.desk.database).await;
        let owed = shop::payable(&life.desk.database, &life.link.partner_id).await;
        assert_eq!(owed, 2_000 + 500, "on {}", place.kind());
    }
}

/// A sale outside Stripe of a customer whom Stripe knows.
fn conversion(life: &Life, id: &str, refunded: Option<(i64, i64)>) -> ProcessConversionRequest {
    let usd = |amount_minor| Some(Money { amount_minor, currency_code: "USD".into() });
    let time = |seconds| Some(prost_types::Timestamp { seconds, nanos: 0 });
    ProcessConversionRequest {
        program_id: life.link.program_id.clone(),
        conversion_id: id.into(),
        customer_id: "cus_1".into(),
        paid_amount: usd(10_000),
        paid_time: time(life.at + 10),
        refunded_amount: refunded.and_then(|(_, amount)| usd(amount)),
        refunded_time: refunded.and_then(|(later, _)| time(life.at + 10 + later)),
        request_id: uuid(),
        ..Default::default()
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_sale_outside_stripe_is_of_the_stripe_customer_of_its_id() {
    for place in places("affiliate_one_person") {
        for stripe_first in [true, false] {
            let other = Place::sqlite();
            let mut life = Life::open(if stripe_first { &place } else { &other }).await;
            if stripe_first {
                life.buy().await;
            }
            let told = conversion(&life, "order-1", None);
            let answer = life.desk.client.process_conversion(told).await.unwrap().into_inner();
            let partner = if stripe_first { life.link.partner_id.as_str() } else { "" };
            assert_eq!(answer.partner_id, partner);
            if !stripe_first {
                life.buy().await;
            }
            let owed = shop::payable(&life.desk.database, &life.link.partner_id).await;
            assert_eq!(owed, 4_000, "Stripe first: {stripe_first}, on {}", place.kind());
            let asked = GetPartnerAnalyticsRequest {
                partner_id: life.link.partner_id.clone(),
                range: Some(TimeRange {
                    end_time: Some(prost_types::Timestamp { seconds: life.at + 100, nanos: 0 }),
                    ..Default::default()
                }),
                ..Default::default()
            };
            let answer = life.desk.client.get_partner_analytics(asked).await.unwrap();
            let funnel = answer.into_inner().totals.unwrap();
            assert_eq!((funnel.lead_count, funnel.conversion_count), (1, 1), "one person");
            let asked = ExplainAttributionRequest {
                program_id: life.link.program_id.clone(),
                customer_id: "cus_1".into(),
                ..Default::default()
            };
            let told = life.desk.client.explain_attribution(asked).await.unwrap().into_inner();
            assert_eq!(told.bound_partner_id, life.link.partner_id);
            assert_eq!(told.touches.len(), 1, "{told:?}");
            shop::hash(&life.desk.database).await;
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn refunds_outside_stripe_are_told_in_any_order() {
    for place in places("affiliate_told_refunds") {
        let mut life = Life::open(&place).await;
        life.buy().await;
        let told = [(20, 2_500), (40, 5_000), (40, 4_000)];
        for (id, order) in [("order-1", [0, 1, 2]), ("order-2", [2, 1, 0]), ("order-3", [1, 2, 0])]
        {
            for next in order {
                let told = conversion(&life, id, Some(told[next]));
                life.desk.client.process_conversion(told).await.unwrap();
            }
            let query = format!(
                "select occurred_at, cast(sum(amount) as bigint) as n from commissions
                 where sale = '{id}' group by occurred_at order by occurred_at"
            );
            let found = crate::common::rows(&life.desk.database, &query).await;
            let amounts: Vec<i64> = found.iter().map(|it| it.try_get("", "n").unwrap()).collect();
            assert_eq!(amounts, [2_000, -500, -500], "{order:?} on {}", place.kind());
        }
        shop::hash(&life.desk.database).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_refund_that_did_not_happen_after_all_is_taken_back() {
    for place in places("affiliate_told_back") {
        let mut life = Life::open(&place).await;
        life.buy().await;
        for (later, amount) in [(200, 5_000), (i64::MAX / 2_000_000, 0)] {
            let future = conversion(&life, "order-1", Some((later, amount)));
            let refused = life.desk.client.process_conversion(future).await.unwrap_err();
            assert_eq!(refused.code(), tonic::Code::InvalidArgument, "{later} seconds from now");
        }
        let mut amounts = Vec::new();
        for told in [Some((20, 10_000)), Some((40, 0)), Some((40, 0))] {
            let told = conversion(&life, "order-1", told);
            let answer = life.desk.client.process_conversion(told).await.unwrap().into_inner();
            let posted = answer.commissions.iter().map(|it| it.amount.as_ref().unwrap());
            amounts = posted.map(|it| it.amount_minor).collect();
        }
        assert_eq!(amounts, [2_000, -2_000, 2_000], "on {}", place.kind());
        shop::hash(&life.desk.database).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_first_sale_of_a_person_is_the_first_under_any_name() {
    for place in places("affiliate_first_of_person") {
        let mut life = Life::open(&place).await;
        let change = UpdateProgramRequest {
            program_id: life.link.program_id.clone(),
            terms: Some(ProgramTerms { duration_months: Some(0), ..crate::desk::terms() }),
            request_id: uuid(),
            ..Default::default()
        };
        life.desk.client.update_program(change).await.unwrap();
        life.at += 5;
        life.buy().await;
        let told = conversion(&life, "order-1", None);
        let answer = life.desk.client.process_conversion(told).await.unwrap().into_inner();
        assert_eq!(answer.partner_id, life.link.partner_id);
        assert_eq!(answer.commissions, [], "on {}", place.kind());
        shop::hash(&life.desk.database).await;
        assert_eq!(shop::payable(&life.desk.database, &life.link.partner_id).await, 2_000);
    }
}
