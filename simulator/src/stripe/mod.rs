//! A make-believe Stripe that is stateful: an HTTP API over one business.
//!
//! [`Stripe::played`] holds a business played from a plan, [`Stripe::empty`] an account in which
//! only commands act. Both are one world: what the API creates is billed, paid and booked as the
//! played business is, so [`Stripe::truth`] covers it too. The clock is the account's own: it
//! stands still until it is set, and everything that falls due on the way happens.
//!
//! What no payload holds can be looked up: balance transactions, coupons of discounts, tiers and
//! currency options, whole line lists, invoice payments, credit balance transactions. The truth
//! told here is therefore that of one who looked everything up.

mod account;
mod command;
mod expand;
mod faults;
mod fill;
mod filter;
mod http;
mod keys;
mod kind;
mod limits;
mod list;
mod object;
mod params;
mod problem;
mod replies;
mod route;
mod shape;
mod webhook;

pub use faults::{Fault, Faults};
pub use http::StripeServer;
pub use keys::Key;
pub use limits::{Limits, Requests};

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde_json::Value;
use tokio::net::TcpListener;
use tokio::sync::Notify;
use tokio::time::Instant;

use crate::model::Moved;
use crate::plan::{ApiVersion, Plan};
use crate::truth::Truth;
use crate::world::SimEvent;
use account::Account;
use faults::Dealer;
use limits::Counter;
use params::Params;
use replies::Replies;
use route::Request;

/// A make-believe Stripe account. Clones are the same account.
#[derive(Clone)]
pub struct Stripe(Arc<Inner>);

struct Inner {
    account: Mutex<Account>,
    door: Mutex<Door>,
    /// Rings when there may be something to deliver.
    bell: Notify,
}

/// What stands between a request and the account.
struct Door {
    keys: Vec<Key>,
    counter: Counter,
    dealer: Dealer,
    replies: Replies,
    /// Since when the clock runs, if it does.
    running: Option<Instant>,
    /// Every different request that was heard.
    heard: BTreeSet<Heard>,
}

/// A request as it came.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Heard {
    /// `GET`, `POST` or `DELETE`.
    pub method: String,
    /// Path and query.
    pub target: String,
    /// The form.
    pub form: String,
}

/// Who holds a lock while panicking leaves nothing half done that a test could not see.
fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Stripe {
    /// The account of a business played from its plan through the second `until`. Its story goes
    /// on when the clock does.
    pub fn played(plan: &Plan, until: i64) -> Self {
        Self::around(Account::played(plan, until))
    }

    /// An account in which nothing happens but by command. Of the plan it takes the seed of its
    /// ids, the start of its clock, the API version and the mode.
    pub fn empty(plan: &Plan) -> Self {
        Self::around(Account::empty(plan))
    }

    fn around(account: Account) -> Self {
        let door = Door {
            keys: Vec::new(),
            counter: Counter::default(),
            dealer: Dealer::new(Faults::default()),
            replies: Replies::default(),
            running: None,
            heard: BTreeSet::new(),
        };
        Self(Arc::new(Inner {
            account: Mutex::new(account),
            door: Mutex::new(door),
            bell: Notify::new(),
        }))
    }

    /// Serves the API, and delivers events to the webhook endpoints, until the server is dropped.
    ///
    /// # Errors
    ///
    /// If the listener has no address.
    pub fn serve(&self, listener: TcpListener) -> io::Result<StripeServer> {
        StripeServer::start(self.clone(), listener)
    }

    /// The account's clock, in Unix seconds.
    pub fn now(&self) -> i64 {
        self.account().now()
    }

    /// Moves the clock forward; what falls due on the way happens, that second included.
    pub fn set_now(&self, at: i64) {
        self.account().advance(at);
        self.0.bell.notify_one();
    }

    /// Lets the clock go on with real time from where it stands.
    pub fn run_clock(&self) {
        locked(&self.0.door).running = Some(Instant::now());
    }

    /// Every event up to now, oldest first, also those that `/v1/events` has forgotten.
    pub fn events(&self) -> Vec<SimEvent> {
        let account = self.account();
        let (world, now) = (&account.world, account.now());
        let told = account.log.iter().map(|index| &world.events[*index]);
        told.take_while(|event| event.created <= now).cloned().collect()
    }

    /// Lets `/v1/events` tell events in an older version, as an account does whose webhook
    /// endpoints are pinned to a newer one. Versions since basil up to the plan's can be told.
    pub fn tell_events_in(&self, version: ApiVersion) {
        let mut account = self.account();
        if account.speaks(version) {
            account.version = version;
            account.pages.clear();
        }
    }

    /// How many events wait to be delivered to webhook endpoints.
    pub fn undelivered(&self) -> usize {
        self.account().outbox.len()
    }

    /// Rolls the signing secret of a webhook endpoint, as the dashboard does: the new one is
    /// given, and the old ones sign on beside it for so many seconds. None if there is no such
    /// endpoint.
    pub fn roll_secret(&self, endpoint: &str, lasting: i64) -> Option<String> {
        self.account().roll_secret(endpoint, lasting)
    }

    /// Completes an open checkout session as a customer would, with a test card such as
    /// `pm_card_visa`: status and body as an answer of the API.
    pub fn complete_checkout(&self, session: &str, card: &str) -> (u16, Value) {
        let path = format!("test_helpers/checkout/sessions/{session}/complete");
        self.call("POST", &path, &format!("payment_method={card}"))
    }

    /// Lets Stripe move the balance by itself, as it does for a fee or a reserve: no event tells of
    /// it. The category is that of reports, such as `fee`. Answers the balance transaction's id.
    pub fn act_alone(
        &self,
        at: i64,
        category: &'static str,
        (amount, currency): (i64, &'static str),
    ) -> String {
        let mut account = self.account();
        let id = account.dice.id("txn");
        account.world.act_alone(at, id.clone(), Moved::Own { category, currency, amount });
        account.sync();
        id
    }

    /// What is true by now, for one who has looked up what no payload tells.
    pub fn truth(&self) -> Truth {
        self.account().world.truth()
    }

    /// Accepts only these keys; without any, every key is accepted.
    pub fn allow(&self, keys: &[Key]) {
        locked(&self.0.door).keys = keys.to_vec();
    }

    /// Refuses what exceeds these limits.
    pub fn limit(&self, limits: Limits) {
        locked(&self.0.door).counter.limits = limits;
    }

    /// Lets requests go wrong from now on.
    pub fn fail(&self, faults: Faults) {
        locked(&self.0.door).dealer = Dealer::new(faults);
    }

    /// How many requests went wrong by the present faults.
    pub fn faults_dealt(&self) -> u64 {
        locked(&self.0.door).dealer.dealt
    }

    /// How often each endpoint was asked, such as `GET /v1/invoices/{id}`; all under `*`.
    pub fn requests(&self) -> BTreeMap<String, Requests> {
        locked(&self.0.door).counter.counted()
    }

    /// Every different request that was heard over HTTP.
    pub fn heard(&self) -> Vec<Heard> {
        locked(&self.0.door).heard.iter().cloned().collect()
    }

    /// Does a request without HTTP, keys, limits or faults: status and body.
    pub fn call(&self, method: &str, path: &str, form: &str) -> (u16, Value) {
        let path = path.trim_start_matches("/v1").trim_matches('/');
        let request =
            Request { method, path: path.split('/').collect(), params: Params::parse(form) };
        let mut account = self.account();
        let id = account.dice.id("req");
        account.world.request = Some((id, None));
        let answer = account.answer(&request);
        account.world.request = None;
        drop(account);
        self.0.bell.notify_one();
        answer.map_or_else(|problem| (problem.status, problem.body), |body| (200, body))
    }

    /// The account, its clock brought up to now.
    fn account(&self) -> MutexGuard<'_, Account> {
        let elapsed = {
            let mut door = locked(&self.0.door);
            let since = door.running.map_or(0, |since| since.elapsed().as_secs());
            door.running = door.running.map(|at| at + std::time::Duration::from_secs(since));
            i64::try_from(since).unwrap_or(0)
        };
        let mut account = locked(&self.0.account);
        if elapsed > 0 {
            let now = account.now() + elapsed;
            account.advance(now);
        }
        account
    }
}
