//! What is lost is found again, and whoever derives at once derives once.

use crate::common::place::Place;
use crate::events::Purchase;
use crate::shop::{self, ANNA, AT, PROGRAM};
use sea_orm::ConnectionTrait;
use std::sync::Arc;
use takings::v1::affiliate_service_server::AffiliateService;
use takings::v1::{Money, ProcessConversionRequest};
use takings_core::affiliate::terms::{Measure, Method, Period, Step, Tiers};
use takings_core::time::Timestamp;
use takings_server::affiliate::AffiliateApi;
use takings_server::app::App;
use takings_server::config::Config;
use takings_server::db::Database;
use takings_server::ingest::{Writer, WriterOptions};
use takings_server::jobs::settle_commissions;
use takings_server::rebuild::{rebuild, state_hash};
use tokio::task::JoinSet;

/// The databases that a test runs on.
fn places(name: &str) -> impl Iterator<Item = Place> {
    [Some(Place::sqlite()), Place::postgres(name)].into_iter().flatten()
}

/// So many purchases, each of a customer of its own whom Anna's click has brought.
async fn sell(database: &Database, from: i64, count: i64) {
    for number in from..from + count {
        let (n, click) = (number.to_string(), format!("clk_{number:032x}"));
        let customer = format!("cus_{number}");
        shop::click(database, &click, ANNA, AT - 60).await;
        let purchase = Purchase { n: &n, customer: &customer, at: AT + number, amount: 10_000 };
        shop::tell(database, &purchase.whole(Some(&click))).await;
    }
}

#[tokio::test]
async fn a_rebuild_mends_sales_and_bindings_and_posts_nothing_twice() {
    for place in places("affiliate_mend") {
        let database = place.open().await;
        shop::open(&database, &shop::terms()).await;
        sell(&database, 1, 5).await;
        let before = shop::hash(&database).await;
        for lost in ["sales", "touches", "bindings", "earnings"] {
            let drop = format!("delete from {lost}");
            database.write.execute_unprepared(&drop).await.unwrap();
        }
        let shown = rebuild(&database, true).await.unwrap();
        assert!(!shown.agrees(), "{shown:?} on {}", place.kind());
        rebuild(&database, false).await.unwrap();
        let commissions = "select count(*) as n from commissions";
        assert_eq!(shop::count(&database, commissions).await, 5);
        assert_eq!(shop::hash(&database).await, before);
        let again = rebuild(&database, false).await.unwrap();
        assert!(again.agrees(), "{again:?}");
        assert_eq!(state_hash(&database).await.unwrap().to_string(), before);
    }
}

#[tokio::test]
async fn a_ledger_that_owes_another_sum_is_shown() {
    let place = Place::sqlite();
    let database = place.open().await;
    shop::open(&database, &shop::terms()).await;
    sell(&database, 1, 1).await;
    shop::hash(&database).await;
    let update = "update commissions set amount = amount + 1";
    database.write.execute_unprepared(update).await.unwrap();
    let shown = rebuild(&database, true).await.unwrap();
    assert_eq!(shown.payables, [format!("partner {ANNA} usd: off by 1")]);
}

#[tokio::test]
async fn a_backlog_of_one_partners_sales_derives_the_partners_period_a_few_times() {
    for place in places("affiliate_backlog") {
        let database = place.open().await;
        let steps = vec![Step { threshold: 0, rate_bps: 1_000 }];
        let (method, measure) = (Method::Retroactive, Measure::NetRevenue);
        let tiers = Tiers { method, measure, period: Period::Lifetime, steps };
        let terms = takings_core::affiliate::Terms { tiers: Some(tiers), ..shop::terms() };
        shop::open(&database, &terms).await;
        sell(&database, 1, 100).await;
        let batches = "select count(*) as n from batches";
        let before = shop::count(&database, batches).await;
        assert_eq!(settle_commissions(&database).await.unwrap(), 100);
        let derivations = shop::count(&database, batches).await - before;
        assert_eq!(derivations, 3, "20, 40 and the rest on {}", place.kind());
        assert_eq!(shop::payable(&database, ANNA).await, 100_000);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn several_processes_derive_one_partners_month_at_once() {
    let steps =
        vec![Step { threshold: 0, rate_bps: 1_000 }, Step { threshold: 20, rate_bps: 2_000 }];
    let tiers = Tiers {
        method: Method::Retroactive,
        measure: Measure::Sales,
        period: Period::CalendarMonth,
        steps,
    };
    for place in places("affiliate_at_once") {
        let database = place.open().await;
        shop::open(
            &database,
            &takings_core::affiliate::Terms { tiers: Some(tiers.clone()), ..shop::terms() },
        )
        .await;
        let mut tasks = JoinSet::new();
        for _ in 0..3 {
            let database = place.open().await;
            tasks.spawn(async move {
                for _ in 0..40 {
                    settle_commissions(&database).await.unwrap();
                    tokio::time::sleep(std::time::Duration::from_millis(5)).await;
                }
            });
        }
        sell(&database, 1, 24).await;
        tasks.join_all().await;
        shop::hash(&database).await;
        assert_eq!(shop::payable(&database, ANNA).await, 48_000, "on {}", place.kind());
    }
}

/// A process that takes in sales outside Stripe.
async fn till(place: &Place, tasks: &mut JoinSet<()>) -> AffiliateApi {
    let database = place.open().await;
    let (writer, work) = Writer::new(database.clone(), WriterOptions::default());
    tasks.spawn(work);
    let app = App::new(Config::default(), database, writer).unwrap();
    let mut app = Arc::into_inner(app).unwrap();
    app.clock = || Timestamp::from_secs(AT + 1_000);
    AffiliateApi::new(Arc::new(app))
}

/// A sale outside Stripe of a customer whom a click has brought.
fn conversion(customer: &str, click: &str) -> ProcessConversionRequest {
    ProcessConversionRequest {
        program_id: PROGRAM.into(),
        conversion_id: format!("order of {customer}"),
        customer_id: customer.into(),
        click_id: click.into(),
        paid_amount: Some(Money { amount_minor: 10_000, currency_code: "USD".into() }),
        paid_time: Some(prost_types::Timestamp { seconds: AT, nanos: 0 }),
        request_id: crate::desk::uuid(),
        ..Default::default()
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_persons_sales_under_two_names_are_both_seen_by_who_comes_last() {
    for place in places("affiliate_two_names") {
        let mut tasks = JoinSet::new();
        let (database, api) = (place.open().await, till(&place, &mut tasks).await);
        shop::open(&database, &shop::terms()).await;
        let customers = 40;
        for number in 1..=customers {
            let (n, click) = (number.to_string(), format!("clk_{number:032x}"));
            let customer = format!("cus_{number}");
            shop::click(&database, &click, ANNA, AT - 60).await;
            // Stripe is told of no click: the sale outside it says who brought the customer.
            let purchase = Purchase { n: &n, customer: &customer, at: AT + 60, amount: 10_000 };
            shop::tell(&database, &purchase.whole(None)).await;
            let told = api.process_conversion(tonic::Request::new(conversion(&customer, &click)));
            let (told, settled) = tokio::join!(told, settle_commissions(&database));
            told.unwrap();
            settled.unwrap();
        }
        shop::hash(&database).await;
        let owed = shop::payable(&database, ANNA).await;
        assert_eq!(owed, customers * 4_000, "on {}", place.kind());
    }
}
