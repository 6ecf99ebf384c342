//! A program that is not ours plays Stripe: localstripe, with shapes of 2017, signs and sends its
//! own webhooks to a running server.
#![allow(
    clippy::unwrap_used,
    clippy::float_arithmetic,
    clippy::disallowed_methods,
    reason = "a test stops where it fails, and times what it runs"
)]

mod common;

use common::localstripe::Localstripe;
use common::place::Place;
use common::process::{SECRET, Takings};
use common::python::program;
use common::story::{settled_hash, stored_events};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;
use takings::v1::{
    GetRevenueSummaryRequest, GetRevenueSummaryResponse, ListWebhookEventsRequest, Money,
    WebhookOutcome,
};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_summary_is_right_for_what_localstripe_sends_on_sqlite() {
    summary_is_right(Place::sqlite()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_summary_is_right_for_what_localstripe_sends_on_postgresql() {
    let Some(place) = Place::postgres("localstripe") else { return };
    summary_is_right(place).await;
}

async fn summary_is_right(place: Place) {
    let Some(localstripe) = Localstripe::start("localstripe").await else { return };
    let Some(mut business) = program("localstripe_business.py") else { return };
    let server = Takings::start(&place);
    let webhook = format!("http://{}/revenue/webhooks/stripe", server.http);
    let output = business.args([&localstripe.port.to_string(), &webhook, SECRET]).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let expected: Value = serde_json::from_slice(&output.stdout).unwrap();
    wait_for_every_event(&place, &expected["events"]).await;

    let quarantined = ListWebhookEventsRequest {
        outcome: WebhookOutcome::Quarantined.into(),
        ..Default::default()
    };
    let held = server.revenue().await.list_webhook_events(quarantined).await.unwrap();
    assert_eq!(held.into_inner().webhook_events, []);
    let asked = GetRevenueSummaryRequest::default();
    let summary = server.analytics().await.get_revenue_summary(asked).await.unwrap().into_inner();
    assert_eq!(summary.customer_count, expected["customers"].as_i64().unwrap());
    assert_eq!(summary.subscriber_count, expected["subscribers"].as_i64().unwrap());
    let amounts = |key: &str| -> BTreeMap<String, i64> {
        serde_json::from_value(expected[key].clone()).unwrap()
    };
    assert_eq!(by_currency(&summary, |row| &row.mrr), amounts("mrr"));
    assert_eq!(by_currency(&summary, |row| &row.gross_revenue), amounts("gross"));
    println!("{}: MRR {} and gross revenue {}", place.kind(), expected["mrr"], expected["gross"]);
    server.kill();
    settled_hash(&place).await;
}

fn by_currency(
    summary: &GetRevenueSummaryResponse,
    amount: impl Fn(&takings::v1::RevenueSummary) -> &Option<Money>,
) -> BTreeMap<String, i64> {
    let rows = summary.currencies.iter();
    rows.map(|row| (row.currency_code.clone(), amount(row).as_ref().unwrap().amount_minor))
        .collect()
}

/// localstripe sends a second after each act.
async fn wait_for_every_event(place: &Place, events: &Value) {
    let sent: BTreeSet<String> = serde_json::from_value(events.clone()).unwrap();
    for _ in 0..100 {
        if stored_events(place).await.is_superset(&sent) {
            println!("{} events of localstripe arrived", sent.len());
            return;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    let stored = stored_events(place).await;
    panic!("never stored: {:?}", sent.difference(&stored).collect::<Vec<_>>());
}
