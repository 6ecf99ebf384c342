//! Any order, any repetition, either database: one state.
#![allow(
    clippy::unwrap_used,
    clippy::float_arithmetic,
    clippy::disallowed_methods,
    reason = "a test stops where it fails, and times what it runs"
)]

mod common;

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
