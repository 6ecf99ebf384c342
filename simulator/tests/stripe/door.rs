//! What stands before the account: keys, limits, faults, headers.

use std::time::Duration;

use crate::client::{ask, serve};
use takings_simulator::{Fault, Faults, Key, Limits, Plan, Stripe};

fn account() -> Stripe {
    let plan = Plan { livemode: false, ..Plan::small(1) };
    Stripe::played(&plan, plan.end())
}

const LIST: &str = "GET /v1/customers?limit=1";

#[tokio::test]
async fn an_answer_carries_stripes_headers() {
    let server = serve(&account()).await;
    let answer = ask(&server, LIST, &[], "").await.unwrap();
    assert_eq!((answer.status, answer.headers["content-type"].as_str()), (200, "application/json"));
    assert!(answer.headers["request-id"].starts_with("req_"));
    assert_eq!(answer.headers["stripe-version"], "2026-10-28.endive");
    assert_eq!(answer.headers["date"], "Sun, 10 Nov 2024 00:00:00 GMT");
    let missing = ask(&server, "GET /v1/customers/cus_0", &[], "").await.unwrap();
    let error = missing.json()["error"].clone();
    assert_eq!((missing.status, error["code"].as_str()), (404, Some("resource_missing")));
    let logged = error["request_log_url"].as_str().unwrap();
    assert!(logged.contains(&missing.headers["request-id"]));
}

#[tokio::test]
async fn keys_open_what_they_may() {
    let stripe = account();
    stripe.allow(&[
        Key::secret("sk_test_all1"),
        Key::secret("sk_live_all1"),
        Key::restricted("rk_test_some", &["invoices:read"]),
        Key::revoked("sk_test_gone"),
    ]);
    let server = serve(&stripe).await;
    for (key, status, count) in [
        ("Bearer sk_test_all1", 200, 1),
        ("Bearer sk_live_all1", 200, 0),
        ("Bearer rk_test_some", 403, 0),
        ("Bearer sk_test_gone", 401, 0),
        ("Bearer sk_test_none", 401, 0),
        ("", 401, 0),
    ] {
        let answer = ask(&server, LIST, &[("authorization", key)], "").await.unwrap();
        let found = answer.json()["data"].as_array().map_or(0, Vec::len);
        assert_eq!((answer.status, found), (status, count), "{key}");
    }
    let header = [("authorization", "Bearer sk_live_all1")];
    let other = ask(&server, "GET /v1/customers/cus_1", &header, "").await.unwrap();
    assert!(other.text.contains("a similar object exists in test mode"), "{}", other.text);
}

#[tokio::test]
async fn what_exceeds_a_limit_is_refused_and_counted() {
    let stripe = account();
    stripe.limit(Limits { account: None, endpoint: Some(3) });
    let server = serve(&stripe).await;
    let mut answers = Vec::new();
    for _ in 0..5 {
        answers.push(ask(&server, LIST, &[], "").await.unwrap());
    }
    let statuses: Vec<u16> = answers.iter().map(|answer| answer.status).collect();
    assert_eq!(statuses, [200, 200, 200, 429, 429]);
    let refused = &answers[4].headers;
    assert_eq!(refused["stripe-should-retry"], "true");
    assert_eq!(refused["stripe-rate-limited-reason"], "endpoint-rate");
    assert_eq!(refused["retry-after"], "1");
    let counted = stripe.requests()["GET /v1/customers"];
    assert_eq!((counted.total, counted.refused, counted.peak), (5, 2, 5));
}

#[tokio::test]
async fn faults_come_in_the_order_asked_for() {
    let stripe = account();
    let faults = [
        Fault::LockTimeout,
        Fault::RateLimited,
        Fault::ServerError,
        Fault::BadGateway,
        Fault::Unavailable,
        Fault::DropBefore,
        Fault::DropAfter,
        Fault::Slow(Duration::from_millis(30)),
    ];
    stripe.fail(Faults::default().then("GET /v1/customers", &faults));
    let server = serve(&stripe).await;
    let mut statuses = Vec::new();
    for _ in 0..9 {
        let answer = ask(&server, LIST, &[], "").await;
        statuses.push(answer.map_or(0, |answer| answer.status));
    }
    assert_eq!(statuses, [409, 429, 500, 502, 503, 0, 0, 200, 200]);
    assert_eq!(stripe.faults_dealt(), 8);
}

#[tokio::test]
async fn faults_by_chance_are_the_same_for_the_same_seed() {
    let mut runs = Vec::new();
    for seed in [5, 5, 6] {
        let stripe = account();
        let kinds = [Fault::Unavailable, Fault::LockTimeout];
        stripe.fail(Faults::by_chance(seed, 3_000, &kinds));
        let server = serve(&stripe).await;
        let mut statuses = Vec::new();
        for _ in 0..40 {
            statuses.push(ask(&server, LIST, &[], "").await.unwrap().status);
        }
        runs.push(statuses);
    }
    assert_eq!(runs[0], runs[1]);
    assert_ne!(runs[0], runs[2]);
    assert!(runs[0].contains(&503) && runs[0].contains(&409) && runs[0].contains(&200));
}
