//! The HTTP door: webhooks and forms in, links on, health and metrics out.

mod client;
mod follow;
mod health;
mod leads;
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
        .route("/revenue/leads", post(leads::submit).options(leads::preflight))
        .route("/revenue/leads/confirm/{token}", get(leads::show_confirmation).post(leads::confirm))
        .route(
            "/revenue/leads/unsubscribe/{token}",
            get(leads::show_withdrawal).post(leads::withdraw),
        )
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
