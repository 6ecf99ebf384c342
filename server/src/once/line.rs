//! The line of acts on SQLite: whatever waits goes into one transaction, so that the disk is waited
//! for once. Nothing sleeps for others to come: while some are done, the next gather.
//!
//! Each act has a savepoint, so that one that fails leaves nothing; one that met another, and all of
//! a transaction that could not be committed, are done alone.

use super::{Answer, Pending, persist};
use crate::app::App;
use crate::db::{self, Tx};
use crate::error::Error;
use crate::ingest::Trouble;
use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::runtime::Handle;
use tokio::sync::oneshot;
use tokio::task::spawn_blocking;
use tokio::time::Instant;

/// The most acts in one transaction.
const MOST: usize = 64;

/// The most acts that wait.
const MOST_WAITING: usize = 1_024;

/// How long an act waits before it is begun.
const PATIENCE: Duration = Duration::from_secs(10);

/// Those who wait.
#[derive(Default)]
pub(crate) struct Line(Mutex<Waiting>);

#[derive(Default)]
struct Waiting {
    places: VecDeque<Place>,
    /// Whether somebody does them.
    served: bool,
}

/// An act, who waits for it, and until when it is worth beginning.
struct Place {
    act: Box<dyn Pending>,
    caller: oneshot::Sender<Answer>,
    until: Instant,
}

impl Line {
    /// Appends an act; tells whether nobody serves the line.
    ///
    /// # Errors
    ///
    /// If too many wait.
    fn append(&self, place: Place) -> Result<bool, Error> {
        let mut waiting = self.lock();
        if waiting.places.len() >= MOST_WAITING {
            return Err(Error::overloaded());
        }
        waiting.places.push_back(place);
        Ok(!std::mem::replace(&mut waiting.served, true))
    }

    /// Takes the next acts. Where there are none, the line is no longer served.
    fn next(&self) -> Vec<Place> {
        let mut waiting = self.lock();
        let count = waiting.places.len().min(MOST);
        waiting.served = count > 0;
        waiting.places.drain(..count).collect()
    }

    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Stands in line, and answers what came of the act.
pub(super) async fn stand(app: &Arc<App>, act: Box<dyn Pending>) -> Answer {
    let (caller, answered) = oneshot::channel();
    if app.acts.append(Place { act, caller, until: Instant::now() + PATIENCE })? {
        let (server, handle) = (Server(app.clone()), Handle::current());
        spawn_blocking(move || handle.block_on(serve(server)));
    }
    answered.await.map_err(Error::internal)?
}

/// Whoever serves the line, on a thread that may wait for the disk.
struct Server(Arc<App>);

impl Drop for Server {
    /// After a panic the next who comes serves.
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.0.acts.lock().served = false;
        }
    }
}

async fn serve(server: Server) {
    let app = &server.0;
    loop {
        let places = app.acts.next();
        if places.is_empty() {
            return;
        }
        let now = Instant::now();
        let (places, late): (Vec<Place>, Vec<Place>) =
            places.into_iter().partition(|place| place.until > now);
        for place in late {
            let _ = place.caller.send(Err(Error::overloaded()));
        }
        let (acts, callers): (Vec<_>, Vec<_>) =
            places.into_iter().map(|place| (place.act, place.caller)).unzip();
        let mut answers = together(app, &acts).await.into_iter();
        for (act, caller) in acts.iter().zip(callers) {
            let answer = match answers.next() {
                None | Some(Err(Error::Conflict)) => alone(app, act.as_ref()).await,
                Some(answer) => answer,
            };
            act.done(app);
            // A caller that went away changes nothing.
            let _ = caller.send(answer);
        }
    }
}

async fn alone(app: &App, act: &dyn Pending) -> Answer {
    persist(app, app.database.conn().await?, act).await
}

/// Does acts in one transaction, one after the other; answers none where each has to be done alone.
/// Where no transaction can be begun, all are told why: each alone would wait for the same again.
async fn together(app: &App, acts: &[Box<dyn Pending>]) -> Vec<Answer> {
    if acts.len() < 2 {
        return Vec::new();
    }
    let mut conn = match app.database.conn().await {
        Ok(conn) => conn,
        Err(error) => return refused(&error, acts.len()),
    };
    let tx = match conn.begin().await {
        Ok(tx) => tx,
        Err(error) => return refused(&error, acts.len()),
    };
    let Ok(answers) = within_one(app, tx, acts).await else { return Vec::new() };
    conn.keep();
    answers
}

async fn within_one(
    app: &App,
    mut tx: Tx<'_>,
    acts: &[Box<dyn Pending>],
) -> Result<Vec<Answer>, db::Error> {
    let mut answers = Vec::with_capacity(acts.len());
    for act in acts {
        tx.savepoint().await?;
        let answer = act.run(&mut tx, app.now()).await;
        match &answer {
            Ok(_) => tx.release().await?,
            Err(_) => tx.undo().await?,
        }
        answers.push(answer);
    }
    tx.commit().await?;
    Ok(answers)
}

/// The same answer for each of so many.
fn refused(error: &db::Error, count: usize) -> Vec<Answer> {
    let shared = || Trouble::Shared { failure: error.failure(), said: error.to_string() };
    (0..count).map(|_| Err(shared().into())).collect()
}
