//! The backfill: objects listed by the API, and so the past that no event tells any more.
//!
//! Each kind is a list of its own, walked newest first, so that what is made meanwhile shifts
//! nothing. Where a list is stands in the database once its page is durable: whoever goes on after
//! a crash takes in at most one page again, which changes nothing. Objects on test clocks are not
//! listed.

use super::source;
use super::store::{self, Progress, Row};
use crate::app::App;
use crate::db::Failure;
use crate::error::{Error, Reason};
use crate::ingest::Trouble;
use crate::revenue::observe::observed;
use crate::stripe::lists::{self, Created, Page, Question};
use crate::stripe::{self, Client, ErrorKind};
use std::collections::VecDeque;
use std::error::Error as _;
use std::sync::{Arc, Mutex, PoisonError};
use takings_core::billing::facts::Seconds;
use tokio::task::JoinSet;
use uuid::Uuid;

/// Lists walked at the same time. Stripe answers 25 requests a second of each, and 100 of all.
const AT_ONCE: usize = 4;
/// An invoice is collected, and a dispute opened, within so many seconds (120 days): how far
/// before a gap began objects may have changed in it.
const AFTERMATH: Seconds = 120 * 86_400;

/// A list of the API that a backfill walks.
pub struct Kind {
    /// What it lists.
    pub name: &'static str,
    /// Where it is, such as `/invoices`.
    pub path: &'static str,
    /// Its objects go on changing for as long as they live, so it is always listed as a whole.
    lasting: bool,
    /// What is shown only where it is asked for.
    expand: &'static [&'static str],
}

const fn lasting(name: &'static str, path: &'static str, expand: &'static [&'static str]) -> Kind {
    Kind { name, path, lasting: true, expand }
}

const fn dated(name: &'static str, path: &'static str) -> Kind {
    Kind { name, path, lasting: false, expand: &[] }
}

/// Every list, in the order in which they are begun.
pub const KINDS: [Kind; 15] = [
    lasting("coupon", "/coupons", &["data.applies_to"]),
    lasting("customer", "/customers", &[]),
    lasting("subscription", "/subscriptions", &["data.discounts", "data.items.data.discounts"]),
    dated("invoice", "/invoices"),
    lasting("product", "/products", &[]),
    lasting("price", "/prices", &["data.tiers", "data.currency_options"]),
    dated("invoice_payment", "/invoice_payments"),
    dated("charge", "/charges"),
    dated("payment_intent", "/payment_intents"),
    dated("refund", "/refunds"),
    dated("credit_note", "/credit_notes"),
    dated("dispute", "/disputes"),
    dated("checkout_session", "/checkout/sessions"),
    dated("payout", "/payouts"),
    dated("balance_transaction", "/balance_transactions"),
];

impl Kind {
    /// Asks for a page of what was made since a second, after an object of the list.
    ///
    /// # Errors
    ///
    /// By meaning, once no further attempt helps; if the answer is no list.
    pub async fn page(
        &self,
        client: &Client,
        since: Seconds,
        after: Option<&str>,
    ) -> Result<Page, stripe::Error> {
        let created = Created { gte: (!self.lasting).then_some(since), lt: None };
        let question = Question {
            status: (self.name == "subscription").then_some("all"),
            expand: self.expand,
            starting_after: after,
            ..Question::made(created)
        };
        lists::page(client, self.path, &question).await
    }
}

/// Begins a backfill of what was made since a second; a job does it. The same act again, by its
/// request, finds it begun.
///
/// # Errors
///
/// Without a key; where the second lies in the future, or the request asked for another one.
pub async fn begin(app: &App, since: Seconds, request: Uuid) -> Result<String, Error> {
    let source = source(app).await?;
    if since > app.now().secs() {
        let message = "`since_time` lies in the future: there is nothing to fetch";
        return Err(Error::invalid(Reason::InvalidRange, "since_time", message));
    }
    let id = format!("bf_{}", request.simple());
    let row = write(app, source, id, since).await?;
    if row.since == since {
        return Ok(row.id);
    }
    let message = "this `request_id` began a backfill since another time: make a new UUID";
    Err(Error::AlreadyExists { reason: Reason::RequestIdReused, message: message.into() })
}

/// Begins the backfill of a gap in the events, once for each.
pub(super) async fn begin_for_gap(app: &App, source: i64, from: Seconds) -> Result<(), Error> {
    let id = format!("bf_gap_{source}_{from}");
    write(app, source, id, from - AFTERMATH).await.map(drop)
}

/// Writes a backfill down; answers the one that has the id.
async fn write(app: &App, source: i64, id: String, since: Seconds) -> Result<Row, Error> {
    let row = Row { id, since, started_at: app.now().0, finished_at: None };
    let names: Vec<&str> = KINDS.iter().map(|kind| kind.name).collect();
    store::begin(&app.database, source, &row, &names).await?;
    Ok(store::find(&app.database, &row.id).await?.unwrap_or(row))
}

/// Does what is left of a backfill. A list that Stripe refuses, such as one that a restricted key may
/// not read, keeps none of the others from being walked.
///
/// # Errors
///
/// Where Stripe or the database fails; of several lists that are refused, the first. What was done by
/// then stays done.
pub async fn run(app: &Arc<App>, backfill: &str) -> Result<(), Error> {
    let Some(row) = store::find(&app.database, backfill).await? else { return Ok(()) };
    let mut progress = store::progress(&app.database, backfill).await?;
    let mut left = VecDeque::new();
    for kind in &KINDS {
        let place = progress.iter().position(|it| it.kind == kind.name && it.finished == 0);
        left.extend(place.map(|place| Walk {
            app: app.clone(),
            backfill: row.id.clone(),
            since: row.since,
            kind,
            progress: progress.swap_remove(place),
        }));
    }
    let left = Arc::new(Mutex::new(left));
    let mut walkers = JoinSet::new();
    for _ in 0..AT_ONCE {
        let left = left.clone();
        walkers.spawn(async move {
            let next = || left.lock().unwrap_or_else(PoisonError::into_inner).pop_front();
            let mut refused = None;
            while let Some(walk) = next() {
                match walk.finish().await {
                    Err(error) if is_about_a_list(&error) => drop(refused.get_or_insert(error)),
                    walked => walked?,
                }
            }
            Ok::<_, Error>(refused)
        });
    }
    let mut refused = None;
    while let Some(walked) = walkers.join_next().await {
        refused = refused.or(walked.map_err(Error::internal)??);
    }
    match refused {
        Some(error) => Err(error),
        None => store::finish(&app.database, backfill, app.now()).await,
    }
}

/// Whether a list is refused, which says nothing of others.
fn is_about_a_list(error: &Error) -> bool {
    let Error::Stripe(error) = error else { return false };
    matches!(
        error.kind,
        ErrorKind::Permission
            | ErrorKind::Invalid { .. }
            | ErrorKind::NotFound
            | ErrorKind::Failed
            | ErrorKind::Unreadable
    )
}

/// One list on its way.
struct Walk {
    app: Arc<App>,
    backfill: String,
    since: Seconds,
    kind: &'static Kind,
    progress: Progress,
}

impl Walk {
    /// Walks to the end of the list. The next page travels while the one before is stored.
    async fn finish(mut self) -> Result<(), Error> {
        let mut page = Some(self.begin().await?);
        while let Some(current) = page {
            let (next, skipped) = tokio::join!(self.after(&current), self.take_in(&current));
            self.advance(&current, skipped?).await?;
            page = next?;
        }
        Ok(())
    }

    /// The page to begin with. Where the object is deleted after which it began, the list is walked
    /// from its top: what is taken in again changes nothing.
    async fn begin(&self) -> Result<Page, Error> {
        let cursor = self.progress.cursor_id.as_deref();
        match self.page(cursor).await {
            Err(Error::Stripe(error)) if cursor.is_some() && is_about_an_id(&error.kind) => {
                tracing::info!(kind = self.kind.name, "a list is walked from its top again");
                self.page(None).await
            }
            page => page,
        }
    }

    async fn page(&self, after: Option<&str>) -> Result<Page, Error> {
        Ok(self.kind.page(&self.app.stripe()?.client, self.since, after).await?)
    }

    async fn after(&self, page: &Page) -> Result<Option<Page>, Error> {
        match &page.next {
            Some(last) => self.page(Some(last)).await.map(Some),
            None => Ok(None),
        }
    }

    /// Takes in a page; answers how many of its objects had to be left out. One that cannot be
    /// read or held keeps none of the others out.
    async fn take_in(&self, page: &Page) -> Result<i64, Error> {
        match observed(&self.app, page.second, &page.objects).await {
            Err(error) if is_about_an_object(&error) => {}
            taken => return taken.map(|()| 0),
        }
        let mut skipped = 0;
        for object in &page.objects {
            match observed(&self.app, page.second, std::slice::from_ref(object)).await {
                Err(error) if is_about_an_object(&error) => {
                    let id = object.get("id").and_then(serde_json::Value::as_str);
                    let why = error.source().map(ToString::to_string);
                    tracing::error!(kind = self.kind.name, id, why, "an object is left out");
                    skipped += 1;
                }
                taken => taken?,
            }
        }
        Ok(skipped)
    }

    /// Keeps where the list is, now that a page is durable.
    async fn advance(&mut self, page: &Page, skipped: i64) -> Result<(), Error> {
        let taken = i64::try_from(page.objects.len()).unwrap_or(i64::MAX) - skipped;
        self.progress.objects += taken;
        self.progress.skipped += skipped;
        self.progress.finished = i64::from(page.next.is_none());
        self.progress.cursor_id.clone_from(&page.next);
        store::advance(&self.app.database, &self.backfill, &self.progress).await
    }
}

fn is_about_an_id(kind: &ErrorKind) -> bool {
    matches!(kind, ErrorKind::Invalid { .. } | ErrorKind::NotFound)
}

/// Whether an object itself cannot be read or held, which no further attempt changes.
fn is_about_an_object(error: &Error) -> bool {
    let Error::Internal(source) = error else { return false };
    let trouble = source.downcast_ref::<Trouble>();
    trouble.is_none_or(|trouble| trouble.failure() == Failure::Data)
}
