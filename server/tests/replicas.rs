//! Several server processes on one PostgreSQL: every event has its effect once.
#![allow(
    clippy::unwrap_used,
    clippy::float_arithmetic,
    clippy::disallowed_methods,
    reason = "a test stops where it fails, and times what it runs"
)]

mod common;

use common::dice::{Dice, count, seed};
use common::door::Door;
use common::place::Place;
use common::process::Takings;
use common::story::{plan, settled_hash, stored_events, undisturbed};
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use takings_simulator::{SimEvent, play};
use tokio::task::JoinSet;

/// Server processes.
const REPLICAS: usize = 4;

/// Deliveries under way at once.
const CALLERS: usize = 16;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn four_processes_that_share_every_event_have_each_effect_once() {
    for round in 0..count(2, 12) as u64 {
        let Some(place) = Place::postgres(&format!("replicas_{round}")) else { return };
        let seed = seed() + round;
        let events = Arc::new(play(&plan(seed)).events);
        let order = if round % 2 == 0 { "children before parents" } else { "shuffled" };
        let deliveries = deliveries(&events, seed, round % 2 == 1);
        let servers = start_at_once(&place).await;
        let addresses: Vec<SocketAddr> = servers.iter().map(|server| server.http).collect();
        let applied = deliver(&events, deliveries, &addresses).await;
        for (place, times) in applied.iter().enumerate() {
            assert_eq!(*times, 1, "seed {seed}: {} was taken in {times} times", events[place].id);
        }
        let log: String = servers.iter().map(Takings::log).collect();
        assert!(!log.to_lowercase().contains("deadlock"), "seed {seed}: {log}");
        servers.into_iter().for_each(|server| drop(server.kill()));
        assert_eq!(stored_events(&place).await.len(), events.len());
        assert_eq!(settled_hash(&place).await, undisturbed(&events).await, "seed {seed}");
        println!(
            "seed {seed}, {order}: {} events to two of {REPLICAS} processes each: every effect once",
            events.len()
        );
    }
}

/// All of them at once on an empty database: its schema is made once.
async fn start_at_once(place: &Place) -> Vec<Takings> {
    let starting: Vec<_> = (0..REPLICAS)
        .map(|_| {
            let url = place.url.clone();
            tokio::task::spawn_blocking(move || Takings::try_start(&url, &[]))
        })
        .collect();
    let mut servers = Vec::new();
    for started in starting {
        servers.push(started.await.unwrap().unwrap_or_else(|said| panic!("{said}")));
    }
    servers
}

/// Each event for two processes, the two near each other in time: the last first, or in any order.
fn deliveries(events: &[SimEvent], seed: u64, shuffled: bool) -> Vec<(usize, usize)> {
    let mut dice = Dice::new(seed);
    let mut order: Vec<usize> = (0..events.len()).rev().collect();
    if shuffled {
        dice.shuffle(&mut order);
    }
    let mut deliveries = Vec::new();
    for event in order {
        let first = dice.below(REPLICAS);
        let second = (first + 1 + dice.below(REPLICAS - 1)) % REPLICAS;
        deliveries.extend([(event, first), (event, second)]);
    }
    deliveries
}

/// Delivers; every answer must be 2xx. Answers how often each event was new to a process.
async fn deliver(
    events: &Arc<Vec<SimEvent>>,
    deliveries: Vec<(usize, usize)>,
    addresses: &[SocketAddr],
) -> Vec<usize> {
    let (deliveries, next) = (Arc::new(deliveries), Arc::new(AtomicUsize::new(0)));
    let mut callers = JoinSet::new();
    for _ in 0..CALLERS {
        let (events, deliveries, next) = (events.clone(), deliveries.clone(), next.clone());
        let addresses = addresses.to_vec();
        callers.spawn(async move {
            let mut doors: BTreeMap<usize, Door> = BTreeMap::new();
            let mut new = Vec::new();
            while let Some((event, to)) = deliveries.get(next.fetch_add(1, Ordering::Relaxed)) {
                if !doors.contains_key(to) {
                    doors.insert(*to, Door::connect(addresses[*to]).await.unwrap());
                }
                let door = doors.get_mut(to).unwrap();
                let answer = door.post(&events[*event].body).await.unwrap();
                assert!(answer.acknowledges(), "{answer:?}");
                if answer.text("outcome") != "duplicate" {
                    new.push(*event);
                }
            }
            new
        });
    }
    let mut times = vec![0; events.len()];
    for event in callers.join_all().await.into_iter().flatten() {
        times[event] += 1;
    }
    times
}
