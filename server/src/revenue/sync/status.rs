//! How things stand between Stripe and what is stored.

use super::source;
use super::store::{self, Progress, Row, Sweep};
use crate::app::App;
use crate::error::Error;
use takings_core::billing::facts::Seconds;

/// How complete a source is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Status {
    /// Whether there is a key; without one nothing else is known.
    pub configured: bool,
    /// How often is swept, in seconds; 0: never.
    pub interval: u64,
    /// How far events are complete, once the first window was swept.
    pub sweep: Option<Sweep>,
    /// Why the last sweep failed, if it did.
    pub failure: Option<String>,
    /// The backfill begun last.
    pub backfill: Option<Backfill>,
}

/// A backfill and how far it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Backfill {
    /// Its id.
    pub id: String,
    /// Objects that do not last are listed from here on.
    pub since: Seconds,
    /// When it was begun, in microseconds.
    pub started_at: i64,
    /// When everything was listed, in microseconds.
    pub finished_at: Option<i64>,
    /// Why the last attempt failed, where it did and the backfill is not finished.
    pub failure: Option<String>,
    /// How far it is with each kind of object, by name.
    pub kinds: Vec<Progress>,
}

/// How complete the account's source is.
pub async fn status(app: &App) -> Result<Status, Error> {
    if app.stripe().is_err() {
        return Ok(Status::default());
    }
    let source = source(app).await?;
    Ok(Status {
        configured: true,
        interval: app.config.stripe.sweep_interval_seconds,
        sweep: store::sweep(&app.database, source).await?,
        failure: store::failure(&app.database, "sweep").await?,
        backfill: whole(app, store::newest(&app.database, source).await?).await?,
    })
}

/// The backfill of an id.
pub async fn find(app: &App, id: &str) -> Result<Option<Backfill>, Error> {
    whole(app, store::find(&app.database, id).await?).await
}

/// The unfinished backfill that was begun first.
pub async fn open(app: &App) -> Result<Option<Backfill>, Error> {
    let source = source(app).await?;
    whole(app, store::open(&app.database, source).await?).await
}

async fn whole(app: &App, row: Option<Row>) -> Result<Option<Backfill>, Error> {
    let Some(Row { id, since, started_at, finished_at }) = row else { return Ok(None) };
    let kinds = store::progress(&app.database, &id).await?;
    let failure = match finished_at {
        Some(_) => None,
        None => store::failure(&app.database, "backfill").await?,
    };
    Ok(Some(Backfill { id, since, started_at, finished_at, failure, kinds }))
}
