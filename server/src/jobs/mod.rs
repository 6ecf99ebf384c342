//! Jobs: work that nobody waits for. Each is a row, leased by one process at a time.

mod clicks;
mod close;
mod commissions;
mod coupons;
mod intents;
mod lease;
mod span;
mod sync;
mod turn;

pub use crate::affiliate::sales::give_up;
pub use clicks::drop_clicks;
pub use close::close_due;
pub use commissions::settle_commissions;
pub(crate) use commissions::{settle_for, settle_marked};
pub use coupons::settle_waiting;
pub use intents::carry_on;
pub(crate) use span::Span;
pub use sync::backfill;

use crate::app::App;
use crate::error::Error;
use crate::lead;
use crate::privacy::{link_bodies, retain};
use crate::revenue::look_up::look_up_due;
use std::sync::Arc;
use std::time::Duration;
use tokio_util::sync::CancellationToken;
use turn::turn;

/// How often a process looks for work.
const TICK: Duration = Duration::from_secs(1);

const MINUTE: Duration = Duration::from_secs(60);

/// Runs due jobs until `stop`. What may take long has a loop of its own, so that nobody waits for it.
pub async fn run(app: Arc<App>, stop: CancellationToken) {
    tokio::join!(
        settle(&app, &stop),
        leads(&app, &stop),
        upkeep(&app, &stop),
        clicks(&app, &stop),
        look_ups(&app, &stop),
        mails(&app, &stop),
        sync::run(&app, &stop)
    );
}

/// Derives what others wait for: each job goes on for half a minute at most where much has changed.
async fn settle(app: &App, stop: &CancellationToken) {
    let (database, mut aside) = (&app.database, coupons::Aside::default());
    while ticks(stop).await {
        let coupons = async { coupons::settle(database, &mut aside, Span::turn()).await.map(drop) };
        report("coupons", turn(app, stop, ("coupons", TICK), coupons).await);
        let commissions = async { settle_for(database, Span::turn()).await.map(drop) };
        report("commissions", turn(app, stop, ("commissions", TICK), commissions).await);
    }
}

/// Derives what leads have become.
async fn leads(app: &App, stop: &CancellationToken) {
    while ticks(stop).await {
        let work = async { lead::convert_marked(&app.database, app.now()).await.map(drop) };
        report("leads", turn(app, stop, ("leads", TICK), work).await);
    }
}

/// Does what nobody waits for: each job goes once through what there is.
async fn upkeep(app: &App, stop: &CancellationToken) {
    let (database, days) = (&app.database, app.config.privacy.keep_bodies_days);
    while ticks(stop).await {
        let work = async { give_up(database, app.now()).await.map(drop) };
        report("awaited", turn(app, stop, ("awaited", MINUTE), work).await);
        let work = async { link_bodies(database).await.map(drop) };
        report("bodies", turn(app, stop, ("bodies", MINUTE), work).await);
        let work = async { retain(database, days, app.now()).await.map(drop) };
        report("retention", turn(app, stop, ("retention", MINUTE * 60), work).await);
        let work = async { close_due(database, app.now()).await.map(drop) };
        report("close", turn(app, stop, ("close", MINUTE * 10), work).await);
    }
}

/// Drops old clicks. There may be many, and no commission is to wait for that.
async fn clicks(app: &App, stop: &CancellationToken) {
    let keep = app.config.affiliate.keep_clicks_days;
    while ticks(stop).await {
        let work = async { drop_clicks(&app.database, keep, app.now()).await.map(drop) };
        report("clicks", turn(app, stop, ("clicks", MINUTE * 60 * 24), work).await);
    }
}

/// Sends mails. A mail server may take long to answer, and nothing else is to wait for that.
async fn mails(app: &App, stop: &CancellationToken) {
    // It ends by itself between two mails: one that was taken must be noted, or it leaves again.
    let never = CancellationToken::new();
    while ticks(stop).await {
        let work = async { lead::send_due(app).await.map(drop) };
        report("outbox", turn(app, &never, ("outbox", TICK), work).await);
    }
}

/// Looks up what is open. Stripe may take long to answer, and nothing else is to wait for that.
async fn look_ups(app: &Arc<App>, stop: &CancellationToken) {
    while app.config.stripe.look_ups && ticks(stop).await {
        let work = async { look_up_due(app).await.map(drop) };
        report("look_ups", turn(app, stop, ("look_ups", TICK), work).await);
    }
}

/// Waits until it is time to look for work; answers whether there is to be any more.
async fn ticks(stop: &CancellationToken) -> bool {
    stop.run_until_cancelled(tokio::time::sleep(TICK)).await.is_some()
}

fn report(name: &str, result: Result<(), Error>) {
    if let Err(error) = result {
        tracing::warn!(job = name, error = error.chain(), "a job failed; it is tried again");
    }
}
