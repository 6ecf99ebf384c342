//! The limits: a server that only redirects, and the bare inserts of the clicks of a run.

use super::shop::Shop;
use crate::copy::{open, push, select};
use crate::load::start;
use crate::target::Target;
use anyhow::Context;
use axum::http::{StatusCode, header};
use axum::response::IntoResponse;
use std::process::Command;
use takings_server::affiliate::clicks::CLICKS;
use takings_server::db::Rows;
use takings_server::http;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

/// The name under which this binary serves redirects alone.
pub(crate) const REDIRECT_SERVER: &str = "redirect-server";
/// The most clicks that are inserted again.
const ROWS: usize = 50_000;

/// Serves redirects, and keeps nothing.
pub(crate) async fn serve_redirects() -> anyhow::Result<()> {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
    println!("redirects http://{}", listener.local_addr()?);
    let router = axum::Router::new().route("/r/{code}", axum::routing::get(send_on));
    http::serve(listener, router, CancellationToken::new()).await;
    Ok(())
}

/// An answer as long as ours.
async fn send_on() -> impl IntoResponse {
    let id = format!("clk_{}", Uuid::new_v4().simple());
    let headers = [
        (header::LOCATION, format!("https://shop.example/start?tk_click={id}")),
        (header::CACHE_CONTROL, "no-store".to_owned()),
        (header::REFERRER_POLICY, "strict-origin".to_owned()),
        (header::SET_COOKIE, format!("tk_click={id}; Max-Age=7776000; Path=/; SameSite=Lax")),
    ];
    (StatusCode::FOUND, headers)
}

/// That server as a process.
pub(super) fn redirect_only() -> anyhow::Result<Target> {
    let mut command = Command::new(std::env::current_exe()?);
    command.arg(REDIRECT_SERVER);
    Target::start(command)
}

/// How the bare inserts went.
pub(super) struct Bare {
    /// Rows a second.
    pub(super) rate: f64,
    /// The mean number of rows in a transaction.
    pub(super) batch: f64,
}

/// Inserts a run's clicks into an empty database, a transaction for each that the server made.
pub(super) async fn inserts(shop: &Shop, url: &str) -> anyhow::Result<Bare> {
    let batches = batches(shop).await?;
    let rows: usize = batches.iter().map(Rows::len).sum();
    anyhow::ensure!(rows > 0, "no click was stored");
    let database = open(url).await?;
    let mut conn = database.conn().await?;
    let begun = start();
    for batch in &batches {
        let mut tx = conn.begin().await?;
        tx.insert(&CLICKS, batch).await?;
        tx.commit().await?;
    }
    let rate = rows as f64 / begun.elapsed().as_secs_f64();
    Ok(Bare { rate, batch: rows as f64 / batches.len() as f64 })
}

/// The clicks by the transaction that stored them: it gave all the same time.
async fn batches(shop: &Shop) -> anyhow::Result<Vec<Rows>> {
    let text = format!("select * from clicks order by recorded_at limit {ROWS}");
    let (mut batches, mut last) = (Vec::<Rows>::new(), None);
    for row in select(&shop.database, &text).await? {
        let recorded_at: i64 = row.try_get("", "recorded_at")?;
        if last.replace(recorded_at) != Some(recorded_at) {
            batches.push(Rows::default());
        }
        push::<11>(&CLICKS, &row, batches.last_mut().context("no batch")?)?;
    }
    Ok(batches)
}
