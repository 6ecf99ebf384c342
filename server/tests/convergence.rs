//! Any order, any repetition, either database: one state.
#![allow(
    clippy::unwrap_used,
    clippy::float_arithmetic,
    clippy::disallowed_methods,
    reason = "a test stops where it fails, and times what it runs"
)]

mod common;

use serde_json::{Value, json};
use std::collections::BTreeSet;
use takings_server::db::Database;
use takings_server::rebuild::{rebuild, state_hash};
use takings_simulator::{Delivery, Plan, Story, deliver, play};
use takings_testkit::{PostgresServer, soak};

/// Shuffles on each database.
fn shuffles() -> u64 {
    if soak() { 500 } else { 10 }
}

fn story() -> Story {
    if soak() { play(&Plan::quarter(11)) } else { play(&Plan::small(11)) }
}

#[tokio::test]
async fn shuffled_and_repeated_deliveries_end_in_one_state() {
    let story = story();
    let mut hashes = BTreeSet::new();
    for seed in 0..=shuffles() {
        let folder = tempfile::tempdir().unwrap();
        hashes.insert(settled(&common::sqlite(folder.path()).await, &story, seed).await);
    }
    if let Some(server) = PostgresServer::shared("shuffled deliveries on postgresql") {
        for seed in 0..shuffles() {
            let url = server.database("convergence");
            hashes.insert(settled(&common::open(url).await, &story, 1000 + seed).await);
        }
    }
    println!(
        "{} shuffles of {} events with 30 % repeated, on each database, seeds 0.. and 1000..: {} state",
        shuffles(),
        story.events.len(),
        hashes.len()
    );
    assert_eq!(hashes.len(), 1, "{hashes:?}");
}

/// The state after one delivery: in order for seed 0, else shuffled; in batches of any size.
async fn settled(database: &Database, story: &Story, seed: u64) -> String {
    let delivery = Delivery { seed, duplicates: 3000, shuffle: seed > 0, ..Delivery::default() };
    let arrivals = deliver(&delivery, &story.events);
    let bodies: Vec<&[u8]> = arrivals.iter().map(|it| it.body.as_slice()).collect();
    common::ingest(database, &bodies, 1 + (seed as usize * 7) % 40).await;
    takings_server::jobs::settle_waiting(database).await.unwrap();
    if seed.is_multiple_of(5) {
        let report = rebuild(database, true).await.unwrap();
        assert!(report.agrees(), "seed {seed}: {report:?}");
    }
    state_hash(database).await.unwrap().to_string()
}

/// Made, deleted, and changed once more: deleting swallows no later change of its metadata.
#[tokio::test]
async fn a_deleted_customer_that_changes_again_is_counted_out_once() {
    let second = |number: i64| 1_736_467_200 + number * 86_400;
    let event = |number: i64, kind: &str, before: Value| {
        json!({
            "id": format!("evt_{number}"), "object": "event", "type": kind, "livemode": true,
            "created": second(number), "api_version": "2026-10-28.endive",
            "data": {
                "object": {
                    "id": "cus_1", "object": "customer", "created": second(0), "balance": number,
                },
                "previous_attributes": before,
            },
        })
        .to_string()
    };
    let life = [
        event(0, "customer.created", Value::Null),
        event(1, "customer.deleted", Value::Null),
        event(2, "customer.updated", json!({"balance": 1})),
    ];
    for order in [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]] {
        let folder = tempfile::tempdir().unwrap();
        let database = common::sqlite(folder.path()).await;
        for place in order {
            common::ingest(&database, &[life[place].as_bytes()], 1).await;
        }
        let counted =
            "select cast(occurred_at / 86400000000 as text) as day, cast(sum(amount) as text)
                       from measures where kind = 'customers'
                       group by 1 having sum(amount) <> 0 order by 1";
        let rows = common::rows(&database, counted).await;
        let counted: Vec<(String, String)> = rows
            .iter()
            .map(|row| (row.try_get_by_index(0).unwrap(), row.try_get_by_index(1).unwrap()))
            .collect();
        let day = |number| (second(number) / 86_400).to_string();
        assert_eq!(counted, [(day(0), "1".into()), (day(1), "-1".into())], "{order:?}");
        assert!(rebuild(&database, true).await.unwrap().agrees(), "{order:?}");
    }
}
