//! Jobs: work that nobody waits for. Each is a row, leased by one process at a time.

mod clicks;
mod close;
mod commissions;
mod coupons;
mod intents;
mod lease;
mod sync;

pub use crate::affiliate::sales::give_up;
pub use clicks::drop_clicks;
pub use close::close_due;
pub use commissions::settle_commissions;
pub(crate) use commissions::settle_marked;
pub use coupons::settle_waiting;
pub use intents::carry_on;
pub use sync::backfill;

use crate::app::App;
use crate::error::Error;
use crate::lead;
use crate::privacy::{link_bodies, retain};
use crate::revenue::look_up::look_up_due;
use std::sync::Arc;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// How often a process looks for work.
const TICK: Duration = Duration::from_secs(1);

/// Runs due jobs until `stop`.
pub async fn run(app: Arc<App>, stop: CancellationToken) {
    tokio::join!(
        settle(&app, &stop),
        clicks(&app, &stop),
        look_ups(&app, &stop),
        mails(&app, &stop),
        sync::run(&app, &stop)
    );
}

/// Runs the jobs that need nobody else.
async fn settle(app: &Arc<App>, stop: &CancellationToken) {
    loop {
        tokio::select! {
            () = tokio::time::sleep(TICK) => {}
            () = stop.cancelled() => return,
        }
        report("coupons", turn(app, "coupons", Duration::from_secs(1)).await);
        report("commissions", turn(app, "commissions", Duration::from_secs(1)).await);
        report("leads", turn(app, "leads", Duration::from_secs(1)).await);
        report("awaited", turn(app, "awaited", Duration::from_secs(60)).await);
        report("bodies", turn(app, "bodies", Duration::from_secs(60)).await);
        report("retention", turn(app, "retention", Duration::from_secs(3_600)).await);
        report("close", turn(app, "close", Duration::from_secs(600)).await);
    }
}

/// Drops old clicks. There may be many, and no commission is to wait for that.
async fn clicks(app: &Arc<App>, stop: &CancellationToken) {
    while stop.run_until_cancelled(tokio::time::sleep(TICK)).await.is_some() {
        report("clicks", turn(app, "clicks", Duration::from_secs(86_400)).await);
    }
}

/// Sends mails. A mail server may take long to answer, and nothing else is to wait for that.
async fn mails(app: &Arc<App>, stop: &CancellationToken) {
    while stop.run_until_cancelled(tokio::time::sleep(TICK)).await.is_some() {
        report("outbox", turn(app, "outbox", Duration::from_secs(1)).await);
    }
}

/// Looks up what is open. Stripe may take long to answer, and nothing else is to wait for that.
async fn look_ups(app: &Arc<App>, stop: &CancellationToken) {
    let wanted = app.config.stripe.look_ups;
    while wanted && stop.run_until_cancelled(tokio::time::sleep(TICK)).await.is_some() {
        report("look_ups", turn(app, "look_ups", Duration::from_secs(1)).await);
    }
}

/// One turn of a job, where it is due and no other process has it.
async fn turn(app: &Arc<App>, name: &'static str, every: Duration) -> Result<(), Error> {
    let lease = lease::take(&app.database, name, app.now()).await?;
    let Some(mut lease) = lease else { return Ok(()) };
    let result = match name {
        "coupons" => settle_waiting(&app.database).await.map(drop),
        "commissions" => settle_commissions(&app.database).await.map(drop),
        "awaited" => give_up(&app.database, app.now()).await.map(drop),
        "clicks" => {
            let keep = app.config.affiliate.keep_clicks_days;
            drop_clicks(&app.database, keep, app.now()).await.map(drop)
        }
        "leads" => lead::convert_marked(&app.database, app.now()).await.map(drop),
        // A mail server may take longer than a lease.
        "outbox" => tokio::select! {
            sent = lead::send_due(app) => sent.map(drop),
            lost = lease.hold(app) => Err(lost),
        },
        "bodies" => link_bodies(&app.database).await.map(drop),
        "retention" => {
            let days = app.config.privacy.keep_bodies_days;
            retain(&app.database, days, app.now()).await.map(drop)
        }
        "look_ups" => look_up_due(app).await.map(drop),
        _ => close_due(&app.database, app.now()).await.map(drop),
    };
    let failure = result.as_ref().err().map(ToString::to_string);
    lease.give_back(&app.database, app.now(), every, failure).await?;
    result
}

fn report(name: &str, result: Result<(), Error>) {
    if let Err(error) = result {
        tracing::warn!(job = name, %error, "a job failed; it is tried again");
    }
}
