//! What became of trials, one subscription at a time.

use crate::billing::facts::{Seconds, State, Subscription, SubscriptionStatus};
use crate::version::Moment;
use serde::{Deserialize, Serialize};

/// What became of a subscription's trial.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "outcome", content = "at")]
pub enum TrialOutcome {
    /// The trial is over and an invoice was paid, at that instant.
    Converted(Seconds),
    /// The subscription ended before it paid, at that instant.
    Cancelled(Seconds),
    /// It may still become either; the trial's end.
    Open(Seconds),
}

/// Classifies a subscription's trial: `None` where it never had one.
///
/// `moments` are all its settled moments, ascending. `paid` are the instants at which invoices of
/// it with a total above zero were paid, in any order: the first at or after the trial's end
/// converts. A subscription that ended first was cancelled, whatever was paid afterwards.
pub fn trial_outcome(moments: &[Moment], paid: &[Seconds]) -> Option<TrialOutcome> {
    let trial_end = moments.iter().rev().find_map(|moment| subscription(moment)?.trial_end)?;
    let converted = paid.iter().copied().filter(|paid| *paid >= trial_end).min();
    let ended = moments.iter().find_map(end);
    Some(match (converted, ended) {
        (Some(paid), Some(ended)) if ended <= paid => TrialOutcome::Cancelled(ended),
        (Some(paid), _) => TrialOutcome::Converted(paid),
        (None, Some(ended)) => TrialOutcome::Cancelled(ended),
        (None, None) => TrialOutcome::Open(trial_end),
    })
}

/// When a moment says that the subscription ended.
fn end(moment: &Moment) -> Option<Seconds> {
    let state = subscription(moment)?;
    let over = [SubscriptionStatus::Canceled, SubscriptionStatus::IncompleteExpired];
    let ended = moment.deleted || over.contains(&state.status);
    ended.then(|| state.ended_at.unwrap_or(moment.second).min(moment.second))
}

fn subscription(moment: &Moment) -> Option<&Subscription> {
    match &moment.state {
        State::Subscription(subscription) => Some(subscription),
        _ => None,
    }
}

/// Trials of one range or cohort.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TrialTally {
    /// Ended by conversion.
    pub converted: i64,
    /// Ended by cancellation.
    pub cancelled: i64,
    /// Not ended.
    pub open: i64,
}

/// Counts outcomes whose instant lies in `[from, until)`.
pub fn tally(outcomes: &[TrialOutcome], from: Seconds, until: Seconds) -> TrialTally {
    let mut tally = TrialTally::default();
    for outcome in outcomes {
        let (at, count) = match outcome {
            TrialOutcome::Converted(at) => (at, &mut tally.converted),
            TrialOutcome::Cancelled(at) => (at, &mut tally.cancelled),
            TrialOutcome::Open(at) => (at, &mut tally.open),
        };
        *count += i64::from((from..until).contains(at));
    }
    tally
}
