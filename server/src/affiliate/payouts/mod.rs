//! Payouts: what is due to partners is claimed, sent and settled.
//!
//! A commission's `payout` is the claim. It is set by one conditional update under the program's
//! lock, and a payout's amount is the sum of what that update answers, so that no commission is
//! ever in two payouts. A payout that failed gives its commissions back.

pub(super) mod convert;
mod create;
mod csv;
mod due;
mod entity;
mod export;
mod settle;
mod store;

use super::commissions::lock_programs;
use crate::app::App;
use crate::db::Tx;
use crate::error::{Error, Reason};
use crate::jobs::{Span, settle_for};
use crate::once::{self, Request};
use crate::revenue::paging::{Page, Slice};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;
use takings_core::money::Currency;
use takings_core::time::Timestamp;
use tokio::runtime::Handle;
use tokio::task::spawn_blocking;
use tokio::time::timeout;

/// How long another call's turn is waited for.
const PATIENCE: Duration = Duration::from_secs(30);

/// Payouts made at once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Batch {
    id: String,
    program: String,
    /// By when commissions had to be due.
    through: Timestamp,
    left_out: Vec<LeftOut>,
    created_at: Timestamp,
    sums: Sums,
}

/// What a batch's payouts add up to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Sums {
    payouts: i64,
    /// How many are neither paid nor failed.
    open: i64,
    totals: BTreeMap<Currency, i64>,
}

/// A partner who has something due and is not in a batch.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct LeftOut {
    partner: String,
    currency: Currency,
    amount: i64,
    reason: String,
}

/// What one partner gets out of a batch, in one currency.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Payout {
    id: String,
    batch: String,
    program: String,
    partner: String,
    currency: Currency,
    /// The sum of its commissions: more than 0.
    amount: i64,
    commissions: i64,
    state: State,
    /// How the partner was to be paid when the batch was made.
    method: Option<String>,
    reference: String,
    failure_reason: String,
    settled_at: Option<Timestamp>,
}

/// How far a payout is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// It has claimed its commissions.
    Approved,
    /// It is in an exported file.
    Sent,
    /// It has reached the partner.
    Paid,
    /// It has not, and gave its commissions back.
    Failed,
}

impl State {
    const ALL: [State; 4] = [State::Approved, State::Sent, State::Paid, State::Failed];

    fn as_str(self) -> &'static str {
        match self {
            State::Approved => "approved",
            State::Sent => "sent",
            State::Paid => "paid",
            State::Failed => "failed",
        }
    }

    fn parse(name: &str) -> Option<State> {
        State::ALL.into_iter().find(|state| state.as_str() == name)
    }
}

/// Takes a program's commissions until the transaction ends.
async fn lock(tx: &mut Tx<'_>, program: &str) -> Result<(), Error> {
    Ok(lock_programs(tx, &BTreeSet::from([program.to_owned()])).await?)
}

/// Derives what changed sales earn before a batch is made, unless that was answered already: a refund
/// that is stored, and from which nothing is derived yet, is not to be paid out. One call at a time
/// does so: what it leaves to the next is little.
///
/// # Errors
///
/// [`Error::Exhausted`] where more has changed than is derived in half a minute.
pub(super) async fn catch_up(app: &Arc<App>, request: &Request) -> Result<(), Error> {
    if once::is_claimed(app, request).await? {
        return Ok(());
    }
    let turn = timeout(PATIENCE, app.catching_up.clone().lock_owned());
    let turn = turn.await.map_err(|_| Error::overloaded())?;
    let (app, handle) = (app.clone(), Handle::current());
    let work = move || {
        let _turn = turn;
        handle.block_on(settle_for(&app.database, Span::turn()))
    };
    let done = spawn_blocking(work).await.map_err(Error::internal)??;
    if done.more { Err(Error::overloaded()) } else { Ok(()) }
}

fn unknown_batch(id: &str) -> Error {
    let message = format!("there is no batch `{id}`: send an id that ListPayoutBatches answers");
    Error::not_found(Reason::PayoutBatchNotFound, message)
}

fn unknown_payout(id: &str) -> Error {
    let message = format!("there is no payout `{id}`: send an id that GetPayoutBatch answers");
    Error::not_found(Reason::PayoutNotFound, message)
}

/// A batch with a page of its payouts.
#[derive(Debug)]
pub(super) struct Found {
    batch: Batch,
    payouts: Page<Payout>,
}

/// Reads a batch with a page of its payouts, by id.
pub(super) async fn find(app: &App, id: &str, slice: &Slice<String>) -> Result<Found, Error> {
    let batch = store::find(&app.database, id).await?.ok_or_else(|| unknown_batch(id))?;
    let after = slice.after.as_deref();
    let rows = store::payouts(&app.database, id, after, slice.limit()).await?;
    Ok(Found { batch, payouts: slice.page(rows, |payout| payout.id.clone()) })
}

/// Reads a page of batches, the newest first.
pub(super) async fn page(
    app: &App,
    program: &str,
    slice: &Slice<String>,
) -> Result<Page<Batch>, Error> {
    let before = slice.after.as_deref();
    let rows = store::page(&app.database, program, before, slice.limit()).await?;
    Ok(slice.page(rows, |batch| batch.id.clone()))
}
