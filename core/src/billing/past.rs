//! The time before a subscription's first version: what that version implies of it.
//!
//! Who learns of a subscription in the middle of its life, from a backfill or from the first event
//! that came, sees a first version that is no creation. It says when the subscription was made,
//! when its trial was and when it ended; between these it is taken to have been as it first shows
//! itself. That is the least that can be true, and it is told apart as reconstructed; a version
//! that arrives later takes its place.

use super::facts::{Phase, Seconds, State, Subscription, SubscriptionStatus};
use super::timeline::subscription;
use crate::version::{Moment, Version, same_state};

/// The moments before a subscription's first one, ascending. `versions` are all versions of it, or
/// at least those of the first moment's second; where one of them is its creation, and for every
/// other kind of object, there is no time before.
pub fn past(versions: &[Version], first: &Moment) -> Vec<Moment> {
    let Some(shown) = subscription(first) else { return Vec::new() };
    let told: Vec<&Version> =
        versions.iter().filter(|it| !it.fetched && it.second == first.second).collect();
    if shown.created <= 0 || told.iter().any(|it| it.phase == Phase::Created) {
        return Vec::new();
    }
    let opening = opening(&told).unwrap_or(shown);
    let until = shown.ended_at.map_or(first.second, |end| end.min(first.second));
    let moment = |(at, status)| Moment {
        second: at,
        event: first.event.clone(),
        deleted: false,
        state: State::Subscription(Subscription { status, ..without_end(opening) }),
        marks: Default::default(),
        reconstructed: true,
    };
    statuses(opening).into_iter().filter(|(at, _)| *at < until).map(moment).collect()
}

/// The state before the first second: what an update of it changed, where no other version of the
/// second made that state.
fn opening<'a>(told: &[&'a Version]) -> Option<&'a Subscription> {
    let made = |state: &State| told.iter().any(|it| same_state(&it.state, state));
    let befores = told.iter().filter_map(|it| Some((&it.event, it.before.as_ref()?)));
    let (_, state) = befores.filter(|(_, before)| !made(before)).min_by_key(|(event, _)| *event)?;
    match state {
        State::Subscription(subscription) => Some(subscription),
        _ => None,
    }
}

/// Nothing tells that its end was asked for, or collection paused, before it was seen so.
fn without_end(state: &Subscription) -> Subscription {
    Subscription {
        cancel_at_period_end: false,
        cancel_at: None,
        canceled_at: None,
        ended_at: None,
        cancel_reason: None,
        collection_paused: None,
        ..state.clone()
    }
}

/// From when on it had which status.
fn statuses(state: &Subscription) -> Vec<(Seconds, SubscriptionStatus)> {
    use SubscriptionStatus::{Active, Incomplete, IncompleteExpired, Paused, Trialing};
    let created = state.created;
    if matches!(state.status, Incomplete | IncompleteExpired) {
        return vec![(created, Incomplete)];
    }
    let Some(end) = state.trial_end.filter(|end| *end > created) else {
        return vec![(created, Active)];
    };
    let mut statuses = match state.trial_start.filter(|start| *start > created) {
        Some(start) => vec![(created, Active), (start, Trialing)],
        None => vec![(created, Trialing)],
    };
    // Who is still trying, or is paused after a trial, is not known to have paid since.
    if !matches!(state.status, Trialing | Paused) {
        statuses.push((end, Active));
    }
    statuses
}
