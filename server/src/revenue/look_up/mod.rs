//! What marks leave open is looked up: each question once, and again after ever longer pauses as
//! long as its mark stands.

mod ask;
mod store;

pub use ask::ask;

use crate::app::App;
use crate::error::Error;
use crate::sources;
use crate::stripe::ErrorKind;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;
use takings_core::stripe::Question;
use takings_core::time::Timestamp;
use tokio::task::JoinSet;

/// Questions under way at once: enough for the highest rate at a third of a second each.
const ABREAST: usize = 32;
/// Questions of one turn, which is over before other jobs have waited long.
pub(super) const A_TURN: i64 = 256;

/// One open point: a mark, a fact that customers wait for, or an object that an event named.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Point {
    pub(super) object: String,
    pub(super) reason: String,
    /// The transaction that opened it.
    pub(super) batch: i64,
    pub(super) tries: i64,
}

/// What became of a point.
pub(super) struct Asked {
    pub(super) point: Point,
    /// When it is asked again, if it still stands then.
    pub(super) next: Timestamp,
    pub(super) failure: Option<String>,
}

/// Looks up what is due, as far as one turn goes; answers how many points that were.
///
/// # Errors
///
/// If Stripe does not answer, or refuses the key: whatever was not asked is due as before.
pub async fn look_up_due(app: &Arc<App>) -> Result<usize, Error> {
    let Ok(account) = app.stripe() else { return Ok(0) };
    let source = app.sources.number(&sources::stripe(None, account.livemode(None))).await?;
    let patience = i64::from(app.config.stripe.look_up_after_seconds);
    let now = app.now();
    let known = Timestamp(now.0 - patience * 1_000_000);
    let mut questions: BTreeMap<Question, Vec<Point>> = BTreeMap::new();
    let mut asked = Vec::new();
    let due = store::due(&app.database, source, now, known).await?;
    for (question, point) in due {
        match question {
            Some(question) => questions.entry(question).or_default().push(point),
            None => asked.push(after(point, now, Some("nothing that could be asked".into()))),
        }
    }
    let result = ask_all(app, questions, now, &mut asked).await;
    let points = asked.len();
    store::record(&app.database, source, &asked).await?;
    result.map(|()| points)
}

/// Asks everything, some at once; stops where no further question would be answered.
async fn ask_all(
    app: &Arc<App>,
    questions: BTreeMap<Question, Vec<Point>>,
    now: Timestamp,
    asked: &mut Vec<Asked>,
) -> Result<(), Error> {
    let mut waiting = questions.into_iter();
    let mut under_way = JoinSet::new();
    let mut stopped = None;
    loop {
        while under_way.len() < ABREAST
            && stopped.is_none()
            && let Some((question, points)) = waiting.next()
        {
            let app = app.clone();
            under_way.spawn(async move { (points, ask(&app, &question).await) });
        }
        let Some(joined) = under_way.join_next().await else { break };
        let (points, result) = joined.map_err(Error::internal)?;
        match result {
            Err(error) if is_over(&error) => stopped = Some(error),
            Ok(()) => count("answered", points, now, None, asked),
            Err(error) => {
                let outcome = if not_found(&error) { "not_found" } else { "refused" };
                tracing::warn!(object = %points[0].object, %error, "a look-up failed");
                count(outcome, points, now, Some(error.to_string()), asked);
            }
        }
    }
    stopped.map_or(Ok(()), Err)
}

fn count(
    outcome: &'static str,
    points: Vec<Point>,
    now: Timestamp,
    failure: Option<String>,
    asked: &mut Vec<Asked>,
) {
    metrics::counter!("stripe_look_ups_total", "outcome" => outcome).increment(1);
    asked.extend(points.into_iter().map(|point| after(point, now, failure.clone())));
}

/// A point is asked again after a minute, then four times as long, up to a day.
fn after(point: Point, now: Timestamp, failure: Option<String>) -> Asked {
    let minutes = 4_i64.saturating_pow(u32::try_from(point.tries).unwrap_or(0).min(6)).min(1440);
    let pause = Duration::from_secs(60 * minutes.unsigned_abs());
    Asked { point, next: Timestamp(now.0 + pause.as_micros() as i64), failure }
}

/// Whether the next question would fare no better.
fn is_over(error: &Error) -> bool {
    match error {
        Error::Stripe(error) => matches!(
            error.kind,
            ErrorKind::Authentication | ErrorKind::RateLimited | ErrorKind::Unavailable
        ),
        Error::Unavailable { .. } | Error::Exhausted { .. } => true,
        _ => false,
    }
}

/// An object that others name and the key does not show: a wrong key, mode or account.
fn not_found(error: &Error) -> bool {
    matches!(error, Error::Stripe(error) if error.kind == ErrorKind::NotFound)
}
