//! The line of acts on SQLite: whatever waits goes into one transaction, so that the disk is waited
//! for once. Nothing sleeps for others to come: while some are done, the next gather.
//!
//! Each act has a savepoint, so that one that fails leaves nothing; one that met another, and all of
//! a transaction that could not be committed, are done alone.

use super::{Answer, Pending, persist};
use crate::app::App;
use crate::error::Error;
use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::runtime::Handle;
use tokio::sync::oneshot;
use tokio::task::spawn_blocking;

/// The most acts in one transaction.
const MOST: usize = 64;

/// Those who wait.
#[derive(Default)]
pub(crate) struct Line(Mutex<Waiting>);

#[derive(Default)]
struct Waiting {
    acts: VecDeque<(Box<dyn Pending>, oneshot::Sender<Answer>)>,
    /// Whether somebody does them.
    served: bool,
}

impl Line {
    /// Appends an act; tells whether nobody serves the line.
    fn append(&self, act: Box<dyn Pending>, caller: oneshot::Sender<Answer>) -> bool {
        let mut waiting = self.lock();
        waiting.acts.push_back((act, caller));
        !std::mem::replace(&mut waiting.served, true)
    }

    /// Takes the next acts. Where there are none, the line is no longer served.
    fn next(&self) -> Vec<(Box<dyn Pending>, oneshot::Sender<Answer>)> {
        let mut waiting = self.lock();
        let count = waiting.acts.len().min(MOST);
        waiting.served = count > 0;
        waiting.acts.drain(..count).collect()
    }

    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Stands in line, and answers what came of the act.
pub(super) async fn stand(app: &Arc<App>, act: Box<dyn Pending>) -> Answer {
    let (caller, answered) = oneshot::channel();
    if app.acts.append(act, caller) {
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
        let (acts, callers): (Vec<_>, Vec<_>) = app.acts.next().into_iter().unzip();
        if acts.is_empty() {
            return;
        }
        let done = if acts.len() > 1 { together(app, &acts).await } else { Ok(Vec::new()) };
        let mut answers = done.unwrap_or_default().into_iter();
        for (act, caller) in acts.iter().zip(callers) {
            let answer = match answers.next() {
                None | Some(Err(Error::Conflict)) => persist(app, act.as_ref()).await,
                Some(answer) => answer,
            };
            act.done(app);
            // A caller that went away changes nothing.
            let _ = caller.send(answer);
        }
    }
}

/// Does acts in one transaction, one after the other.
async fn together(app: &App, acts: &[Box<dyn Pending>]) -> Result<Vec<Answer>, Error> {
    let mut conn = app.database.conn().await?;
    let mut tx = conn.begin().await?;
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
    conn.keep();
    Ok(answers)
}
