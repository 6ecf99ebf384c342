//! Whatever is learned when, one state.

use crate::common::place::Place;
use crate::events::Purchase;
use crate::shop::{self, ANNA, AT, BERT, CLICK_A, CLICK_B};
use std::collections::BTreeSet;
use std::sync::Arc;
use takings::v1::affiliate_service_server::AffiliateService;
use takings::v1::program_terms::Rate;
use takings::v1::{AttributionModel, ProgramTerms, UpdateProgramRequest};
use takings_core::affiliate::terms::{Measure, Method, Model, Period, Step, Tiers};
use takings_core::time::Timestamp;
use takings_server::affiliate::AffiliateApi;
use takings_server::app::App;
use takings_server::config::Config;
use takings_server::db::Database;
use takings_server::ingest::{Writer, WriterOptions};
use takings_testkit::soak;

const PURCHASE: Purchase<'static> = Purchase { n: "1", customer: "cus_1", at: AT, amount: 10_000 };

/// Everything that is told of a purchase that was partly refunded and then disputed and lost.
fn story() -> Vec<Vec<u8>> {
    let mut events = PURCHASE.whole(Some(CLICK_A));
    events.push(PURCHASE.refund(200, 3_000));
    events.push(PURCHASE.dispute(300, 7_000, "lost"));
    events
}

/// Every order of so many things.
fn orders(count: usize) -> Vec<Vec<usize>> {
    if count == 0 {
        return vec![Vec::new()];
    }
    let mut found = Vec::new();
    for order in orders(count - 1) {
        for place in 0..count {
            let mut order = order.clone();
            order.insert(place, count - 1);
            found.push(order);
        }
    }
    found
}

/// The state after one order; the job runs wherever the order's number says so.
async fn played(place: &Place, order: &[usize], number: usize) -> String {
    let database = place.open().await;
    shop::open(&database, &shop::terms()).await;
    let events = story();
    let clicked = number % (events.len() + 1);
    for (step, next) in order.iter().enumerate() {
        if step == clicked {
            shop::click(&database, CLICK_A, ANNA, AT - 60).await;
        }
        shop::tell(&database, std::slice::from_ref(&events[*next])).await;
        if (number >> (step % 4)).is_multiple_of(2) {
            shop::settle(&database).await;
        }
    }
    if clicked == events.len() {
        shop::click(&database, CLICK_A, ANNA, AT - 60).await;
    }
    let hash = shop::hash(&database).await;
    let expected = [("earned", 0, 2_000), ("reversed", 200, -600), ("reversed", 300, -1_400)];
    let expected = expected.map(|(kind, at, amount)| (kind.to_owned(), at, amount));
    assert_eq!(shop::standing(&database, ANNA).await, expected, "{order:?}");
    assert_eq!(shop::payable(&database, ANNA).await, 0);
    hash
}

#[tokio::test]
async fn every_order_of_a_purchase_ends_in_one_state() {
    let orders = orders(story().len());
    let (every, mut hashes, mut count) = (if soak() { 1 } else { 13 }, BTreeSet::new(), 0);
    for (number, order) in orders.iter().enumerate().step_by(every) {
        hashes.insert(played(&Place::sqlite(), order, number).await);
        count += 1;
    }
    for (number, order) in orders.iter().enumerate().step_by(every * 7) {
        let Some(place) = Place::postgres("affiliate_orders") else { break };
        hashes.insert(played(&place, order, number).await);
        count += 1;
    }
    println!("{count} of {} orders on both databases: {} state", orders.len(), hashes.len());
    assert_eq!(hashes.len(), 1, "{hashes:?}");
}

/// The databases that a test runs on.
fn places(name: &str) -> impl Iterator<Item = Place> {
    [Some(Place::sqlite()), Place::postgres(name)].into_iter().flatten()
}

/// Anna's click leads to the first purchase, Bert's, which was earlier, is learned with the second.
async fn bound_to_anna(place: &Place) -> Database {
    let database = place.open().await;
    shop::open(&database, &shop::terms()).await;
    shop::click(&database, CLICK_A, ANNA, AT - 60).await;
    shop::tell(&database, &PURCHASE.whole(Some(CLICK_A))).await;
    let second = Purchase { n: "2", at: AT + 1_000, ..PURCHASE };
    shop::tell(&database, &second.whole(Some(CLICK_B))).await;
    shop::settle(&database).await;
    let earned = vec![("earned".to_owned(), 0, 2_000), ("earned".to_owned(), 1_000, 2_000)];
    assert_eq!(shop::standing(&database, ANNA).await, earned);
    database
}

#[tokio::test]
async fn an_earlier_click_that_arrives_late_takes_the_customer_with_all_sales() {
    for place in places("affiliate_late_click") {
        let database = bound_to_anna(&place).await;
        shop::click(&database, CLICK_B, BERT, AT - 120).await;
        shop::hash(&database).await;
        assert_eq!(shop::standing(&database, ANNA).await, [], "on {}", place.kind());
        let earned = [("earned".to_owned(), 0, 2_000), ("earned".to_owned(), 1_000, 2_000)];
        assert_eq!(shop::standing(&database, BERT).await, earned);
        assert_eq!(
            (shop::payable(&database, ANNA).await, shop::payable(&database, BERT).await),
            (0, 4_000)
        );
    }
}

#[tokio::test]
async fn what_was_paid_out_stays_with_its_partner_and_a_refund_is_carried() {
    for place in places("affiliate_carried") {
        let database = bound_to_anna(&place).await;
        shop::send_payout(&database, ANNA, 4_000).await;
        shop::click(&database, CLICK_B, BERT, AT - 120).await;
        shop::tell(&database, &[PURCHASE.refund(500, 10_000)]).await;
        shop::hash(&database).await;
        assert_eq!(shop::standing(&database, BERT).await, [], "on {}", place.kind());
        let open = "select cast(sum(amount) as bigint) as n from commissions where payout is null";
        assert_eq!(shop::count(&database, open).await, -2_000, "carried to the next payout");
        let earning = "select count(*) as n from earnings where sale = 'inpay_1'
                       and state = 'reversed' and reason = 'refunded' and amount = 0";
        assert_eq!(shop::count(&database, earning).await, 1);
    }
}

#[tokio::test]
async fn a_retried_purchase_pays_once() {
    for place in places("affiliate_once") {
        let database = place.open().await;
        shop::open(&database, &shop::terms()).await;
        shop::click(&database, CLICK_A, ANNA, AT - 60).await;
        for _ in 0..3 {
            shop::tell(&database, &PURCHASE.whole(Some(CLICK_A))).await;
            shop::settle(&database).await;
        }
        assert_eq!(shop::count(&database, "select count(*) as n from commissions").await, 1);
        assert_eq!(shop::payable(&database, ANNA).await, 2_000);
    }
}

#[tokio::test]
async fn a_coupon_stands_for_a_click_and_names_its_partner() {
    for place in places("affiliate_coupon") {
        let database = place.open().await;
        shop::open(&database, &shop::terms()).await;
        let mut events = PURCHASE.whole(None);
        events[0] = PURCHASE.session(None, Some("coupon_b"));
        shop::tell(&database, &events).await;
        shop::hash(&database).await;
        assert_eq!(shop::standing(&database, BERT).await, [("earned".to_owned(), 0, 2_000)]);
    }
}

#[tokio::test]
async fn a_trial_is_bound_when_it_begins_by_what_came_before() {
    for place in places("affiliate_trial") {
        let database = place.open().await;
        let mut terms = shop::terms();
        terms.attribution.model = Model::Last;
        shop::open(&database, &terms).await;
        shop::click(&database, CLICK_A, ANNA, AT - 60).await;
        shop::click(&database, CLICK_B, BERT, AT + 60).await;
        let first = Purchase { n: "2", at: AT + 1_209_600, ..PURCHASE };
        shop::tell(&database, &[PURCHASE.session(Some(CLICK_A), None)]).await;
        shop::settle(&database).await;
        let bound = "select count(*) as n from bindings";
        assert_eq!(shop::count(&database, bound).await, 1, "before anything is sold");
        shop::tell(&database, &first.whole(Some(CLICK_B))).await;
        shop::hash(&database).await;
        assert_eq!(shop::standing(&database, BERT).await, [], "on {}", place.kind());
        let earned = [("earned".to_owned(), 1_209_600, 2_000)];
        assert_eq!(shop::standing(&database, ANNA).await, earned);
    }
}

#[tokio::test]
async fn a_retroactive_tier_restates_the_whole_month() {
    for place in places("affiliate_tiers") {
        let database = place.open().await;
        let mut terms = shop::terms();
        terms.tiers = Some(Tiers {
            method: Method::Retroactive,
            measure: Measure::Sales,
            period: Period::CalendarMonth,
            steps: vec![
                Step { threshold: 0, rate_bps: 1_000 },
                Step { threshold: 3, rate_bps: 2_000 },
            ],
        });
        shop::open(&database, &terms).await;
        for n in ["1", "2", "3"] {
            let click = format!("clk_0000000000000000000000000000000{n}");
            shop::click(&database, &click, ANNA, AT - 60).await;
            let (customer, at) = (format!("cus_{n}"), AT + n.parse::<i64>().unwrap());
            let purchase = Purchase { n, customer: &customer, at, amount: 10_000 };
            shop::tell(&database, &purchase.whole(Some(&click))).await;
            shop::settle(&database).await;
        }
        let first = shop::hash(&database).await;
        assert_eq!(shop::payable(&database, ANNA).await, 6_000, "on {}", place.kind());
        let again = shop::hash(&database).await;
        assert_eq!(first, again);
        let refunded = Purchase { n: "1", customer: "cus_1", at: AT + 1, amount: 10_000 };
        shop::tell(&database, &[refunded.refund(900, 10_000)]).await;
        shop::hash(&database).await;
        assert_eq!(shop::payable(&database, ANNA).await, 2_000);
    }
}

/// A desk whose clock stands at the change of terms.
async fn change_terms(database: &Database) {
    let (writer, work) = Writer::new(database.clone(), WriterOptions::default());
    let mut tasks = tokio::task::JoinSet::new();
    tasks.spawn(work);
    let app = App::new(Config::default(), database.clone(), writer).unwrap();
    let mut app = Arc::into_inner(app).unwrap();
    app.clock = || Timestamp::from_secs(AT + 100);
    let terms = ProgramTerms {
        rate: Some(Rate::RateBps(1_000)),
        migrate_bindings: true,
        attribution_model: AttributionModel::First.into(),
        ..crate::desk::terms()
    };
    let change = UpdateProgramRequest {
        program_id: shop::PROGRAM.into(),
        terms: Some(terms),
        request_id: crate::desk::uuid(),
        ..Default::default()
    };
    let api = AffiliateApi::new(Arc::new(app));
    api.update_program(tonic::Request::new(change)).await.unwrap();
}

/// A click, two purchases, a refund of the first, and between the two other terms.
async fn changed(place: &Place, order: &[usize]) -> String {
    let database = place.open().await;
    shop::open(&database, &shop::terms()).await;
    let second = Purchase { n: "2", at: AT + 200, ..PURCHASE };
    for (step, next) in order.iter().enumerate() {
        match next {
            0 => shop::click(&database, CLICK_A, ANNA, AT - 60).await,
            1 => shop::tell(&database, &PURCHASE.whole(Some(CLICK_A))).await,
            2 => change_terms(&database).await,
            3 => shop::tell(&database, &second.whole(None)).await,
            _ => shop::tell(&database, &[PURCHASE.refund(150, 5_000)]).await,
        }
        if step % 2 == order[0] % 2 {
            shop::settle(&database).await;
        }
    }
    let hash = shop::hash(&database).await;
    let expected = [("earned", 0, 2_000), ("reversed", 150, -1_000), ("earned", 200, 1_000)];
    let expected = expected.map(|(kind, at, amount)| (kind.to_owned(), at, amount));
    assert_eq!(shop::standing(&database, ANNA).await, expected, "{order:?}");
    hash
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn other_terms_in_any_order_end_in_one_state() {
    let (orders, every, mut hashes) = (orders(5), if soak() { 1 } else { 7 }, BTreeSet::new());
    for order in orders.iter().step_by(every) {
        hashes.insert(changed(&Place::sqlite(), order).await);
    }
    for order in orders.iter().step_by(every * 7) {
        let Some(place) = Place::postgres("affiliate_term_orders") else { break };
        hashes.insert(changed(&place, order).await);
    }
    assert_eq!(hashes.len(), 1, "{hashes:?}");
}
