//! Reconciliation with Stripe's own books.
//!
//! Every balance transaction and payout of the range is read from Stripe and taken in as an
//! observation, so that fees and settlement are in the ledger; then `core::reconcile` compares. A
//! run that was cut off is simply made again: what it had taken in is known by its content. What is
//! left unexplained is looked up by its source, should it have been settled on other days. The report
//! is stored once for a request id.

pub(super) mod convert;
mod listed;
mod store;

use crate::app::App;
use crate::error::{Error, Reason};
use crate::ingest::HandOver;
use crate::sources;
use std::sync::Arc;
use takings_core::reconcile::{Books, MARGIN, Report, reconcile};
use takings_core::time::{Day, Timestamp};
use tokio::sync::Mutex;
use uuid::Uuid;

/// The most days that one run compares.
pub const MOST_DAYS: i32 = 366;

/// What is to be compared.
#[derive(Clone, Debug)]
pub struct Asked {
    /// The first day.
    pub first: Day,
    /// The first day after.
    pub end: Day,
    /// The request, the same for every attempt.
    pub request: Uuid,
}

/// A report as it is stored.
#[derive(Clone, Debug, PartialEq)]
pub struct Reconciliation {
    /// Its id.
    pub id: String,
    /// Whose books.
    pub source: String,
    /// The first day compared.
    pub first: Day,
    /// The first day after.
    pub end: Day,
    /// When it ran.
    pub ran_at: Timestamp,
    /// What was found.
    pub report: Report,
}

/// Compares, and stores what was found; the request's own report where it has one.
///
/// # Errors
///
/// If the range is not one of past days, without a key, if Stripe or the database fail.
pub async fn run(app: &App, asked: &Asked) -> Result<Reconciliation, Error> {
    let id = format!("rec_{}", asked.request.hyphenated());
    if let Some(stored) = store::find(app, &id).await? {
        return same(stored, asked);
    }
    let today = app.now().day();
    check(asked, today)?;
    let source = sources::stripe(None, app.stripe()?.livemode(None));
    let number = app.sources.number(&source).await?;
    let mut books = books(app, number, asked, today).await?;
    let mut report = reconcile(asked.first, asked.end, &books);
    if listed::look_up(app, number, &report).await? {
        store::read(app, number, asked, &mut books).await?;
        report = reconcile(asked.first, asked.end, &books);
    }
    let (first, end, ran_at) = (asked.first, asked.end, app.now());
    let found = Reconciliation { id, source, first, end, ran_at, report };
    store::insert(app, &found).await?;
    // Of two runs at once with one request id, both are answered what was stored first.
    same(store::find(app, &found.id).await?.unwrap_or(found), asked)
}

/// One run at a time: a repeat waits for the first, and is answered as it was.
static TURN: Mutex<()> = Mutex::const_new(());

/// Runs for a caller who may leave: the run goes on, and the same request finds its report.
pub(super) async fn run_through(app: &Arc<App>, asked: Asked) -> Result<Reconciliation, Error> {
    let app = app.clone();
    let in_turn = async move {
        let stopping = app.stopping.clone();
        let turn = async {
            let _turn = TURN.lock().await;
            run(&app, &asked).await
        };
        tokio::select! {
            found = turn => found,
            () = stopping.cancelled() => Err(HandOver::Stopped.into()),
        }
    };
    #[expect(clippy::disallowed_methods, reason = "it ends by itself, or as the process stops")]
    let run = tokio::spawn(in_turn);
    run.await.map_err(Error::internal)?
}

/// A stored report.
pub(super) async fn get(app: &App, id: &str) -> Result<Reconciliation, Error> {
    let missing = || format!("there is no report `{id}`; a run that was cut off leaves none");
    let found = store::find(app, id).await?;
    found.ok_or_else(|| Error::not_found(Reason::ReconciliationReportNotFound, missing()))
}

/// The report of a request, if it is about what is asked for now.
fn same(stored: Reconciliation, asked: &Asked) -> Result<Reconciliation, Error> {
    if (stored.first, stored.end) == (asked.first, asked.end) {
        return Ok(stored);
    }
    let message = "this `request_id` was used before with another range: make a new UUID";
    Err(Error::AlreadyExists { reason: Reason::RequestIdReused, message: message.into() })
}

fn check(asked: &Asked, today: Day) -> Result<(), Error> {
    let wrong = |message: &str| Err(Error::invalid(Reason::InvalidRange, "range", message));
    if asked.end.0 <= asked.first.0 {
        return wrong("the range holds no day: its end is the first instant after its last day");
    }
    if asked.end.0 - asked.first.0 > MOST_DAYS {
        return wrong("the range is longer than 366 days: compare it in parts");
    }
    if asked.end > today {
        return wrong("the range holds a day that is not over: end it at today's first instant");
    }
    Ok(())
}

/// Reads Stripe's books, takes them in, and reads what the ledger makes of them.
async fn books(app: &App, source: i64, asked: &Asked, today: Day) -> Result<Books, Error> {
    let since = Day(asked.first.0 - MARGIN);
    let until = Day(asked.end.0 + MARGIN).min(today);
    let listed = listed::transactions(app, source, since, until).await?;
    let recovered = listed::payouts(app, source, since, until).await?;
    let mut books = Books { listed, listed_until: until, recovered, ..Books::default() };
    store::read(app, source, asked, &mut books).await?;
    Ok(books)
}
