//! Bad input through the real door: each has its answer and its reason, leaves nothing half
//! written, and the server goes on. A signed event with an id is never lost.
#![allow(
    clippy::unwrap_used,
    clippy::float_arithmetic,
    clippy::disallowed_methods,
    reason = "a test stops where it fails, and times what it runs"
)]

mod common;

use common::door::{Answer, Door, now, signed};
use common::place::Place;
use common::process::{SECRET, Takings};
use common::story::{close, table_counts};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::LazyLock;
use takings::v1::{
    GetCustomerRequest, ListWebhookEventsRequest, ReplayWebhookEventRequest, WebhookEvent,
    WebhookOutcome,
};
use takings_server::db::Database;
use takings_simulator::{Plan, SimEvent, play, sign};

/// Digits for a number that no 64 bits hold; JSON values would round them.
const HUGE: &str = "@100000000000000000000@";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_not_stripes_or_has_no_id_is_refused_and_leaves_nothing() {
    let place = Place::sqlite();
    let mut server = Takings::start(&place);
    let (database, mut door) = (place.open().await, Door::connect(server.http).await.unwrap());
    let before = table_counts(&database).await;
    let good = example("customer.created");
    for (name, body, headers, status, reason) in refusals(&good.body) {
        let headers: Vec<&str> = headers.iter().map(String::as_str).collect();
        let answer = door.post_with(&body, &headers).await.unwrap();
        assert_eq!((answer.status, answer.text("reason")), (status, reason), "{name}: {answer:?}");
        assert!(!answer.text("message").is_empty(), "{name}: no message");
        assert_eq!(table_counts(&database).await, before, "{name}: something was written");
        if answer.last || status == 413 {
            door = Door::connect(server.http).await.unwrap();
        }
    }
    assert!(server.runs());
    assert_eq!(door.post(&good.body).await.unwrap().text("outcome"), "applied");
    close(database).await;
}

type RefusalCase = (&'static str, Vec<u8>, Vec<String>, u16, &'static str);

/// What is refused: a name, the body, its signature headers, the status, the reason.
fn refusals(good: &[u8]) -> Vec<RefusalCase> {
    let at = |offset: i64| vec![sign(SECRET, now() + offset, good)];
    let altered = [good, b" "].concat();
    let mut cases: Vec<RefusalCase> = vec![
        ("no signature", good.into(), vec![], 400, "SIGNATURE_MALFORMED"),
        ("an empty signature", good.into(), vec![String::new()], 400, "SIGNATURE_MALFORMED"),
        ("no t", good.into(), vec!["v1=00".into()], 400, "SIGNATURE_MALFORMED"),
        ("no v1", good.into(), vec![format!("t={}", now())], 400, "SIGNATURE_MALFORMED"),
        ("two headers", good.into(), [at(0), at(0)].concat(), 400, "SIGNATURE_MALFORMED"),
        (
            "another secret",
            good.into(),
            vec![sign("whsec_x", now(), good)],
            400,
            "SIGNATURE_MISMATCH",
        ),
        ("an altered body", altered, at(0), 400, "SIGNATURE_MISMATCH"),
        ("expired", good.into(), at(-400), 400, "SIGNATURE_EXPIRED"),
        ("from the future", good.into(), at(400), 400, "SIGNATURE_EXPIRED"),
    ];
    let long = format!(r#"{{"id":"{}"}}"#, "e".repeat(256));
    let unreadable: [(&'static str, &[u8]); 10] = [
        ("an empty body", b""),
        ("no UTF-8", &[0xff, 0xfe, 0x00]),
        ("no JSON", b"id=evt_1&type=customer.created"),
        ("half a JSON", br#"{"id":"evt_half","type":"custo"#),
        ("a list", b"[1,2,3]"),
        ("no id", br#"{"type":"customer.created","created":1}"#),
        ("an id that is a number", br#"{"id":7,"type":"customer.created"}"#),
        ("an id with a space", br#"{"id":"evt 1","type":"customer.created"}"#),
        ("an id that is not ASCII", "{\"id\":\"evt_\u{fc}\"}".as_bytes()),
        ("an id too long", long.as_bytes()),
    ];
    for (name, body) in unreadable {
        cases.push((name, body.into(), vec![signed(body)], 400, "PAYLOAD_UNREADABLE"));
    }
    let large = padded(good, (1 << 20) + 1);
    let signature = signed(&large);
    cases.push(("one byte too many", large, vec![signature], 413, "PAYLOAD_TOO_LARGE"));
    cases
}

/// The same JSON with spaces behind it.
fn padded(body: &[u8], length: usize) -> Vec<u8> {
    let mut body = body.to_vec();
    body.resize(length, b' ');
    body
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_cannot_be_used_is_quarantined_and_can_be_replayed_on_sqlite() {
    quarantine(Place::sqlite()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_cannot_be_used_is_quarantined_and_can_be_replayed_on_postgresql() {
    let Some(place) = Place::postgres("bad_input") else { return };
    quarantine(place).await;
}

async fn quarantine(place: Place) {
    let mut server = Takings::start(&place);
    let (database, mut door) = (place.open().await, Door::connect(server.http).await.unwrap());
    let mut expected = BTreeMap::new();
    for (number, (name, body, reason)) in unusable().into_iter().enumerate() {
        let id = format!("evt_bad_{number}");
        let body = String::from_utf8_lossy(&body).replace("evt_bad", &id).into_bytes();
        let body = if name == "no UTF-8 inside" { broken_text(&body) } else { body };
        let before = table_counts(&database).await;
        let answer = door.post(&body).await.unwrap();
        held(name, &answer, reason);
        only_the_inbox_grew(name, before, &database).await;
        assert_eq!(door.post(&body).await.unwrap().text("outcome"), "duplicate", "{name}");
        expected.insert(id, (name, reason));
    }
    let mut client = server.revenue().await;
    let request = ListWebhookEventsRequest {
        outcome: WebhookOutcome::Quarantined.into(),
        page_size: 1_000,
        ..Default::default()
    };
    let listed = client.list_webhook_events(request).await.unwrap().into_inner().webhook_events;
    let listed: BTreeMap<String, WebhookEvent> =
        listed.into_iter().map(|event| (event.event_id.clone(), event)).collect();
    assert_eq!(listed.len(), expected.len());
    for (number, (id, (name, reason))) in expected.iter().enumerate() {
        assert_eq!(listed[id].quarantine_reason, *reason, "{name}");
        assert!(!listed[id].quarantine_detail.is_empty(), "{name}");
        let replayed = replay(&server, id, number).await;
        assert_eq!(replayed.outcome(), WebhookOutcome::Quarantined, "{name}");
        assert_eq!(replayed.quarantine_reason, *reason, "{name}");
    }
    assert!(server.runs());
    let good = example("customer.subscription.created");
    assert_eq!(door.post(&good.body).await.unwrap().text("outcome"), "applied");
    println!("{}: {} kinds of events held and replayed", place.kind(), expected.len());
    close(database).await;
}

fn held(name: &str, answer: &Answer, reason: &str) {
    let said = (answer.status, answer.text("outcome"), answer.text("reason"));
    assert_eq!(said, (200, "quarantined", reason), "{name}: {answer:?}");
}

async fn only_the_inbox_grew(name: &str, mut before: BTreeMap<String, i64>, database: &Database) {
    let after = table_counts(database).await;
    for table in ["webhook_events", "webhook_bodies"] {
        *before.get_mut(table).unwrap() += 1;
    }
    for table in ["batches", "sources"] {
        before.insert(table.to_owned(), after[table]);
    }
    assert_eq!(after, before, "{name}: half of it was written");
}

async fn replay(server: &Takings, id: &str, number: usize) -> WebhookEvent {
    let request = ReplayWebhookEventRequest {
        event_id: id.to_owned(),
        source: String::new(),
        request_id: format!("00000000-0000-4000-8000-{number:012}"),
    };
    let answer = server.revenue().await.replay_webhook_event(request).await.unwrap();
    answer.into_inner().webhook_event.unwrap()
}

/// Where a value is put into which event, and the reason it is held for.
fn changes() -> Vec<(&'static str, &'static str, &'static str, Value, &'static str)> {
    let item = "/data/object/items/data/0";
    let price = "/data/object/items/data/0/price/unit_amount_decimal";
    let (charge, subscription) = ("charge.succeeded", "customer.subscription.created");
    let amount = "/data/object/amount";
    let line_end = "/data/object/lines/data/0/period/end";
    assert!(price.starts_with(item));
    vec![
        ("NUL in a text", "customer.created", "/data/object/name", json!("a\0b"), "nul_in_text"),
        (
            "a long text",
            "customer.created",
            "/data/object/name",
            json!("a".repeat(5001)),
            "text_too_long",
        ),
        ("beyond 64 bits", charge, amount, json!(HUGE), "number_too_large"),
        ("a fraction", charge, amount, json!(12.5), "number_too_large"),
        ("negative", charge, amount, json!(-5), "negative_amount"),
        ("the smallest number", charge, amount, json!(i64::MIN), "amount_too_large"),
        ("enormous", charge, amount, json!(1_000_000_000_000_001_i64), "amount_too_large"),
        ("enormous a month", subscription, price, json!("100000000000000"), "amount_too_large"),
        ("no decimal", subscription, price, json!("12,5"), "bad_decimal"),
        ("unknown currency", charge, "/data/object/currency", json!("xqz"), "unknown_currency"),
        ("a period turned round", "invoice.created", line_end, json!(1), "period_reversed"),
        (
            "an unknown status",
            subscription,
            "/data/object/status",
            json!("asleep"),
            "unknown_status",
        ),
        ("a text for a number", charge, amount, json!("12"), "wrong_type"),
        ("an id with a space", charge, "/data/object/id", json!("ch 1"), "bad_id"),
        ("a time beyond the calendar", charge, "/data/object/created", json!(i64::MAX), "bad_time"),
        ("data of another shape", charge, "/data", json!([1]), "missing_field"),
        ("an object of another shape", charge, "/data/object", json!("ch_1"), "missing_field"),
        ("no type", charge, "/type", json!(null), "missing_field"),
        ("no created", charge, "/created", json!(null), "missing_field"),
        ("a created beyond 64 bits", charge, "/created", json!(HUGE), "missing_field"),
    ]
}

/// Events that are signed and have an id, and cannot be used: name, body, reason.
fn unusable() -> Vec<(&'static str, Vec<u8>, &'static str)> {
    let mut cases = Vec::new();
    for (name, kind, pointer, value, reason) in changes() {
        let mut event = named(&example(kind).body);
        let place = event.pointer_mut(pointer);
        *place.unwrap_or_else(|| panic!("{name}: no {pointer} in {kind}")) = value;
        let text = event.to_string().replace(&format!("\"{HUGE}\""), HUGE.trim_matches('@'));
        cases.push((name, text.into_bytes(), reason));
    }
    let mut deep = named(&example("customer.created").body);
    deep["data"]["object"]["metadata"] = json!("@deep@");
    let nest = format!("{}1{}", "[".repeat(1000), "]".repeat(1000));
    let deep = deep.to_string().replace("\"@deep@\"", &nest);
    cases.push(("nested a thousand deep", deep.into_bytes(), "unreadable"));
    let text = named(&example("customer.created").body).to_string();
    cases.push(("no UTF-8 inside", text.into_bytes(), "unreadable"));
    cases
}

/// The event under the id that the test replaces by its own.
fn named(body: &[u8]) -> Value {
    let mut event: Value = serde_json::from_slice(body).unwrap();
    event["id"] = json!("evt_bad");
    event
}

/// A text of the body with a byte that is no UTF-8.
fn broken_text(body: &[u8]) -> Vec<u8> {
    let mut body = body.to_vec();
    let name = body.windows(8).position(|it| it == b"\"name\":\"").unwrap();
    body[name + 8] = 0xff;
    body
}

/// The first event of a type that the simulator plays.
fn example(kind: &str) -> &'static SimEvent {
    static EVENTS: LazyLock<Vec<SimEvent>> = LazyLock::new(|| play(&Plan::quarter(5)).events);
    let found = EVENTS.iter().find(|event| event.kind == kind);
    found.unwrap_or_else(|| panic!("the simulator plays no {kind}"))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_event_of_the_wrong_mode_waits_until_its_mode_is_taken() {
    let place = Place::sqlite();
    let server = Takings::start_with(&place, &[("TAKINGS__STRIPE__LIVEMODE", "true")]);
    let mut door = Door::connect(server.http).await.unwrap();
    let test = Plan { livemode: false, ..Plan::small(3) };
    let events = play(&test).events;
    let event = events.iter().find(|event| event.kind == "customer.created").unwrap();
    held("a test event", &door.post(&event.body).await.unwrap(), "wrong_livemode");
    let ask = GetCustomerRequest { customer_id: event.object.clone(), source: String::new() };
    let missing = server.revenue().await.get_customer(ask.clone()).await.unwrap_err();
    assert_eq!(missing.code(), tonic::Code::NotFound);
    server.kill();
    let server = Takings::start(&place);
    assert_eq!(replay(&server, &event.id, 1).await.outcome(), WebhookOutcome::Applied);
    let found = server.revenue().await.get_customer(ask).await.unwrap().into_inner();
    assert_eq!(found.customer.unwrap().source, "stripe:default:test");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn exactly_one_mebibyte_is_taken_and_unknown_types_are_kept() {
    let place = Place::sqlite();
    let server = Takings::start(&place);
    let mut door = Door::connect(server.http).await.unwrap();
    let full = padded(&example("customer.created").body, 1 << 20);
    assert_eq!(door.post(&full).await.unwrap().text("outcome"), "applied");
    let unknown =
        br#"{"id":"evt_u","type":"moon.risen","created":5,"data":{"object":{"id":"m_1"}}}"#;
    assert_eq!(door.post(unknown).await.unwrap().text("outcome"), "ignored");
}

#[tokio::test]
async fn without_a_secret_every_webhook_is_refused() {
    let place = Place::sqlite();
    let server = Takings::start_with(&place, &[("TAKINGS__STRIPE__WEBHOOK_SECRETS", " ")]);
    let mut door = Door::connect(server.http).await.unwrap();
    let answer = door.post(b"{}").await.unwrap();
    assert_eq!((answer.status, answer.text("reason")), (412, "WEBHOOK_SECRET_MISSING"));
}

/// A thin event holds nothing of its object, so without a key for it nothing would follow from it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_thin_event_that_no_key_can_follow_is_held_and_says_what_to_configure() {
    let place = Place::sqlite();
    let quiet = [
        ("TAKINGS__STRIPE__API_URL", "http://127.0.0.1:9"),
        ("TAKINGS__STRIPE__LOOK_UPS", "false"),
        ("TAKINGS__STRIPE__SWEEP_INTERVAL_SECONDS", "0"),
    ];
    let thin = |id: &str, livemode: bool, account: Option<&str>| {
        json!({
            "id": id, "object": "v2.core.event", "type": "v1.customer.created",
            "livemode": livemode, "context": account, "created": "2026-03-19T08:15:42.123Z",
            "related_object": {"id": "cus_1", "type": "customer"},
        })
        .to_string()
    };
    let server = Takings::start_with(&place, &quiet);
    let mut door = Door::connect(server.http).await.unwrap();
    let answer = door.post(thin("evt_1", true, None).as_bytes()).await.unwrap();
    held("without a key", &answer, "no_key_for_source");
    server.kill();

    let key = ("TAKINGS__STRIPE__API_KEY", "sk_live_4eC39HqLyjWDarjtT1zdp7dc");
    let server = Takings::start_with(&place, &[&quiet[..], &[key]].concat());
    let mut door = Door::connect(server.http).await.unwrap();
    let table = [
        ("evt_2", false, None, "stripe.api_key to a test key"),
        ("evt_3", true, Some("acct_1"), "connected account `acct_1`"),
    ];
    for (id, livemode, account, advice) in table {
        let answer = door.post(thin(id, livemode, account).as_bytes()).await.unwrap();
        held(id, &answer, "no_key_for_source");
        let listed = server.revenue().await;
        let listed = listed.clone().list_webhook_events(ListWebhookEventsRequest::default()).await;
        let events = listed.unwrap().into_inner().webhook_events;
        let event = events.iter().find(|event| event.event_id == id).unwrap();
        assert!(event.quarantine_detail.contains(advice), "{event:?}");
    }
    let answer = door.post(thin("evt_4", true, None).as_bytes()).await.unwrap();
    assert_eq!(answer.text("outcome"), "applied", "the key reads it");
    assert_eq!(replay(&server, "evt_1", 1).await.outcome(), WebhookOutcome::Applied);
}
