//! Commands that were left open, by a process that died or a Stripe that did not answer.

use crate::app::App;
use crate::revenue::commands::resume;
use std::sync::Arc;
use std::time::Duration;
use takings_core::time::Timestamp;
use tokio_util::sync::CancellationToken;

/// How often is looked for open commands.
const TICK: Duration = Duration::from_secs(5);
/// Longer than anybody is at work on one.
const QUIET: Duration = Duration::from_secs(90);

/// Carries on with open commands until `stop`: at once with all that were there before, then with
/// those that nobody has been at work on for a while. Each that is tried is touched, and left alone
/// until it was quiet again. Two at work on one do no harm, because they send the same key.
pub async fn carry_on(app: Arc<App>, stop: CancellationToken) {
    let started = app.now();
    loop {
        let quiet = Timestamp(app.now().0 - QUIET.as_micros() as i64);
        let resumed = tokio::select! {
            resumed = resume(&app, started.max(quiet)) => resumed,
            () = stop.cancelled() => return,
        };
        let pause = if matches!(resumed, Ok(1..)) { Duration::ZERO } else { TICK };
        super::report("intents", resumed.map(drop));
        tokio::select! {
            () = tokio::time::sleep(pause) => {}
            () = stop.cancelled() => return,
        }
    }
}
