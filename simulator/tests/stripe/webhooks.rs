//! Idempotency over HTTP, and events on their way to webhook endpoints.

use std::time::Duration;

use serde_json::Value;
use takings_simulator::{ApiVersion, Fault, Faults, Plan, Stripe, StripeServer, sign};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use crate::client::{Answer, ask, serve};
use crate::shop::{id, post};

fn empty() -> Stripe {
    Stripe::empty(&Plan { livemode: false, ..Plan::small(1) })
}

const CREATE: &str = "POST /v1/customers";

async fn create(server: &StripeServer, key: &str, name: &str) -> Option<Answer> {
    ask(server, CREATE, &[("idempotency-key", key)], &format!("name={name}")).await
}

fn customers(stripe: &Stripe) -> usize {
    stripe.call("GET", "customers", "limit=100").1["data"].as_array().map_or(0, Vec::len)
}

#[tokio::test]
async fn a_repeat_under_the_same_key_gets_the_same_answer() {
    let stripe = empty();
    let server = serve(&stripe).await;
    let first = create(&server, "k1", "Ada").await.unwrap();
    let again = create(&server, "k1", "Ada").await.unwrap();
    assert_eq!(first.text, again.text);
    assert_eq!(again.headers["idempotent-replayed"], "true");
    assert_eq!(again.headers["original-request"], first.headers["request-id"]);
    assert!(!first.headers.contains_key("idempotent-replayed"));
    let other = create(&server, "k1", "Emmy").await.unwrap();
    assert_eq!(
        (other.status, other.json()["error"]["type"].as_str()),
        (400, Some("idempotency_error"))
    );
    assert_eq!(customers(&stripe), 1);
    let event: Value = serde_json::from_slice(&stripe.events()[0].body).unwrap();
    assert_eq!(event["request"]["idempotency_key"], "k1");
    assert_eq!(event["request"]["id"], first.headers["request-id"].as_str());
}

#[tokio::test]
async fn every_fault_has_one_effect_once_the_key_is_repeated() {
    for (fault, first, second, made) in [
        (Fault::LockTimeout, 409, 200, 1),
        (Fault::RateLimited, 429, 200, 1),
        (Fault::BadGateway, 502, 200, 1),
        (Fault::Unavailable, 503, 200, 1),
        (Fault::DropBefore, 0, 200, 1),
        (Fault::DropAfter, 0, 200, 1),
        (Fault::ServerError, 500, 500, 0),
        (Fault::ServerErrorAfter, 500, 500, 1),
        (Fault::Slow(Duration::from_millis(20)), 200, 200, 1),
    ] {
        let stripe = empty();
        stripe.fail(Faults::default().then(CREATE, &[fault]));
        let server = serve(&stripe).await;
        let mut statuses = [0; 2];
        for status in &mut statuses {
            *status = create(&server, "k", "Ada").await.map_or(0, |answer| answer.status);
        }
        assert_eq!((statuses, customers(&stripe)), ([first, second], made), "{fault:?}");
    }
}

#[tokio::test]
async fn three_hundred_faults_leave_one_effect_each() {
    let stripe = empty();
    let kinds = [
        Fault::LockTimeout,
        Fault::RateLimited,
        Fault::BadGateway,
        Fault::Unavailable,
        Fault::DropBefore,
        Fault::DropAfter,
    ];
    stripe.fail(Faults::by_chance(7, 6_000, &kinds));
    let server = serve(&stripe).await;
    let mut wanted = 0;
    while stripe.faults_dealt() < 300 {
        wanted += 1;
        let key = format!("key-{wanted}");
        while !matches!(create(&server, &key, "Ada").await, Some(Answer { status: 200, .. })) {}
    }
    let events = stripe.events();
    assert_eq!(events.iter().filter(|event| event.kind == "customer.created").count(), wanted);
}

#[tokio::test]
async fn a_key_in_use_is_refused() {
    let stripe = empty();
    let slow = Fault::Slow(Duration::from_millis(300));
    stripe.fail(Faults::default().then(CREATE, &[slow]));
    let server = serve(&stripe).await;
    let late = async {
        tokio::time::sleep(Duration::from_millis(100)).await;
        create(&server, "k", "Ada").await
    };
    let (first, second) = tokio::join!(create(&server, "k", "Ada"), late);
    assert_eq!(first.unwrap().status, 200);
    let second = second.unwrap();
    let code = second.json()["error"]["code"].clone();
    assert_eq!((second.status, code), (409, "idempotency_key_in_use".into()));
}

/// One delivery: its signature and its body.
async fn receive(listener: &TcpListener, answer: &str) -> (String, String) {
    let (mut stream, _) = listener.accept().await.expect("a delivery");
    let mut text = String::new();
    let mut buffer = [0; 16_384];
    loop {
        let count = stream.read(&mut buffer).await.expect("the request goes on");
        text.push_str(std::str::from_utf8(&buffer[..count]).expect("events are text"));
        let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
        let header = |name: &str| {
            let line = head.lines().find(|line| line.to_lowercase().starts_with(name));
            line.and_then(|line| line.split_once(": ")).map(|(_, value)| value.to_owned())
        };
        let length = header("content-length").and_then(|length| length.parse().ok());
        if Some(body.len()) == length {
            let found =
                (header("stripe-signature").expect("deliveries are signed"), body.to_owned());
            stream.write_all(answer.as_bytes()).await.expect("the answer is read");
            return found;
        }
    }
}

const TAKEN: &str = "HTTP/1.1 200 OK\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";
const FAILED: &str = "HTTP/1.1 500 Oh\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";

#[tokio::test]
async fn events_are_delivered_signed_to_who_wants_them() {
    let stripe = empty();
    let _server = serve(&stripe).await;
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let url = format!("http://{}/hook", listener.local_addr().unwrap());
    post(&stripe, "customers", "name=Before");
    let form = format!("url={url}&enabled_events[]=customer.created&api_version=2026-10-28.endive");
    let endpoint = post(&stripe, "webhook_endpoints", &form);
    let secret = endpoint["secret"].as_str().unwrap();
    post(&stripe, "products", "name=Unwanted");
    let customer = id(&post(&stripe, "customers", "name=Ada"));
    let (first, _) = receive(&listener, FAILED).await;
    let (signature, body) = receive(&listener, TAKEN).await;
    assert_eq!(first, signature, "a failed delivery is repeated");
    assert_eq!(signature, sign(secret, stripe.now(), body.as_bytes()));
    let event: Value = serde_json::from_str(&body).unwrap();
    assert_eq!(event["data"]["object"]["id"], customer.as_str());
    let path = format!("webhook_endpoints/{}", id(&endpoint));
    let read = stripe.call("GET", &path, "").1;
    assert!(read.get("secret").is_none(), "a secret is shown once");
    assert_eq!(post(&stripe, &path, "disabled=true")["status"], "disabled");
    assert_eq!(stripe.call("DELETE", &path, "").1["deleted"], true);
    assert_eq!(stripe.call("GET", &path, "").0, 404);
}

#[tokio::test]
async fn a_rolled_secret_signs_on_for_as_long_as_it_was_given() {
    let stripe = empty();
    let _server = serve(&stripe).await;
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let form = format!("url={url}&enabled_events[]=*");
    let endpoint = post(&stripe, "webhook_endpoints", &form);
    let old = endpoint["secret"].as_str().unwrap();
    let new = stripe.roll_secret(&id(&endpoint), 60).unwrap();
    for (passed, secrets) in [(0, vec![new.as_str(), old]), (60, vec![new.as_str()])] {
        stripe.set_now(stripe.now() + passed);
        post(&stripe, "customers", "name=Ada");
        let (signature, body) = receive(&listener, TAKEN).await;
        let mut expected = format!("t={}", stripe.now());
        for secret in secrets {
            let signed = sign(secret, stripe.now(), body.as_bytes());
            expected.push_str(&signed[signed.find(',').unwrap()..]);
        }
        assert_eq!(signature, expected);
    }
    assert_eq!(stripe.roll_secret("we_0", 0), None);
}

#[test]
fn an_endpoint_names_an_address_events_and_a_known_version() {
    let stripe = empty();
    for (form, param) in [
        ("enabled_events[]=*", "url"),
        ("url=example.com&enabled_events[]=*", "url"),
        ("url=https://example.com", "enabled_events"),
        ("url=https://example.com&enabled_events[]=*&api_version=2001-01-01", "api_version"),
    ] {
        let (status, body) = stripe.call("POST", "webhook_endpoints", form);
        assert_eq!((status, body["error"]["param"].as_str()), (400, Some(param)), "{form}");
    }
}

#[test]
fn events_can_be_told_in_the_shape_of_an_older_version() {
    let plan = Plan::quarter(3);
    let stripe = Stripe::played(&plan, plan.end());
    let find = |kind: &str| {
        let form = format!("type={kind}&limit=1");
        stripe.call("GET", "events", &form).1["data"][0].clone()
    };
    let [sub, discount] = ["customer.subscription.updated", "customer.discount.created"];
    assert!(find(sub)["data"]["object"].get("status_details").is_some());
    assert!(find(discount)["data"]["object"]["source"]["coupon"].is_string());
    stripe.tell_events_in(ApiVersion::Basil);
    assert_eq!(find(sub)["api_version"], "2025-03-31.basil");
    assert!(find(sub)["data"]["object"].get("status_details").is_none());
    assert_eq!(find(discount)["data"]["object"]["coupon"]["object"], "coupon");
    assert!(find(discount)["data"]["object"].get("source").is_none());
}
