//! What webhooks missed: events found again by a sweep, objects and their past by a backfill.

mod backfill;
pub(super) mod convert;
mod status;
mod store;
mod sweep;

pub use backfill::{KINDS, Kind, begin, run};
pub use status::{Backfill, Status, find, open, status};
pub use store::{Progress, Sweep};
pub use sweep::sweep;

use crate::app::App;
use crate::error::Error;
use crate::sources;

/// The source that the configured key's account is.
async fn source(app: &App) -> Result<i64, Error> {
    let name = sources::stripe(None, app.stripe()?.livemode(None));
    app.sources.number(&name).await
}
