//! An intent as it is stored, and how one request id stands for one act.

use super::call::Call;
use super::store;
use crate::app::App;
use crate::error::{Error, Reason};
pub(in crate::revenue) use crate::once::{Request, request_id};
use crate::once::{gone, reused};
use crate::stripe::{self, Account};
use std::time::Duration;
use takings_core::time::Timestamp;

/// How far an intent is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum State {
    Open,
    Done,
    Refused,
    Lapsed,
}

impl State {
    const ALL: [State; 4] = [State::Open, State::Done, State::Refused, State::Lapsed];

    /// The name in the database.
    pub(super) fn name(self) -> &'static str {
        match self {
            State::Open => "open",
            State::Done => "done",
            State::Refused => "refused",
            State::Lapsed => "lapsed",
        }
    }

    pub(super) fn parse(name: &str) -> Option<State> {
        State::ALL.into_iter().find(|state| state.name() == name)
    }

    /// What an intent that ended so answers; nothing where it has not.
    pub(super) fn settled(self, answer: &[u8]) -> Option<Result<Vec<u8>, Error>> {
        Some(match self {
            State::Open => return None,
            State::Done => Ok(answer.to_vec()),
            State::Refused => Err(match serde_json::from_slice::<stripe::Error>(answer) {
                Ok(refusal) => refusal.into(),
                Err(error) => Error::internal(error),
            }),
            State::Lapsed => Err(lapsed()),
        })
    }
}

/// A stored intent.
#[derive(Debug)]
pub(super) struct Intent {
    pub(super) request: String,
    pub(super) method: String,
    pub(super) content: String,
    /// What the keys of its calls begin with.
    pub(super) key: String,
    pub(super) calls: Option<String>,
    /// For which of Stripe's modes; unknown of those of an earlier release.
    pub(super) livemode: Option<bool>,
    pub(super) state: State,
    pub(super) answer: Vec<u8>,
    /// The answer cannot be read any more: whom it named was erased.
    pub(super) gone: bool,
    /// When Stripe first answered a failure that it keeps under the key.
    pub(super) failed_at: Option<Timestamp>,
    pub(super) created_at: Timestamp,
    pub(super) updated_at: Timestamp,
}

impl Intent {
    /// An intent as it is stored at first.
    pub(super) fn new(request: &Request, calls: String, livemode: bool, now: Timestamp) -> Intent {
        let Request { id, method, content } = request;
        Intent {
            request: id.clone(),
            method: (*method).to_owned(),
            content: content.clone(),
            key: id.clone(),
            calls: Some(calls),
            livemode: Some(livemode),
            state: State::Open,
            answer: Vec::new(),
            gone: false,
            failed_at: None,
            created_at: now,
            updated_at: now,
        }
    }

    /// The calls that it takes.
    pub(super) fn calls(&self) -> Result<Vec<Call>, Error> {
        let calls = self.calls.as_deref().unwrap_or("[]");
        serde_json::from_str(calls).map_err(Error::internal)
    }

    /// Whether it is of an account's mode, where both are known.
    pub(super) fn is_of(&self, account: Option<&Account>) -> Option<bool> {
        Some(self.livemode? == account?.livemode(None))
    }

    /// The idempotency key of a call.
    pub(super) fn key_of(&self, place: usize) -> String {
        format!("takings/{}/{}", self.key, place + 1)
    }

    /// How long it has been there.
    pub(super) fn age(&self, now: Timestamp) -> Duration {
        Duration::from_micros(now.0.saturating_sub(self.created_at.0).try_into().unwrap_or(0))
    }

    /// How it ended, if it has.
    pub(super) fn settled(&self) -> Option<Result<Vec<u8>, Error>> {
        if self.gone { Some(Err(gone())) } else { self.state.settled(&self.answer) }
    }
}

fn lapsed() -> Error {
    let message = "this could not be carried out within 23 hours, after which it is not sent again, \
                   and Stripe's events show nothing of it: look at the object, and ask again with a \
                   new `request_id`";
    Error::Precondition { reason: Reason::RequestLapsed, message: message.into() }
}

/// The intent of a request.
///
/// # Errors
///
/// If its id was used for another act.
pub(super) async fn find(app: &App, request: &Request) -> Result<Option<Intent>, Error> {
    let found = store::find(&app.database, &request.id).await?;
    let content = request.kept_content(&app.database.vault)?;
    if found.as_ref().is_some_and(|intent| intent.content != content) {
        return Err(reused());
    }
    Ok(found)
}

/// The answer that a request got before, encoded.
pub(in crate::revenue) async fn answered(
    app: &App,
    request: &Request,
) -> Result<Option<Vec<u8>>, Error> {
    find(app, request).await?.and_then(|intent| intent.settled()).transpose()
}

/// Keeps the answer to an act that takes no call, encoded; answers the one that was kept first.
pub(in crate::revenue) async fn keep(
    app: &App,
    request: &Request,
    answer: Vec<u8>,
) -> Result<Vec<u8>, Error> {
    store::keep(&app.database, request, answer.clone(), app.now()).await?;
    Ok(answered(app, request).await?.unwrap_or(answer))
}
