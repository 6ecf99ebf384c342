//! Health and metrics, for probes and scrapers; no authentication.

use crate::app::App;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use std::sync::Arc;

/// The process runs.
pub(super) async fn alive() -> &'static str {
    "ok\n"
}

/// The process takes work: it is not on its way out, and the database answers.
pub(super) async fn ready(State(app): State<Arc<App>>) -> Response {
    match app.readiness().await {
        Ok(()) => (StatusCode::OK, "ok\n").into_response(),
        Err(why) => (StatusCode::SERVICE_UNAVAILABLE, format!("{why}\n")).into_response(),
    }
}

/// Metrics in Prometheus' text format.
pub(super) async fn metrics(State(app): State<Arc<App>>) -> Response {
    let content_type = [(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")];
    (content_type, app.scrape().await).into_response()
}

/// Any other path.
pub(super) async fn nothing_here() -> Response {
    let hint = "nothing here: POST /revenue/webhooks/stripe or /revenue/leads, or GET /r/{code}, \
                /takings.js, /revenue/health, /revenue/metrics, /healthz, /readyz, /metrics\n";
    (StatusCode::NOT_FOUND, hint).into_response()
}
