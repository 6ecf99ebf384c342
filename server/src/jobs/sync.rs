//! Jobs that ask Stripe. They may take long, so each has a loop of its own.

use super::{TICK, lease, report};
use crate::app::App;
use crate::error::Error;
use crate::revenue::sync;
use std::sync::Arc;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// Who dies leaves its job to others after so long; who lives renews its lease.
const TERM: Duration = Duration::from_secs(30);

/// Sweeps and does backfills until `stop`; without a key there is nothing to do.
pub(super) async fn run(app: &Arc<App>, stop: &CancellationToken) {
    if app.stripe().is_ok() {
        tokio::join!(sweeps(app, stop), backfills(app, stop));
    }
}

async fn sweeps(app: &Arc<App>, stop: &CancellationToken) {
    let every = Duration::from_secs(app.config.stripe.sweep_interval_seconds);
    while !every.is_zero() && stop.run_until_cancelled(tokio::time::sleep(TICK)).await.is_some() {
        let sweep = async { sync::sweep(app).await.map(drop) };
        report("sweep", turn(app, stop, ("sweep", every), sweep).await);
    }
}

async fn backfills(app: &Arc<App>, stop: &CancellationToken) {
    while stop.run_until_cancelled(tokio::time::sleep(TICK)).await.is_some() {
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

/// One turn of a job, for as long as nothing stops it, where it is due and no other process has
/// it.
async fn turn(
    app: &App,
    stop: &CancellationToken,
    (name, every): (&'static str, Duration),
    work: impl Future<Output = Result<(), Error>>,
) -> Result<(), Error> {
    let lease = lease::take_for(TERM, &app.database, name, app.now()).await?;
    let Some(mut lease) = lease else { return Ok(()) };
    let result = tokio::select! {
        result = work => result,
        lost = lease.hold(app) => Err(lost),
        () = stop.cancelled() => Ok(()),
    };
    let failure = result.as_ref().err().map(ToString::to_string);
    lease.give_back(&app.database, app.now(), every, failure).await?;
    result
}
