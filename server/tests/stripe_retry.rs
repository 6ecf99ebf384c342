//! The retry loop towards Stripe: whatever goes wrong on the way, one effect.
#![allow(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a test stops where it fails, and times what it runs"
)]

mod common;

use common::stripe::{Account, Scripted, answer, header};
use std::time::Duration;
use stripe_misc::WebhookEndpoint;
use stripe_misc::webhook_endpoint::{
    CreateWebhookEndpoint, CreateWebhookEndpointEnabledEvents, RetrieveWebhookEndpoint,
};
use takings_core::stripe::API_VERSION;
use takings_server::config::Config;
use takings_server::stripe::{Answer, Client, Error, ErrorKind, IdempotencyKey, Policy};
use takings_simulator::{Fault, Faults};
use tokio::time::Instant;

const CREATE: &str = "POST /v1/webhook_endpoints";
const OBJECT: &str = r#"{"id":"we_1","object":"webhook_endpoint","created":1,"enabled_events":[],
    "livemode":false,"metadata":{},"status":"enabled","url":"https://example.com"}"#;

fn quick() -> Policy {
    Policy {
        attempts: 6,
        attempt: Duration::from_millis(200),
        in_all: Duration::from_secs(10),
        first_pause: Duration::from_millis(50),
        longest_pause: Duration::from_millis(200),
    }
}

fn client(url: &str, policy: Policy) -> Client {
    let flags = [("stripe.api_url", url), ("stripe.api_key", "sk_test_4711")];
    let flags = flags.map(|(key, value)| (key.to_owned(), value.to_owned()));
    let stripe = Config::load(None, &flags).unwrap().stripe;
    Client::new(&stripe.api_url, &stripe.api_key.unwrap(), policy).unwrap()
}

fn create() -> CreateWebhookEndpoint {
    CreateWebhookEndpoint::new(
        vec![CreateWebhookEndpointEnabledEvents::InvoicePaid],
        "https://example.com/hooks",
    )
}

async fn send(url: &str, policy: Policy) -> Result<Answer<WebhookEndpoint>, Error> {
    client(url, policy).send(&create()).await
}

#[tokio::test]
async fn every_fault_has_one_effect_at_most_and_an_answer_by_meaning() {
    use Fault::*;
    let slow = Slow(Duration::from_millis(400));
    let unavailable = Some(ErrorKind::Unavailable);
    for (faults, attempts, failure, effects) in [
        (&[LockTimeout][..], 2, None, 1),
        (&[RateLimited], 2, None, 1),
        (&[BadGateway], 2, None, 1),
        (&[Unavailable], 2, None, 1),
        (&[DropBefore], 2, None, 1),
        (&[DropAfter], 2, None, 1),
        (&[DropBefore, LockTimeout, BadGateway, DropAfter], 5, None, 1),
        // Stripe replays a 500 under its key, so a third attempt would change nothing.
        (&[ServerError], 2, Some(ErrorKind::Failed), 0),
        (&[ServerErrorAfter], 2, Some(ErrorKind::Failed), 1),
        (&[BadGateway; 6], 6, unavailable, 0),
        // While the first attempt is under way the others are told so.
        (&[slow], 3, None, 1),
    ] {
        let account = Account::empty().await;
        account.stripe.fail(Faults::default().then(CREATE, faults));
        let result = send(&account.url(), quick()).await;
        assert_eq!(result.err().map(|error| error.kind), failure, "{faults:?}");
        assert_eq!(account.endpoints().len(), effects, "{faults:?}");
        let asked = account.asked(CREATE);
        let least = if faults == [slow] { asked >= attempts } else { asked == attempts };
        assert!(least, "{faults:?}: {asked} attempts");
    }
}

#[tokio::test]
async fn among_many_faults_each_request_has_one_effect() {
    use Fault::*;
    let kinds = [LockTimeout, BadGateway, Unavailable, DropBefore, DropAfter];
    let fast = Duration::from_millis(2);
    let policy = Policy { attempts: 20, first_pause: fast, longest_pause: fast, ..quick() };
    let mut dealt = 0;
    for seed in 0..20 {
        let account = Account::empty().await;
        account.stripe.fail(Faults::by_chance(seed, 5_000, &kinds));
        let client = client(&account.url(), policy);
        for _ in 0..15 {
            client.send(&create()).await.unwrap();
        }
        assert_eq!(account.endpoints().len(), 15, "seed {seed}");
        dealt += account.stripe.faults_dealt();
    }
    println!("{dealt} faults, 300 requests, 300 effects");
    assert!(dealt >= 200, "{dealt}");
}

#[tokio::test]
async fn every_attempt_is_the_same_under_the_same_key() {
    let failures = [answer(503, &[], "{}"), String::new(), answer(409, &[], "{}")];
    let good = answer(200, &["request-id: req_7"], OBJECT);
    let mut script: Vec<&str> = failures.iter().map(String::as_str).collect();
    script.push(&good);
    let server = Scripted::start(&script).await;
    let answer = send(&server.url, quick()).await.unwrap();
    assert_eq!(answer.head.request_id.as_deref(), Some("req_7"));
    let heard = server.heard();
    assert_eq!(heard.len(), 4);
    assert!(heard.iter().all(|request| *request == heard[0]), "{heard:#?}");
    assert_eq!(header(&heard[0], "idempotency-key").len(), 36);
    assert_eq!(header(&heard[0], "stripe-version"), API_VERSION);
    assert_eq!(header(&heard[0], "authorization"), "Bearer sk_test_4711");
    send(&server.url, quick()).await.unwrap();
    let next = server.heard().pop().unwrap();
    assert_ne!(header(&next, "idempotency-key"), header(&heard[0], "idempotency-key"));
}

#[tokio::test]
async fn a_key_of_ones_own_is_used_and_reading_needs_none() {
    let good = answer(200, &["date: Sun, 06 Nov 1994 08:49:37 GMT"], OBJECT);
    let server = Scripted::start(&[&good]).await;
    let client = client(&server.url, quick());
    let key = IdempotencyKey::new("intent-1").unwrap();
    let answer = client.send_as(key, &create()).await.unwrap();
    assert_eq!(answer.head.date.map(|date| date.secs()), Some(784_111_777));
    client.send(&RetrieveWebhookEndpoint::new("we_1")).await.unwrap();
    let heard = server.heard();
    assert_eq!(header(&heard[0], "idempotency-key"), "intent-1");
    assert!(heard[1].starts_with("GET /v1/webhook_endpoints/we_1 HTTP/1.1"), "{}", heard[1]);
    assert_eq!(header(&heard[1], "idempotency-key"), "");
}

#[tokio::test]
async fn stripes_word_on_trying_again_counts() {
    let good = answer(200, &[], OBJECT);
    let later = answer(429, &["retry-after: 1"], "{}");
    let server = Scripted::start(&[&later, &good]).await;
    let started = Instant::now();
    send(&server.url, quick()).await.unwrap();
    assert!(started.elapsed() >= Duration::from_secs(1));
    for (status, should, attempts) in [(503, "false", 1), (400, "true", 2)] {
        let header = format!("stripe-should-retry: {should}");
        let refused = answer(status, &[&header], r#"{"error":{}}"#);
        let server = Scripted::start(&[&refused, &good]).await;
        let _ = send(&server.url, quick()).await;
        assert_eq!(server.heard().len(), attempts, "{status} {should}");
    }
    // A pause that would outlast the patience is not begun.
    let server = Scripted::start(&[&answer(429, &["retry-after: 30"], r#"{"error":{}}"#)]).await;
    let started = Instant::now();
    let error = send(&server.url, quick()).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::RateLimited);
    assert!(started.elapsed() < Duration::from_secs(5));
}

#[tokio::test]
async fn silence_is_waited_for_within_bounds() {
    let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let policy = Policy { in_all: Duration::from_millis(700), ..quick() };
    let started = Instant::now();
    let error = send(&url, policy).await.unwrap_err();
    let waited = started.elapsed();
    assert_eq!(error.kind, ErrorKind::Unavailable);
    assert!(error.message.contains("in time"), "{error}");
    assert!((200..2_000).contains(&waited.as_millis()), "{waited:?}");
}

#[tokio::test]
async fn what_is_not_stripes_is_not_read_as_if_it_were() {
    for (body, said) in [
        ("<html>a proxy</html>", "with `<html>a proxy</html>`"),
        (r#"{"id":"we_1","email":"ada@example.com"}"#, "with JSON of another shape"),
        ("", "it answers HTTP 200"),
    ] {
        let server = Scripted::start(&[&answer(200, &["request-id: req_8"], body)]).await;
        let error = send(&server.url, quick()).await.unwrap_err();
        assert_eq!(error.kind, ErrorKind::Unreadable);
        assert_eq!(error.request_id.as_deref(), Some("req_8"));
        assert!(error.message.contains(said) && !error.message.contains("ada@"), "{error}");
        assert_eq!(server.heard().len(), 1);
    }
}
