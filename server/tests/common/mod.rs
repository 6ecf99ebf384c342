//! What several tests need: databases, and events on their way in.
#![allow(
    dead_code,
    unreachable_pub,
    clippy::disallowed_methods,
    clippy::unwrap_used,
    reason = "each test binary uses its part; tests fail where they stand"
)]

pub mod browser;
pub mod canaries;
pub mod contract;
pub mod dice;
pub mod door;
pub mod localstripe;
pub mod office;
pub mod place;
pub mod process;
pub mod python;
pub mod story;
pub mod stripe;
pub mod stripe_mock;

use sea_orm::{ConnectionTrait, QueryResult, Statement};
use std::path::Path;
use takings_core::stripe::envelope;
use takings_server::db::{Database, Options};
use takings_server::ingest::{Body, Entry, Outcome, Unit, transact};
use takings_server::privacy::MasterSource;
use takings_server::revenue::intake::prepare;

/// A fresh SQLite database in a folder.
pub async fn sqlite(folder: &Path) -> Database {
    open(format!("sqlite://{}", folder.join("takings.db").display())).await
}

/// A database with the newest schema.
pub async fn open(url: String) -> Database {
    let database = Database::open(&options(url)).await.unwrap();
    database.migrate().await.unwrap();
    database
}

/// How tests open a database.
pub fn options(url: String) -> Options {
    let master = takings_testkit::master_key(&url).map(MasterSource::of).unwrap_or_default();
    Options { master, ..Options::new(url) }
}

/// A body as the intake would hand it to the writer.
pub fn entry(source: i64, body: &[u8]) -> Entry {
    let envelope = envelope::parse(body).unwrap();
    prepare(source, &envelope, Body::compress(body), None)
}

/// Takes bodies in, in batches of `batch`.
pub async fn ingest(database: &Database, bodies: &[&[u8]], batch: usize) -> Vec<Outcome> {
    ingest_as("stripe:default:live", database, bodies, batch).await
}

/// The same, as a source of that name.
pub async fn ingest_as(
    source: &str,
    database: &Database,
    bodies: &[&[u8]],
    batch: usize,
) -> Vec<Outcome> {
    let sources = takings_server::sources::Sources::new(database.clone());
    let source = sources.number(source).await.unwrap();
    let mut outcomes = Vec::new();
    for chunk in bodies.chunks(batch) {
        let entries: Vec<Entry> = chunk.iter().map(|body| entry(source, body)).collect();
        let unit = Unit { shard: 0 };
        outcomes
            .extend(transact(database, async |tx| unit.ingest(tx, &entries).await).await.unwrap());
    }
    outcomes
}

/// Rows of a query.
pub async fn rows(database: &Database, query: &str) -> Vec<QueryResult> {
    database.write.query_all_raw(Statement::from_string(database.kind.into(), query)).await.unwrap()
}
