//! The limit: a server that only verifies and parses, and the very statements of our writer sent
//! again as they are.

use crate::cpu;
use crate::load::{SECRET, start};
use crate::place::options;
use crate::target::Target;
use axum::body::Bytes;
use axum::http::{HeaderMap, StatusCode};
use std::process::Command;
use std::sync::{Arc, Mutex};
use takings_core::stripe::{envelope, normalize, signature};
use takings_server::app::now;
use takings_server::db::Database;
use takings_server::http;
use takings_server::ingest::{Body, Entry, Unit};
use takings_server::revenue::intake::prepare;
use tokio_util::sync::CancellationToken;

/// The name under which this binary serves the bare door.
pub(crate) const BARE_SERVER: &str = "bare-server";

/// Serves a door that verifies and parses, and stores nothing.
pub(crate) async fn serve_bare() -> anyhow::Result<()> {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
    println!("bare http://{}", listener.local_addr()?);
    let router = axum::Router::new()
        .route("/revenue/webhooks/stripe", axum::routing::post(verify_and_parse));
    http::serve(listener, router, CancellationToken::new()).await;
    Ok(())
}

async fn verify_and_parse(headers: HeaderMap, body: Bytes) -> Result<String, StatusCode> {
    let header =
        headers.get("stripe-signature").and_then(|it| it.to_str().ok()).unwrap_or_default();
    signature::verify(header, &body, &[SECRET], now(), 300).map_err(|_| StatusCode::BAD_REQUEST)?;
    let envelope = envelope::parse(&body).map_err(|_| StatusCode::BAD_REQUEST)?;
    normalize(&envelope).map_err(|_| StatusCode::BAD_REQUEST)?;
    Ok(envelope.id)
}

/// The bare server as a process.
pub(crate) fn bare() -> anyhow::Result<Target> {
    let mut command = Command::new(std::env::current_exe()?);
    command.arg(BARE_SERVER);
    Target::start(command)
}

/// CPU-seconds per 1,000 events of the writer's statements alone, at batches of `size`: recorded
/// on one database, sent again on another, client and database counted.
pub(crate) async fn statements(
    record_on: &str,
    replay_on: &str,
    postmaster: Option<u32>,
    (bodies, size): (&[Vec<u8>], usize),
) -> anyhow::Result<f64> {
    let database = open(record_on).await?;
    let log = Arc::new(Mutex::new(Vec::new()));
    let mut conn = database.conn().await?;
    conn.record(log.clone());
    for chunk in bodies.chunks(size.max(1)) {
        let entries: Vec<Entry> = chunk
            .iter()
            .map(|body| {
                let envelope = envelope::parse(body).map_err(anyhow::Error::from)?;
                Ok(prepare(1, &envelope, Body::compress(body), None))
            })
            .collect::<anyhow::Result<_>>()?;
        let mut tx = conn.begin().await?;
        Unit { shard: 0 }.ingest(&mut tx, &entries).await?;
        tx.commit().await?;
    }
    drop(conn);
    let steps = log.lock().map(|steps| steps.clone()).unwrap_or_default();
    let database = open(replay_on).await?;
    let mut conn = database.conn().await?;
    let own = std::process::id();
    let before = cpu::used(own) + postmaster.map_or(0.0, cpu::used_by_tree);
    let started = start();
    conn.replay(&steps).await?;
    let after = cpu::used(own) + postmaster.map_or(0.0, cpu::used_by_tree);
    let events = bodies.len() as f64;
    println!(
        "  statements alone: {} in batches of {size}, {:.0} events/s",
        steps.len(),
        events / started.elapsed().as_secs_f64()
    );
    Ok((after - before) / events * 1000.0)
}

async fn open(url: &str) -> anyhow::Result<Database> {
    let database = Database::open(&options(url)).await?;
    database.migrate().await?;
    takings_server::sources::Sources::new(database.clone()).number("stripe:default:live").await?;
    Ok(database)
}
