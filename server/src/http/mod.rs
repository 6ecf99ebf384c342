//! The HTTP door: webhooks in, links on, health and metrics out.

mod client;
mod follow;
mod health;
mod peer;
mod server;
mod webhook;

pub use client::Client;
pub use server::serve;

use crate::app::App;
use axum::Router;
use axum::routing::{get, post};
use std::sync::Arc;

/// Every route.
pub fn router(app: Arc<App>) -> Router {
    Router::new()
        .route("/revenue/webhooks/stripe", post(webhook::stripe))
        .route("/r/{code}", get(follow::follow))
        .route("/takings.js", get(follow::script))
        .route("/revenue/health", get(health::ready))
        .route("/revenue/metrics", get(health::metrics))
        .route("/healthz", get(health::alive))
        .route("/readyz", get(health::ready))
        .route("/metrics", get(health::metrics))
        .fallback(health::nothing_here)
        .with_state(app)
}
