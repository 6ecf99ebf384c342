//! What payloads leave open is asked of Stripe: once, within the limits, and again where it fails.
#![allow(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a test stops where it fails, and times what it runs"
)]

mod common;

use common::office::{Office, acting_at};
use common::stripe::Account;
use common::{ingest_as, rows};
use serde_json::json;
use std::time::Instant;
use takings_server::db::Database;
use takings_server::ingest::Outcome;
use takings_server::revenue::look_up::look_up_due;
use takings_simulator::{Fault, Faults, Limits, Plan};
use takings_testkit::soak;

const SOURCE: &str = "stripe:default:test";

async fn count(database: &Database, what: &str) -> i64 {
    rows(database, &format!("select count(*) as n from {what}")).await[0].try_get("", "n").unwrap()
}

/// A played business, its events delivered.
async fn delivered(database: &Database, plan: Plan) -> (Account, usize) {
    let plan = Plan { livemode: false, ..plan };
    let stripe = Account::played(&plan, plan.end()).await;
    let events = stripe.stripe.events();
    let bodies: Vec<&[u8]> = events.iter().map(|event| event.body.as_slice()).collect();
    ingest_as(SOURCE, database, &bodies, 100).await;
    (stripe, events.len())
}

#[tokio::test]
async fn a_burst_is_looked_up_within_the_limits_and_drains() {
    let folder = tempfile::tempdir().unwrap();
    let database = common::sqlite(folder.path()).await;
    let plan = if soak() { Plan { events: 10_000, ..Plan::two_years(3) } } else { Plan::small(3) };
    let (stripe, events) = delivered(&database, plan).await;
    stripe.stripe.limit(Limits { account: Some(100), endpoint: Some(25) });
    let mut config = acting_at(&stripe);
    config.stripe.requests_per_second = 100;
    config.stripe.endpoint_requests_per_second = 25;
    let office = Office::open(&database, config);
    let marks = count(&database, "unconfirmed").await;
    let started = Instant::now();
    let asked = office.look_everything_up().await;
    let took = started.elapsed();
    let left = count(&database, "unconfirmed where reason <> 'inclusive_tax_unknown'").await;
    println!("{events} events, {marks} marks, {asked} look-ups in {took:?}");
    for (endpoint, counted) in stripe.stripe.requests() {
        println!("    {endpoint}: {} in all, at most {} a second", counted.total, counted.peak);
        assert_eq!(counted.refused, 0, "{endpoint}: {counted:?}");
    }
    assert_eq!(left, 0);
    assert!(marks > 0 && asked > 0);
}

#[tokio::test]
async fn each_question_is_asked_once_and_a_failing_one_again_later() {
    let folder = tempfile::tempdir().unwrap();
    let database = common::sqlite(folder.path()).await;
    let (stripe, _) = delivered(&database, Plan::small(5)).await;
    let office = Office::open(&database, acting_at(&stripe));
    let down = vec![Fault::Unavailable; 10_000];
    stripe.stripe.fail(Faults::default().then("GET /v1/balance_transactions", &down));
    assert!(look_up_due(&office.app).await.is_err(), "Stripe is away: the job says so");
    let open = count(&database, "unconfirmed where reason = 'fee_unknown'").await;
    assert!(open > 0);
    stripe.stripe.fail(Faults::default());
    office.look_everything_up().await;
    assert_eq!(count(&database, "unconfirmed where reason = 'fee_unknown'").await, 0);
    let before = stripe.asked("GET /v1/balance_transactions");
    assert_eq!(office.look_everything_up().await, 0, "nothing is asked twice");
    assert_eq!(stripe.asked("GET /v1/balance_transactions"), before);
}

#[tokio::test]
async fn what_the_key_does_not_show_is_an_alarm_and_no_tombstone() {
    let folder = tempfile::tempdir().unwrap();
    let database = common::sqlite(folder.path()).await;
    let stripe = Account::empty().await;
    let refund = json!({
        "id": "evt_1", "object": "event", "type": "refund.created", "created": 1_773_908_142,
        "livemode": false, "api_version": "2026-10-28.endive",
        "data": {"object": {"id": "re_1", "object": "refund", "charge": "ch_gone", "amount": 500,
            "currency": "usd", "status": "succeeded", "created": 1_773_908_142}},
    });
    ingest_as(SOURCE, &database, &[refund.to_string().as_bytes()], 1).await;
    let office = Office::open(&database, acting_at(&stripe));
    office.look_everything_up().await;
    let missing = "unconfirmed where object = 'ch_gone' and reason = 'parent_missing'";
    assert_eq!(count(&database, missing).await, 1, "it stays open");
    let row = &rows(&database, "select failure from look_ups where object = 'ch_gone'").await[0];
    let failure: String = row.try_get("", "failure").unwrap();
    assert!(failure.contains("check id, mode and account"), "{failure}");
    assert_eq!(stripe.asked("GET /v1/charges/{id}"), 1, "and is not asked again at once");
}

#[tokio::test]
async fn a_thin_event_brings_the_object_it_names() {
    let folder = tempfile::tempdir().unwrap();
    let database = common::sqlite(folder.path()).await;
    let stripe = Account::empty().await;
    let (status, customer) = stripe.stripe.call("POST", "customers", "email=ada@example.com");
    assert_eq!(status, 200, "{customer}");
    let thin = |id: &str, kind: &str| {
        json!({
            "id": id, "object": "v2.core.event", "type": kind, "livemode": false,
            "created": "2026-03-19T08:15:42.123Z",
            "related_object": {"id": customer["id"], "type": "customer"},
        })
        .to_string()
    };
    let events = [thin("evt_1", "v1.customer.created"), thin("evt_2", "v2.core.unheard_of")];
    let bodies: Vec<&[u8]> = events.iter().map(|it| it.as_bytes()).collect();
    let outcomes = ingest_as(SOURCE, &database, &bodies, 2).await;
    assert_eq!(outcomes, [Outcome::Applied, Outcome::Applied]);
    assert_eq!((count(&database, "wanted").await, count(&database, "customers").await), (1, 0));
    let office = Office::open(&database, acting_at(&stripe));
    assert_eq!(office.look_everything_up().await, 1, "two events, one object, one request");
    assert_eq!((count(&database, "wanted").await, count(&database, "customers").await), (0, 1));
    assert_eq!(count(&database, "look_ups").await, 0);
}
