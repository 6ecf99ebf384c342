//! The sweep: whatever Stripe lists and no webhook brought is taken in, and the instant through
//! which nothing is missing moves on.
//!
//! Stripe lists events for 30 days. A sweep walks them in windows of time, the oldest first, and
//! moves the watermark when a window's last page is durable: a crash repeats a window, and skips
//! none. Each sweep begins a while before the watermark, for events that were listed late. Nothing
//! longer is needed: a webhook that Stripe tries again for days brings an event that the list held
//! from its first minute, so it has been taken in from there.

use super::store::{self, Sweep};
use super::{backfill, source};
use crate::app::App;
use crate::error::Error;
use crate::ingest::{Entry, Outcome};
use crate::revenue::intake;
use crate::stripe::lists::{self, Created, Page, Question};
use crate::{sources, telemetry};
use serde_json::{Map, Value};
use std::collections::HashSet;
use takings_core::billing::facts::Seconds;

/// Younger events may be on their way yet, and may be listed late.
const MARGIN: Seconds = 60;
/// How far behind the watermark a sweep begins: how late an event may be listed.
const OVERLAP: Seconds = 600;
/// For so long Stripe lists an event, but for an hour: nothing is to fall off the edge while the
/// first window is walked.
const KEPT: Seconds = 30 * DAY - 3_600;
/// The watermark moves on at least once in so much time.
const DAY: Seconds = 86_400;
const EVENTS: &str = "/events";

/// What a window came to.
#[derive(Clone, Copy, Debug, Default)]
struct Count {
    listed: u64,
    healed: u64,
}

/// Looks for events that no webhook brought, and takes them in; answers how things stand.
///
/// # Errors
///
/// Without a key; where Stripe or the database fails. What was done by then stays done.
pub async fn sweep(app: &App) -> Result<Sweep, Error> {
    let source = source(app).await?;
    let now = clock(app).await?;
    let (oldest, end) = (now - KEPT, now - MARGIN);
    let known = store::sweep(&app.database, source).await?;
    let gap = known.filter(|known| known.through < oldest);
    if let Some(gap) = gap {
        tracing::warn!(
            days = (oldest - gap.through) / DAY + 1,
            "events are missing that Stripe no longer lists: every object is fetched instead"
        );
        backfill::begin_for_gap(app, source, gap.through).await?;
    }
    // What is complete begins anew after a gap: what happened inside it is not known in full.
    let whole = known.filter(|known| known.through >= oldest);
    let mut sweep = whole.unwrap_or_else(|| Sweep::new(source, oldest).counting_on(known));
    let mut from = (sweep.through - OVERLAP).max(oldest);
    while from < end {
        let to = end.min(from + DAY);
        let count = window(app, Created { gte: Some(from), lt: Some(to) }).await?;
        sweep.moved(to, app.now(), (count.listed, count.healed));
        store::keep(&app.database, &sweep).await?;
        telemetry::swept(sweep.through, count.listed, count.healed);
        from = to;
    }
    Ok(sweep)
}

/// The present second by Stripe's clock, by which events are dated.
async fn clock(app: &App) -> Result<Seconds, Error> {
    let Page { second, .. } = lists::page(&app.stripe()?.client, EVENTS, &Question::NEWEST).await?;
    Ok(second)
}

/// Takes in what is missing of a window.
async fn window(app: &App, created: Created) -> Result<Count, Error> {
    let client = &app.stripe()?.client;
    let (mut count, mut after) = (Count::default(), None::<String>);
    loop {
        let question = Question { starting_after: after.as_deref(), ..Question::made(created) };
        let page = lists::page(client, EVENTS, &question).await?;
        count.listed += page.objects.len() as u64;
        count.healed += take_in(app, &page.objects).await?;
        match page.next {
            Some(next) => after = Some(next),
            None => return Ok(count),
        }
    }
}

/// Takes in those of some events that are not stored; answers how many that were. One that a
/// webhook brought in another version is stored: the account's older shape says nothing new. One
/// whose type says nothing that counts is not missed: endpoints need not send it.
async fn take_in(app: &App, events: &[Map<String, Value>]) -> Result<u64, Error> {
    let stored = stored(app, events).await?;
    let missing = events.iter().filter(|event| !id(event).is_some_and(|id| stored.contains(id)));
    let mut entries: Vec<Entry> = Vec::new();
    for event in missing {
        entries.push(intake::listed(app, event).await?);
    }
    entries.retain(|entry| entry.outcome != Outcome::Ignored);
    let outcomes = app.writer.ingest_all(entries).await?;
    Ok(outcomes.iter().filter(|outcome| **outcome != Outcome::Duplicate).count() as u64)
}

/// The ids of those that are stored, in whatever version.
async fn stored(app: &App, events: &[Map<String, Value>]) -> Result<HashSet<String>, Error> {
    let livemode = events.first().and_then(|event| event.get("livemode")?.as_bool());
    let name = sources::stripe(None, app.stripe()?.livemode(livemode));
    let source = app.sources.number(&name).await?;
    let ids: Vec<&str> = events.iter().filter_map(id).collect();
    store::stored(&app.database, source, &ids).await
}

fn id(event: &Map<String, Value>) -> Option<&str> {
    event.get("id")?.as_str()
}
