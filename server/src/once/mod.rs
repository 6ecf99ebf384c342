//! Acts done once: a request's id stands for one act, whoever repeats it, on however many processes.
//!
//! The row of a request is written first in the transaction that does the act, and its answer last.
//! A repeat finds the row, or waits for the transaction that holds it: either it commits, and its
//! answer is given again, or it is undone, and the repeat does the act.

mod line;
pub(crate) mod sealed;
mod store;

pub(crate) use line::Line;

use crate::app::App;
use crate::db::{Conn, Kind, Tries, Tx};
use crate::error::{Error, Reason};
use crate::ingest::Trouble;
use crate::privacy::{Names, Vault};
use prost::Message;
use std::marker::PhantomData;
use std::pin::Pin;
use std::sync::Arc;
use takings_core::hash::StateHash;
use takings_core::time::Timestamp;
use tokio::runtime::Handle;
use tokio::task::spawn_blocking;
use uuid::Uuid;

/// A request's id, and what it asks for.
#[derive(Clone, Debug)]
pub(crate) struct Request {
    /// The id, however it was written.
    pub(crate) id: String,
    /// What is asked for.
    pub(crate) method: &'static str,
    /// What tells this request from another with the same id.
    pub(crate) content: String,
}

impl Request {
    /// The request of an id.
    ///
    /// # Errors
    ///
    /// If the id is no UUID.
    pub(crate) fn new(id: &str, method: &'static str, content: &[&str]) -> Result<Request, Error> {
        let id = request_id(id)?;
        let mut hash = StateHash::default();
        hash.add(&[&[method], content].concat());
        Ok(Request { id: id.hyphenated().to_string(), method, content: hash.to_string() })
    }

    /// The request that a message makes under an id, which is no part of its content.
    ///
    /// # Errors
    ///
    /// If the id is no UUID.
    pub(crate) fn of(
        id: &str,
        method: &'static str,
        message: &impl Message,
    ) -> Result<Request, Error> {
        Request::new(id, method, &[&hex::encode(message.encode_to_vec())])
    }

    /// What is stored of the content: a keyed hash, because a plain one would tell whoever guesses
    /// whom the request named.
    pub(crate) fn kept_content(&self, vault: &Vault) -> Result<String, Trouble> {
        kept_content(vault, &self.content)
    }
}

/// What is stored of a request's content.
pub(crate) fn kept_content(vault: &Vault, content: &str) -> Result<String, Trouble> {
    Ok(format!("k:{}", vault.unlocked_indexes()?.equal("request", content)))
}

/// The id of an act.
pub(crate) fn request_id(id: &str) -> Result<Uuid, Error> {
    Uuid::try_parse(id).map_err(|_| {
        let message = "`request_id` must be a UUID, the same for every attempt at this act";
        Error::invalid(Reason::InvalidRequestId, "request_id", message)
    })
}

/// The id was used for another act.
pub(crate) fn reused() -> Error {
    let message = "this `request_id` was used before with another content: make a new UUID";
    Error::AlreadyExists { reason: Reason::RequestIdReused, message: message.into() }
}

/// The answer named a person who was erased since.
pub(crate) fn gone() -> Error {
    let message = "this `request_id` was used, and what was answered is not kept any more: it named a \
                   person who was erased since, or refused something more than thirty days ago; make \
                   a new UUID to ask for anything more";
    Error::AlreadyExists { reason: Reason::RequestIdReused, message: message.into() }
}

/// What is done in one transaction. It may be begun anew, and must leave nothing elsewhere.
pub(crate) trait Act: Send + 'static {
    /// What was done.
    type Done;

    /// Does it. Whatever it wrote is undone where it fails.
    fn run(&self, tx: &mut Tx<'_>) -> impl Future<Output = Result<Self::Done, Error>>;

    /// The subjects that its answer names, by the names of their keys: it is sealed under them.
    fn names(_: &Self::Done) -> Names {
        Names::new()
    }

    /// What this process has to do once it is durable.
    fn done(_: &App) {}
}

/// What came of an act: its answer, encoded.
type Answer = Result<Vec<u8>, Error>;

/// Does an act, or answers what was answered when it was done.
///
/// It runs on a thread that may wait for a disk, and once begun to its end even if its caller has
/// gone. Until then it waits without a thread, and not for long.
///
/// # Errors
///
/// Those of the act; [`Error::Exhausted`] where too many wait, and nothing was done;
/// [`Reason::RequestIdReused`] if the id was used for another.
pub(crate) async fn once<A, T>(app: &Arc<App>, request: Request, act: A) -> Result<T, Error>
where
    A: Act,
    T: Message + Default + From<A::Done> + 'static,
{
    let asked = Box::new(Asked { request, act, answer: PhantomData::<fn() -> T> });
    let answer = match app.database.kind {
        Kind::Sqlite => line::stand(app, asked).await?,
        Kind::Postgres => {
            let conn = app.database.conn_soon().await?;
            let (app, handle) = (app.clone(), Handle::current());
            let done = spawn_blocking(move || {
                let answer = handle.block_on(persist(&app, conn, asked.as_ref()));
                asked.done(&app);
                answer
            });
            done.await.map_err(Error::internal)??
        }
    };
    T::decode(answer.as_slice()).map_err(Error::internal)
}

/// Whether a request's id was used, for whatever act: then [`once`] answers it without doing the act.
///
/// # Errors
///
/// If the database does not answer.
pub(crate) async fn is_claimed(app: &App, request: &Request) -> Result<bool, Error> {
    store::is_claimed(&app.database, request).await
}

/// An act that somebody waits for.
trait Pending: Send {
    /// Does it, or answers what was answered before.
    fn run<'a>(
        &'a self,
        tx: &'a mut Tx<'_>,
        now: Timestamp,
    ) -> Pin<Box<dyn Future<Output = Answer> + 'a>>;

    /// What is to be done once it is durable.
    fn done(&self, app: &App);
}

struct Asked<A, T> {
    request: Request,
    act: A,
    answer: PhantomData<fn() -> T>,
}

impl<A, T> Pending for Asked<A, T>
where
    A: Act,
    T: Message + From<A::Done>,
{
    fn run<'a>(
        &'a self,
        tx: &'a mut Tx<'_>,
        now: Timestamp,
    ) -> Pin<Box<dyn Future<Output = Answer> + 'a>> {
        Box::pin(within::<A, T>(tx, &self.request, &self.act, now))
    }

    fn done(&self, app: &App) {
        A::done(app);
    }
}

/// Does an act alone, and tries again where its transaction met another.
async fn persist(app: &App, mut conn: Conn, act: &dyn Pending) -> Answer {
    let mut tries = Tries::default();
    loop {
        let (answer, whole) = attempt(app, &mut conn, act).await;
        if whole && matches!(answer, Err(Error::Conflict)) && tries.again().await {
            continue;
        }
        if whole {
            conn.keep();
        }
        return answer;
    }
}

/// One transaction. Answers also whether its connection is good for another: the act's own error is
/// told even where it cannot be rolled back, and after a failed commit all is in doubt.
async fn attempt(app: &App, conn: &mut Conn, act: &dyn Pending) -> (Answer, bool) {
    let mut tx = match conn.begin().await {
        Ok(tx) => tx,
        Err(error) => return (Err(error.into()), false),
    };
    match act.run(&mut tx, app.now()).await {
        Err(error) => (Err(error), tx.rollback().await.is_ok()),
        Ok(answer) => match tx.commit().await {
            Ok(()) => (Ok(answer), true),
            Err(error) => (Err(error.into()), false),
        },
    }
}

async fn within<A, T>(tx: &mut Tx<'_>, request: &Request, act: &A, now: Timestamp) -> Answer
where
    A: Act,
    T: Message + From<A::Done>,
{
    if !store::claim(tx, request, now).await? {
        return store::answer(tx, request).await?.ok_or_else(reused)?.ok_or_else(gone);
    }
    let done = act.run(tx).await?;
    let owners = A::names(&done);
    let answer = T::from(done).encode_to_vec();
    store::keep(tx, request, &answer, &owners).await?;
    Ok(answer)
}
