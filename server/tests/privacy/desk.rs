//! A story of persons in a database, and what can be seen of them from outside.

use crate::common::place::Place;
use crate::common::{ingest, rows};
use serde_json::json;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use takings_server::db::{Database, Kind};
use takings_simulator::{Plan, SimEvent, play};

/// The events of a small business.
pub(crate) fn story() -> Vec<SimEvent> {
    play(&Plan::small(7)).events
}

/// So many customers more, of whom nothing but name and address is told.
pub(crate) fn crowd(persons: usize) -> Vec<SimEvent> {
    let event = |number: usize| {
        let (id, object) = (format!("evt_crowd_{number}"), format!("cus_crowd_{number}"));
        let body = json!({
            "id": id, "object": "event", "type": "customer.created", "livemode": true,
            "created": 1_736_467_200, "api_version": "2026-10-28.endive",
            "data": {"object": {
                "id": object, "object": "customer", "created": 1_736_467_200,
                "name": format!("Person {number}"), "email": format!("p{number}@example.com"),
            }},
        });
        let (customer, kind) = (Some(object.clone()), "customer.created".to_owned());
        let body = body.to_string().into_bytes();
        SimEvent { id, created: 1_736_467_200, kind, object, customer, body }
    };
    (0..persons).map(event).collect()
}

/// A place on each kind of database that there is.
pub(crate) fn places(name: &str) -> Vec<Place> {
    [Some(Place::sqlite()), Place::postgres(name)].into_iter().flatten().collect()
}

/// Takes events in.
pub(crate) async fn deliver(database: &Database, events: &[SimEvent]) {
    let bodies: Vec<&[u8]> = events.iter().map(|event| event.body.as_slice()).collect();
    ingest(database, &bodies, 16).await;
}

/// What names a person in the events' bodies: emails and names of customers.
pub(crate) fn canaries(events: &[SimEvent]) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for event in events {
        let body: serde_json::Value = serde_json::from_slice(&event.body).unwrap();
        let object = &body["data"]["object"];
        if object["object"] == "customer" {
            found.extend(
                ["email", "name"].iter().filter_map(|key| object[key].as_str()).map(str::to_owned),
            );
        }
    }
    assert!(found.len() > 4, "{found:?}");
    found
}

/// The canaries that are in some bytes.
pub(crate) fn seen(canaries: &BTreeSet<String>, bytes: &[u8]) -> Vec<String> {
    let here = |it: &&String| bytes.windows(it.len()).any(|window| window == it.as_bytes());
    canaries.iter().filter(here).cloned().collect()
}

/// Every file that a SQLite database consists of.
pub(crate) fn files(place: &Place) -> Vec<PathBuf> {
    let file = Path::new(place.url.trim_start_matches("sqlite://"));
    let found = std::fs::read_dir(file.parent().unwrap()).unwrap();
    found.map(|entry| entry.unwrap().path()).filter(|path| path.is_file()).collect()
}

/// One number that a query answers.
pub(crate) async fn number(database: &Database, query: &str) -> i64 {
    rows(database, query).await[0].try_get_by_index(0).unwrap()
}

/// Rows of the key store, as text.
pub(crate) fn key_rows(place: &Place, database: &Database, query: &str) -> Vec<String> {
    match database.kind {
        Kind::Sqlite => {
            let file = format!("{}.keys", place.url.trim_start_matches("sqlite://"));
            let conn = rusqlite::Connection::open(file).unwrap();
            let mut statement = conn.prepare(&query.replace("takings_keys.", "")).unwrap();
            let rows = statement.query_map((), |row| row.get::<_, String>(0)).unwrap();
            rows.map(Result::unwrap).collect()
        }
        Kind::Postgres => {
            let server = takings_testkit::PostgresServer::shared("key rows").unwrap();
            let name = place.url.rsplit('/').next().unwrap();
            server.query(name, query).lines().map(str::to_owned).collect()
        }
    }
}
