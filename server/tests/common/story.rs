//! A story through the doors: what undisturbed delivery ends in, and what a database holds.

use super::dice::count;
use super::door::Door;
use super::place::Place;
use super::process::{Takings, verified_hash};
use super::rows;
use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use takings_server::db::{Database, Kind};
use takings_server::jobs;
use takings_simulator::{Plan, SimEvent};
use tokio::task::JoinSet;

/// The business to play: a quarter, or a part of one where time is short.
pub fn plan(seed: u64) -> Plan {
    Plan { events: count(700, 1_500), ..Plan::quarter(seed) }
}

/// The state hash of the story delivered once, in order, to one process that nobody disturbs.
pub async fn undisturbed(events: &Arc<Vec<SimEvent>>) -> String {
    let place = Place::sqlite();
    let server = Takings::start(&place);
    deliver_all(server.http, events, 1).await;
    server.kill();
    settled_hash(&place).await
}

/// Finishes what jobs would finish in time, then verifies everything and answers the state hash.
pub async fn settled_hash(place: &Place) -> String {
    let database = place.open().await;
    jobs::settle_waiting(&database).await.unwrap();
    jobs::settle_commissions(&database).await.unwrap();
    jobs::close_due(&database, takings_server::app::now()).await.unwrap();
    close(database).await;
    verified_hash(place)
}

/// Posts every event over some connections; each must be acknowledged. Answers the outcomes.
pub async fn deliver_all(
    address: SocketAddr,
    events: &Arc<Vec<SimEvent>>,
    callers: usize,
) -> BTreeMap<String, usize> {
    let next = Arc::new(AtomicUsize::new(0));
    let mut tasks = JoinSet::new();
    for _ in 0..callers {
        let (events, next) = (events.clone(), next.clone());
        tasks.spawn(async move {
            let mut door = Door::connect(address).await.unwrap();
            let mut outcomes = Vec::new();
            while let Some(event) = events.get(next.fetch_add(1, Ordering::Relaxed)) {
                let answer = door.post(&event.body).await.unwrap();
                assert!(answer.acknowledges(), "{}: {answer:?}", event.id);
                outcomes.push(answer.text("outcome").to_owned());
            }
            outcomes
        });
    }
    let mut outcomes = BTreeMap::new();
    for outcome in tasks.join_all().await.into_iter().flatten() {
        *outcomes.entry(outcome).or_default() += 1;
    }
    outcomes
}

/// The ids of the stored events; each must be there once.
pub async fn stored_events(place: &Place) -> BTreeSet<String> {
    let database = place.open().await;
    let rows = rows(&database, "select event_id from webhook_events").await;
    let ids: Vec<String> = rows.iter().map(|row| row.try_get("", "event_id").unwrap()).collect();
    close(database).await;
    let distinct: BTreeSet<String> = ids.iter().cloned().collect();
    assert_eq!(distinct.len(), ids.len(), "an event is stored twice");
    distinct
}

/// Closes every connection, so that nothing of ours holds the file.
pub async fn close(database: Database) {
    let _ = database.read.close().await;
    let _ = database.write.close().await;
}

/// The rows of every table, but those that change by themselves.
pub async fn table_counts(database: &Database) -> BTreeMap<String, i64> {
    let names = match database.kind {
        Kind::Sqlite => "select name from sqlite_master where type = 'table'",
        Kind::Postgres => {
            "select table_name as name from information_schema.tables where table_schema = 'public'"
        }
    };
    let names = rows(database, names).await;
    let names = names.iter().map(|row| row.try_get::<String>("", "name").unwrap());
    let mut counts = BTreeMap::new();
    for name in names.filter(|it| {
        it != "jobs"
            && !it.starts_with("changed_")
            && !it.starts_with("seaql")
            && !it.starts_with("sqlite")
    }) {
        let count = rows(database, &format!("select count(*) as n from {name}")).await;
        counts.insert(name, count[0].try_get("", "n").unwrap());
    }
    counts
}
