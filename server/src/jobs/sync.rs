//! Jobs that ask Stripe. They may take long, so each has a loop of its own.

use super::{TICK, report, ticks, turn};
use crate::app::App;
use crate::error::Error;
use crate::revenue::sync;
use std::sync::Arc;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// Sweeps and does backfills until `stop`; without a key there is nothing to do.
pub(super) async fn run(app: &Arc<App>, stop: &CancellationToken) {
    if app.stripe().is_ok() {
        tokio::join!(sweeps(app, stop), backfills(app, stop));
    }
}

async fn sweeps(app: &Arc<App>, stop: &CancellationToken) {
    let every = Duration::from_secs(app.config.stripe.sweep_interval_seconds);
    while !every.is_zero() && ticks(stop).await {
        let sweep = async { sync::sweep(app).await.map(drop) };
        report("sweep", turn(app, stop, ("sweep", every), sweep).await);
    }
}

async fn backfills(app: &Arc<App>, stop: &CancellationToken) {
    while ticks(stop).await {
        report("backfill", backfill(app, stop).await);
    }
}

/// Does what is left of the backfill begun first, unless another process does.
///
/// # Errors
///
/// Where Stripe or the database fails; what was done by then stays done.
pub async fn backfill(app: &Arc<App>, stop: &CancellationToken) -> Result<(), Error> {
    let Some(open) = sync::open(app).await? else { return Ok(()) };
    turn(app, stop, ("backfill", TICK), sync::run(app, &open.id)).await
}
