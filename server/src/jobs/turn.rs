//! One turn of a job: leased, stopped, and no danger to the others.

use super::lease;
use crate::app::App;
use crate::error::Error;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::task::Poll;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// What becomes of a turn.
enum End {
    /// The job has done what there was.
    Done(Result<(), Error>),
    /// It was stopped in the middle: another process goes on at once.
    Stopped,
}

/// One turn of a job, for as long as nothing stops it, where it is due and no other process has it.
/// It is due again after `every`. Its lease is renewed for as long as it takes, and given back however
/// it ends; a panic is a failure like any other.
///
/// # Errors
///
/// Those of the job; if the lease was lost.
pub(super) async fn turn(
    app: &App,
    stop: &CancellationToken,
    (name, every): (&'static str, Duration),
    work: impl Future<Output = Result<(), Error>>,
) -> Result<(), Error> {
    if stop.is_cancelled() {
        return Ok(());
    }
    let lease = lease::take(&app.database, name, app.now()).await?;
    let Some(mut lease) = lease else { return Ok(()) };
    let end = tokio::select! {
        result = caught(work) => End::Done(result),
        lost = lease.hold(app) => End::Done(Err(lost)),
        () = stop.cancelled() => End::Stopped,
    };
    let (result, every) = match end {
        End::Done(result) => (result, every),
        End::Stopped => (Ok(()), Duration::ZERO),
    };
    let failure = result.as_ref().err().map(ToString::to_string);
    lease.give_back(&app.database, app.now(), every, failure).await?;
    result
}

/// Does a job's work; where that panics, it has failed.
async fn caught(work: impl Future<Output = Result<(), Error>>) -> Result<(), Error> {
    let mut work = pin!(work);
    let polled = std::future::poll_fn(|context| {
        // What panicked is never polled again, and each lock that it may have held says so.
        let polled = catch_unwind(AssertUnwindSafe(|| work.as_mut().poll(context)));
        polled.unwrap_or_else(|_| Poll::Ready(Err(Error::internal("the job panicked"))))
    });
    polled.await
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Config;
    use crate::db::{Database, Options};
    use crate::ingest::{Writer, WriterOptions};
    use std::sync::Arc;
    use tempfile::TempDir;

    const JOB: (&str, Duration) = ("a_job", Duration::from_secs(600));

    async fn app() -> (Arc<App>, TempDir) {
        let folder = tempfile::tempdir().unwrap();
        let url = format!("sqlite://{}", folder.path().join("takings.db").display());
        let database = Database::open(&Options::new(url)).await.unwrap();
        database.migrate().await.unwrap();
        let (writer, _) = Writer::new(database.clone(), WriterOptions::default());
        (App::new(Config::default(), database, writer).unwrap(), folder)
    }

    /// Until when the job is leased, when it is due, and how it failed.
    async fn row(app: &App) -> (i64, i64, Option<String>) {
        let text = "select leased_until, run_at, last_error from jobs where name = 'a_job'";
        let rows = app.database.fetch("test", text, Vec::new()).await.unwrap();
        let number = |name: &str| rows[0].try_get("", name).unwrap();
        (number("leased_until"), number("run_at"), rows[0].try_get("", "last_error").unwrap())
    }

    #[tokio::test]
    async fn a_job_that_panics_has_failed_and_is_due_again() {
        let (app, _folder) = app().await;
        let stop = CancellationToken::new();
        let failed = turn(&app, &stop, JOB, async { panic!("a defect") }).await;
        assert!(failed.is_err_and(|error| error.chain().contains("panicked")));
        let (leased_until, run_at, failure) = row(&app).await;
        assert_eq!((leased_until, failure.is_some()), (0, true));
        assert!(run_at <= app.now().0 + 30_000_000, "it is tried again within half a minute");
    }

    #[tokio::test]
    async fn a_job_that_is_stopped_gives_its_lease_back_and_is_due_at_once() {
        let (app, _folder) = app().await;
        let stop = CancellationToken::new();
        let begun = async {
            stop.cancel();
            std::future::pending().await
        };
        turn(&app, &stop, JOB, begun).await.unwrap();
        let (leased_until, run_at, failure) = row(&app).await;
        assert_eq!((leased_until, failure), (0, None));
        assert!(run_at <= app.now().0);
    }

    #[tokio::test]
    async fn a_job_that_ends_is_due_after_its_pause() {
        let (app, _folder) = app().await;
        let started = app.now().0;
        let stop = CancellationToken::new();
        turn(&app, &stop, JOB, async { Ok(()) }).await.unwrap();
        let (leased_until, run_at, failure) = row(&app).await;
        assert_eq!((leased_until, failure), (0, None));
        assert!(run_at >= started + 600_000_000);
        let never = async { unreachable!("it is not due") };
        turn(&app, &stop, JOB, never).await.unwrap();
    }
}
