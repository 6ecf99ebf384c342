//! Commands: what callers want done at Stripe, each done once.
//!
//! A command is an *intent*: its request id, the calls it needs and the idempotency key they go out
//! under are stored before the first of them is sent. From then on it is carried out, by the caller,
//! by the same call made again, or by the job, until it has an answer:
//!
//! - **Done** or **refused** by Stripe: stored, and answered to every repeat.
//! - **No answer**: it stays open. Whoever carries on uses the same key, under which Stripe does a
//!   thing once.
//! - **A failure that Stripe keeps under the key**: Stripe's events tell what was done, because each
//!   names the key it followed from. If they show nothing after [`SETTLING`], nothing was done, and
//!   the intent gets another key.
//! - **Older than [`TERM`]**: Stripe may have forgotten the key, so nothing is sent again. The events
//!   show that it was done, or it has lapsed.
//!
//! No transaction is open while a call is under way.

mod call;
pub(super) mod convert;
mod customers;
mod intent;
mod refunds;
mod sealed;
mod sessions;
mod store;
mod subscriptions;

pub(super) use intent::{Request, answered, keep, request_id};

use super::observe::{is_read, observed};
use crate::app::App;
use crate::error::{Error, Reason};
use crate::privacy::{self, Names};
use crate::sources;
use crate::stripe::{self, Account, ErrorKind};
use call::{Call, Done, text};
use intent::{Intent, State};
use prost::Message;
use serde::Serialize;
use serde_json::Value;
use std::sync::Arc;
use std::time::Duration;
use takings_core::time::Timestamp;
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};
use uuid::Uuid;

/// Stripe keeps an idempotency key for 24 hours at least.
const TERM: Duration = Duration::from_secs(23 * 3600);
/// How long after a failure events may still come up in Stripe's list.
const SETTLING: Duration = Duration::from_secs(10);
/// How long a caller waits, which is less than the gRPC door does.
const PATIENCE: Duration = Duration::from_secs(25);
/// How long is gone on with what a caller began, who may leave before: less than the job lets pass
/// before it takes an intent up.
const ENDURANCE: Duration = Duration::from_secs(80);
/// How often an object is fetched whose state is not read back.
const LOOKS: u32 = 3;
/// Intents that the job carries on with at once.
const AT_ONCE: u64 = 8;

/// A command under its request id.
#[derive(Debug)]
pub(super) struct Asked {
    request: Request,
    command: Command,
}

/// What is to be done.
#[derive(Debug, Serialize)]
enum Command {
    CreateCustomer(customers::Create),
    UpdateCustomer(customers::Update),
    UpdatePaymentMethod(customers::Pay),
    CreateSubscription(subscriptions::Create),
    UpdateSubscription(subscriptions::Update),
    CancelSubscription(subscriptions::Cancel),
    PauseSubscription(subscriptions::Pause),
    ResumeSubscription(subscriptions::Resume),
    CreateCheckoutSession(sessions::Checkout),
    CreateBillingPortalSession(sessions::Portal),
    CreateRefund(refunds::Create),
}

impl Command {
    fn name(&self) -> &'static str {
        match self {
            Command::CreateCustomer(_) => "CreateCustomer",
            Command::UpdateCustomer(_) => "UpdateCustomer",
            Command::UpdatePaymentMethod(_) => "UpdatePaymentMethod",
            Command::CreateSubscription(_) => "CreateSubscription",
            Command::UpdateSubscription(_) => "UpdateSubscription",
            Command::CancelSubscription(_) => "CancelSubscription",
            Command::PauseSubscription(_) => "PauseSubscription",
            Command::ResumeSubscription(_) => "ResumeSubscription",
            Command::CreateCheckoutSession(_) => "CreateCheckoutSession",
            Command::CreateBillingPortalSession(_) => "CreateBillingPortalSession",
            Command::CreateRefund(_) => "CreateRefund",
        }
    }

    /// The calls that it takes, once what can be known beforehand has been checked.
    async fn calls(&self, account: &Account) -> Result<Vec<Call>, Error> {
        Ok(match self {
            Command::CreateCustomer(it) => vec![it.call()],
            Command::UpdateCustomer(it) => vec![it.call()],
            Command::UpdatePaymentMethod(it) => it.calls(),
            Command::CreateSubscription(it) => vec![it.call()],
            Command::UpdateSubscription(it) => vec![it.call(account).await?],
            Command::CancelSubscription(it) => vec![it.call(account).await?],
            Command::PauseSubscription(it) => vec![it.call(account).await?],
            Command::ResumeSubscription(it) => vec![it.call(account).await?],
            Command::CreateCheckoutSession(it) => vec![it.call()],
            Command::CreateBillingPortalSession(it) => vec![it.call()],
            Command::CreateRefund(it) => vec![it.call(account).await?],
        })
    }
}

/// Does what is asked for, or answers what was done. It goes on when the caller leaves: one who
/// came again before it was through would else begin it anew each time.
pub(super) async fn run<T: Message + Default>(app: &Arc<App>, asked: Asked) -> Result<T, Error> {
    let app = app.clone();
    #[expect(
        clippy::disallowed_methods,
        reason = "it ends by itself, and is resumed if it does not"
    )]
    let work = tokio::spawn(async move { timeout(ENDURANCE, decide(&app, &asked)).await });
    let ended = timeout(PATIENCE, work).await.map_err(|_| slow())?;
    let answer = ended.map_err(Error::internal)?.map_err(|_| slow())??;
    T::decode(answer.as_slice()).map_err(Error::internal)
}

fn other_mode() -> Error {
    let message = "this was begun in Stripe's other mode, live or test, and is not sent to this one: \
                   configure that key, or make a new `request_id`";
    Error::Precondition { reason: Reason::StripeNotConfigured, message: message.into() }
}

fn slow() -> Error {
    let message = "Stripe has not answered yet, and what was asked for goes on: send the same call \
                   again, with the same request id, to learn what became of it";
    Error::Unavailable { reason: Reason::StripeUnavailable, message: message.into(), source: None }
}

async fn decide(app: &App, asked: &Asked) -> Result<Vec<u8>, Error> {
    let (intent, fresh) = match intent::find(app, &asked.request).await? {
        Some(intent) => (intent, false),
        None => begin(app, asked).await?,
    };
    if intent.is_of(app.stripe().ok()) == Some(false) && intent.settled().is_none() {
        return Err(other_mode());
    }
    match intent.settled() {
        Some(answer) => answer,
        None => carry(app, &intent, fresh).await,
    }
}

/// Stores an intent, unless another caller was faster; tells whether it is this caller's.
async fn begin(app: &App, Asked { request, command }: &Asked) -> Result<(Intent, bool), Error> {
    let account = app.stripe()?;
    let calls = command.calls(account).await?;
    let calls = serde_json::to_string(&calls).map_err(Error::internal)?;
    let intent = Intent::new(request, calls, account.livemode(None), app.now());
    if store::begin(&app.database, request, &intent).await? {
        return Ok((intent, true));
    }
    let intent = intent::find(app, request).await?;
    Ok((intent.ok_or(Error::Conflict)?, false))
}

/// Carries on with an open intent, to its answer if there is one to be had.
async fn carry(app: &App, intent: &Intent, fresh: bool) -> Result<Vec<u8>, Error> {
    if intent.age(app.now()) > TERM {
        return lapse(app, intent).await;
    }
    match send(app, intent).await {
        Ok(done) => finish(app, intent, &done).await,
        Err(Error::Stripe(error)) if is_final(&error.kind) => {
            let refusal = serde_json::to_vec(&error).map_err(Error::internal)?;
            end(app, intent, State::Refused, refusal, None).await
        }
        Err(Error::Stripe(error)) if fresh && error.first && refuses_key(&error.kind) => {
            // Nothing was done, not even by an attempt without an answer. Another attempt is another
            // intent, under the same key.
            store::forget(&app.database, &intent.request).await?;
            Err(Error::Stripe(error))
        }
        Err(error) => Err(error),
    }
}

/// Whether Stripe has decided, so that the same request can never have another answer.
fn is_final(kind: &ErrorKind) -> bool {
    match kind {
        ErrorKind::Declined { .. }
        | ErrorKind::Invalid { .. }
        | ErrorKind::NotFound
        | ErrorKind::Idempotency => true,
        ErrorKind::Authentication
        | ErrorKind::Permission
        | ErrorKind::RateLimited
        | ErrorKind::Unavailable
        | ErrorKind::Failed
        | ErrorKind::Unreadable => false,
    }
}

fn refuses_key(kind: &ErrorKind) -> bool {
    matches!(kind, ErrorKind::Authentication | ErrorKind::Permission)
}

/// Makes every call, and takes in what each shows.
async fn send(app: &App, intent: &Intent) -> Result<Done, Error> {
    let client = &app.stripe()?.client;
    let mut done = Done::default();
    for (place, call) in intent.calls()?.iter().enumerate() {
        let key = intent.key_of(place);
        done = match call.send(client, &key, done.id()).await {
            Err(error) if error.kind == ErrorKind::Failed => {
                let (since, now) = (intent.created_at, app.now());
                match call.look(client, &key, since, now).await.map_err(unread)? {
                    Some(done) => done,
                    None => return Err(doubt(app, intent, error).await?),
                }
            }
            // What went before was done.
            Err(error) => {
                return Err(stripe::Error { first: error.first && place == 0, ..error }.into());
            }
            Ok(sent) => sent,
        };
        take_in(app, &mut done).await?;
    }
    Ok(done)
}

/// Stripe does not show what became of a call. That is no refusal of the call.
fn unread(error: stripe::Error) -> Error {
    let message = format!(
        "this may have been done, but Stripe does not show what became of it: {error}; send the \
         same call again"
    );
    Error::Unavailable { reason: Reason::StripeUnavailable, message, source: None }
}

/// Takes in what a call has shown, until reads show it. Of two states of one second they may show the
/// other, because webhooks alone tell which came last: so it is fetched again in the next second.
async fn take_in(app: &App, done: &mut Done) -> Result<(), Error> {
    let client = &app.stripe()?.client;
    if done.stale {
        *done = call::present(client, std::mem::take(&mut done.answer)).await.map_err(unread)?;
    }
    for _ in 0..LOOKS {
        if done.object.is_empty() {
            return Ok(());
        }
        let second = done.second.unwrap_or(app.now()).secs();
        observed(app, second, std::slice::from_ref(&done.object)).await?;
        if is_read(app, &done.object).await? {
            return Ok(());
        }
        sleep(Duration::from_secs(1)).await;
        *done = call::present(client, std::mem::take(&mut done.answer)).await.map_err(unread)?;
    }
    Ok(())
}

/// Stripe failed, and its events show nothing. Once they had time to, the intent gets another key.
async fn doubt(app: &App, intent: &Intent, error: stripe::Error) -> Result<Error, Error> {
    let (now, database) = (app.now(), &app.database);
    match intent.failed_at {
        None => {
            store::failed(database, &intent.request, now).await?;
        }
        Some(at) if now.0 - at.0 > SETTLING.as_micros() as i64 => {
            let key = Uuid::new_v4().to_string();
            store::change_key(database, &intent.request, &intent.key, &key).await?;
        }
        Some(_) => {}
    }
    Ok(error.into())
}

/// Nothing is sent any more: what was asked for was done, or never will be.
async fn lapse(app: &App, intent: &Intent) -> Result<Vec<u8>, Error> {
    let calls = intent.calls()?;
    let last = calls.len().saturating_sub(1);
    let (client, key) = (&app.stripe()?.client, intent.key_of(last));
    let (since, now) = (intent.created_at, app.now());
    let found = match calls.get(last) {
        Some(call) => call.look(client, &key, since, now).await.map_err(unread)?,
        // Its calls were kept for thirty days.
        None => None,
    };
    let Some(mut done) = found else {
        tracing::warn!(request = intent.request, method = intent.method, "a command has lapsed");
        return end(app, intent, State::Lapsed, Vec::new(), Some(Names::new())).await;
    };
    take_in(app, &mut done).await?;
    finish(app, intent, &done).await
}

async fn finish(app: &App, intent: &Intent, done: &Done) -> Result<Vec<u8>, Error> {
    let answer = convert::answer(app, &intent.method, done).await?;
    end(app, intent, State::Done, answer, Some(named(app, done).await?)).await
}

/// Whom an answer names: that of a command about a customer, this customer.
async fn named(app: &App, done: &Done) -> Result<Names, Error> {
    let id = text(&done.object, "id");
    if text(&done.object, "object") != "customer" || id.is_empty() {
        return Ok(Names::new());
    }
    let source = app.sources.number(&source(app, done)?).await?;
    Ok(Names::from([privacy::customers::customer(source, id)]))
}

/// The source of what a command shows.
fn source(app: &App, done: &Done) -> Result<String, Error> {
    let livemode = done.object.get("livemode").and_then(Value::as_bool);
    Ok(sources::stripe(None, app.stripe()?.livemode(livemode)))
}

/// Stores how it ended, sealed for whom it names; `None`: for whoever that may be, under the key of
/// its day. Of two who end it, both answer what was stored first.
async fn end(
    app: &App,
    intent: &Intent,
    how: State,
    answer: Vec<u8>,
    named: Option<Names>,
) -> Result<Vec<u8>, Error> {
    let sealed = sealed::seal_answer(&app.database, intent, &answer, named).await?;
    if store::end(&app.database, &intent.request, how, sealed, app.now()).await? {
        return how.settled(&answer).unwrap_or(Err(Error::Conflict));
    }
    let ended = store::find(&app.database, &intent.request).await?;
    ended.and_then(|intent| intent.settled()).unwrap_or(Err(Error::Conflict))
}

/// Carries on with a few intents that nobody has touched since an instant; answers how many.
pub async fn resume(app: &Arc<App>, before: Timestamp) -> Result<usize, Error> {
    let Ok(account) = app.stripe() else { return Ok(0) };
    let livemode = account.livemode(None);
    let (mut resumed, mut under_way) = (0, JoinSet::new());
    for intent in store::open(&app.database, livemode, before, AT_ONCE).await? {
        if store::claim(&app.database, &intent, app.now()).await? {
            let app = app.clone();
            under_way.spawn(async move { carry(&app, &intent, false).await });
            resumed += 1;
        }
    }
    while let Some(ended) = under_way.join_next().await {
        if let Ok(Err(error)) = ended {
            tracing::warn!(reason = error.reason_name(), "an open command has no answer yet");
        }
    }
    Ok(resumed)
}
