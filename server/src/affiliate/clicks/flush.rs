//! The one task that takes clicks from memory into the database.

use super::origin::Origins;
use super::salts::{Salts, first_kept};
use super::store::{self, Row};
use super::{Clicks, LIMITED, Seen, Waiting, bots, count};
use crate::app::App;
use crate::db::{Failure, Kind, Tx};
use crate::ingest::{Trouble, transact};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::mem::take;
use std::sync::Arc;
use std::time::Duration;
use takings_core::affiliate::click::{Dedup, Reason, Signals, VisitorKey, classify};
use takings_core::time::Timestamp;
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

/// How long clicks are gathered.
const GATHER: Duration = Duration::from_millis(25);
/// The most clicks of one transaction.
const AT_ONCE: usize = 500;
/// The pause after a transaction that failed.
const PAUSE: Duration = Duration::from_millis(250);
/// How often a last transaction is tried.
const LAST_TRIES: u32 = 3;
/// How often salts are looked at.
const ROUND: Duration = Duration::from_secs(600);
/// How far apart two clicks of one visit can be, in microseconds.
const VISIT: i64 = 3_600_000_000;

/// Clicks that are counted and not stored, by link and day.
type Counts = BTreeMap<(String, i64), i64>;

/// Takes clicks into the database until `stop`, and then what is left.
pub async fn run(app: Arc<App>, stop: CancellationToken) {
    bots::prepare();
    let mut ticks = tokio::time::interval(ROUND);
    loop {
        tokio::select! {
            () = app.clicks.bell.notified() => {
                if app.clicks.may_gather() {
                    sleep(GATHER).await;
                }
                flush(&app, &stop).await;
            }
            _ = ticks.tick() => drop_salts(&app).await,
            () = stop.cancelled() => return flush(&app, &stop).await,
        }
    }
}

/// Drops the salts that are older than 25 hours.
async fn drop_salts(app: &App) {
    if let Err(error) = store::drop_salts(&app.database, first_kept(app.now())).await {
        tracing::warn!(%error, "old salts of clicks could not be dropped; it is tried again");
    }
}

impl Clicks {
    /// Whether something waits, and nobody waits for it. The bell may have been rung for what the
    /// flush before took: whoever comes next is not to wait for that.
    fn may_gather(&self) -> bool {
        let idle = |waiting: &Waiting| waiting.clicks.is_empty() && waiting.counts.is_empty();
        self.waiting.lock().is_ok_and(|waiting| !waiting.urgent && !idle(&waiting))
    }

    /// A part of what waits, the earliest first.
    fn next(&self) -> Option<(Vec<Seen>, Counts)> {
        let mut waiting = self.waiting.lock().ok()?;
        let Waiting { clicks, counts, limits: _, urgent } = &mut *waiting;
        let part: Vec<Seen> = clicks.drain(..clicks.len().min(AT_ONCE)).collect();
        *urgent = clicks.iter().any(|click| click.told.is_some());
        let counts = take(counts);
        (!part.is_empty() || !counts.is_empty()).then_some((part, counts))
    }
}

/// Takes in what waits. What the database does not take is held, and offered again.
async fn flush(app: &App, stop: &CancellationToken) {
    while let Some((clicks, counts)) = app.clicks.next() {
        offer(app, clicks, counts, stop).await;
    }
}

/// Offers clicks and counts until they are stored. What the database refuses for what it is would be
/// refused for ever: then each is offered for itself, and those that are refused are lost.
async fn offer(app: &App, mut clicks: Vec<Seen>, counts: Counts, stop: &CancellationToken) {
    let mut tries = 0;
    loop {
        let trouble = match keep(app, &clicks, &counts).await {
            Ok(reasons) => {
                tell(&mut clicks, &reasons, &counts);
                return;
            }
            Err(trouble) => trouble,
        };
        let (several, refused) =
            (clicks.len() + counts.len() > 1, trouble.failure() == Failure::Data);
        tracing::warn!(error = %trouble, clicks = clicks.len(), "clicks could not be stored");
        if refused && several {
            let each = clicks.into_iter().map(|click| (vec![click], Counts::new()));
            let counted = counts.into_iter().map(|it| (Vec::new(), Counts::from([it])));
            for (clicks, counts) in each.chain(counted) {
                Box::pin(offer(app, clicks, counts, stop)).await;
            }
            return;
        }
        tries += 1;
        if refused || (stop.is_cancelled() && tries >= LAST_TRIES) {
            // Whoever waits for one of them is told by its end.
            metrics::counter!("clicks_lost_total").increment(clicks.len() as u64);
            return;
        }
        sleep(PAUSE).await;
    }
}

/// Tells what each click was taken for.
fn tell(clicks: &mut [Seen], reasons: &[Reason], counts: &Counts) {
    for (click, reason) in clicks.iter_mut().zip(reasons) {
        count(reason.as_str());
        if let Some(told) = click.told.take() {
            let _ = told.send(*reason);
        }
    }
    let limited: i64 = counts.values().sum();
    metrics::counter!("clicks_total", "outcome" => LIMITED).increment(limited.unsigned_abs());
}

/// Stores clicks in one transaction; answers what each is taken for.
async fn keep(app: &App, clicks: &[Seen], counts: &Counts) -> Result<Vec<Reason>, Trouble> {
    let now = app.now();
    let kept = transact(&app.database, async |tx| {
        let salts = Salts::of(tx, clicks.iter().map(|click| click.at.day()), now).await?;
        let visitors: Vec<Visitor> = clicks.iter().map(|click| visitor(click, &salts)).collect();
        let mut before = counted(tx, clicks, &visitors).await?;
        let rows: Vec<Row> = clicks
            .iter()
            .zip(&visitors)
            .map(|(click, visitor)| row((click, visitor), &app.clicks.origins, &mut before, now))
            .collect();
        let reasons = store::insert(tx, &rows).await?;
        store::count(tx, counts, LIMITED).await?;
        Ok(reasons)
    });
    kept.await
}

/// A visitor's key under the salt of the click's day, and that of the day before.
type Visitor = Option<(VisitorKey, Option<VisitorKey>)>;

fn visitor(click: &Seen, salts: &Salts) -> Visitor {
    let agent = click.user_agent.as_deref().unwrap_or_default();
    salts.visitor(click.at.day(), click.address?, agent)
}

/// When visitors' earlier clicks were counted, by link and visitor.
type Counted = HashMap<(String, String), Vec<Timestamp>>;

/// Reads the earlier clicks of these visitors. On PostgreSQL nobody else counts them meanwhile.
async fn counted(
    tx: &mut Tx<'_>,
    clicks: &[Seen],
    visitors: &[Visitor],
) -> Result<Counted, Trouble> {
    let mut keys = BTreeMap::new();
    let mut buckets = BTreeSet::new();
    for (click, visitor) in clicks.iter().zip(visitors) {
        let Some((today, yesterday)) = visitor else { continue };
        for key in [Some(today), yesterday.as_ref()].into_iter().flatten() {
            buckets.insert(i64::from(key.0[0]));
            let span = keys
                .entry((click.target.link.clone(), key.to_hex()))
                .or_insert((click.at.0, click.at.0));
            *span = (span.0.min(click.at.0), span.1.max(click.at.0));
        }
    }
    if tx.kind() == Kind::Postgres {
        store::lock(tx, &buckets).await?;
    }
    let mut counted = Counted::new();
    for ((link, visitor), at) in store::counted(tx, &keys, VISIT).await? {
        counted.entry((link, visitor)).or_default().push(at);
    }
    Ok(counted)
}

/// A click as a row, taken for what it is by those before it.
fn row<'c>(
    (click, visitor): (&'c Seen, &Visitor),
    origins: &Origins,
    before: &mut Counted,
    now: Timestamp,
) -> Row<'c> {
    let purposes: Vec<&str> = click.purposes.iter().map(String::as_str).collect();
    let agent = click.user_agent.as_deref();
    let verdict = classify(&Signals {
        opt_out: click.opt_out,
        method: &click.method,
        purposes: &purposes,
        user_agent: agent,
        bot_ua: agent.is_some_and(bots::is_bot),
        bot_referrer: click.referrer_host.as_deref().is_some_and(|it| origins.is_robots_page(it)),
        bot_ip: click.address.is_some_and(|it| origins.is_robot(it)),
        datacenter: click.address.is_some_and(|it| origins.is_datacenter(it)),
        dedup: dedup(click, visitor, before),
    });
    let key = visitor.as_ref().map(|(today, _)| today.to_hex());
    if let (Reason::Valid, Some(key)) = (verdict.reason, &key) {
        before.entry((click.target.link.clone(), key.clone())).or_default().push(click.at);
    }
    Row { click, reason: verdict.reason, signals: verdict.signals, visitor: key, now }
}

/// Whether the visitor's last counted click on the link belongs to the same visit.
fn dedup(click: &Seen, visitor: &Visitor, before: &Counted) -> Dedup {
    let Some((today, yesterday)) = visitor else { return Dedup::Unknown };
    let keys = [Some(today), yesterday.as_ref()];
    let times = keys.into_iter().flatten().flat_map(|key| {
        before.get(&(click.target.link.clone(), key.to_hex())).into_iter().flatten()
    });
    let nearest = times.min_by_key(|at| at.0.abs_diff(click.at.0));
    Dedup::since(nearest.copied(), click.at)
}
