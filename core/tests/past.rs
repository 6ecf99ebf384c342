//! What a subscription's first version implies of the time before it.
#![allow(clippy::unwrap_used, reason = "a test stops where it fails")]

mod support;

use support::{at, day, ended, in_status, ten_dollars};
use takings_core::billing::facts::{Phase, Seconds, State, Subscription, SubscriptionStatus};
use takings_core::billing::{Definition, fold, past};
use takings_core::version::{Version, settle};

/// When it was made, and when it is first seen.
const MADE: Seconds = 1_000_000;
const SEEN: Seconds = 9_000_000;
/// $10.00 a month.
const TEN: i64 = 1_000 * 83_160;

fn made(state: Subscription) -> Subscription {
    Subscription { created: MADE, ..state }
}

fn fetched(second: Seconds, state: &Subscription) -> Version {
    Version {
        second,
        event: format!("api_{second}"),
        phase: Phase::Changed,
        state: State::Subscription(state.clone()),
        before: None,
        fetched: true,
    }
}

fn told(
    second: Seconds,
    phase: Phase,
    state: &Subscription,
    before: Option<&Subscription>,
) -> Version {
    let before = before.map(|it| State::Subscription(it.clone()));
    let event = format!("evt_{second}");
    Version { event, phase, before, fetched: false, ..fetched(second, state) }
}

/// The points of some versions: instant, MRR, whether it is reconstructed.
fn points(versions: &[Version]) -> Vec<(Seconds, i64, bool)> {
    let mut moments = settle(None, versions);
    let before = past(versions, &moments[0]);
    moments.splice(..0, before);
    let world = support::World::default();
    let folded = fold(&Definition::default(), None, &moments, &world.context()).unwrap();
    folded.points.iter().map(|point| (point.at, point.units, point.reconstructed)).collect()
}

#[test]
fn who_is_first_seen_late_began_when_made() {
    let active = made(ten_dollars());
    assert_eq!(points(&[fetched(SEEN, &active)]), [(MADE, TEN, true), (SEEN, TEN, false)]);
}

#[test]
fn who_is_first_seen_ended_paid_from_the_making_to_the_end() {
    let over = ended(&made(ten_dollars()), 5_000_000, "cancellation_requested");
    assert_eq!(points(&[fetched(SEEN, &over)]), [(MADE, TEN, true), (5_000_000, 0, false)]);
}

#[test]
fn a_trial_lies_where_it_is_said_to() {
    let tried =
        Subscription { trial_start: Some(MADE), trial_end: Some(2_000_000), ..made(ten_dollars()) };
    let paying = [(MADE, 0, true), (2_000_000, TEN, true), (SEEN, TEN, false)];
    assert_eq!(points(&[fetched(SEEN, &tried)]), paying);
    let left = ended(&tried, 1_500_000, "cancellation_requested");
    assert_eq!(points(&[fetched(SEEN, &left)]), [(MADE, 0, true), (1_500_000, 0, false)]);
    let trying = in_status(&tried, SubscriptionStatus::Trialing);
    assert_eq!(points(&[fetched(1_800_000, &trying)]), [(MADE, 0, true), (1_800_000, 0, false)]);
    let paused = in_status(&tried, SubscriptionStatus::Paused);
    assert_eq!(points(&[fetched(SEEN, &paused)]), [(MADE, 0, true), (2_000_000, 0, false)]);
    let pausing = told(2_000_012, Phase::Changed, &paused, Some(&trying));
    assert_eq!(points(&[pausing]), [(MADE, 0, true), (2_000_000, 0, false)]);
}

#[test]
fn what_was_never_paid_never_counted() {
    let expired = in_status(&made(ten_dollars()), SubscriptionStatus::IncompleteExpired);
    assert!(points(&[fetched(SEEN, &expired)]).iter().all(|(_, units, _)| *units == 0));
}

#[test]
fn an_update_tells_what_was_before_it() {
    let (one, mut three) = (made(ten_dollars()), made(ten_dollars()));
    three.items[0].quantity = Some(3);
    let update = told(SEEN, Phase::Changed, &three, Some(&one));
    let now = fetched(SEEN + 500, &three);
    let expected = [(MADE, TEN, true), (SEEN, 3 * TEN, false)];
    assert_eq!(points(&[update.clone(), now.clone()]), expected);
    assert_eq!(points(&[now, update]), expected);
}

#[test]
fn a_creation_leaves_nothing_to_imply() {
    let active = made(ten_dollars());
    let creation = told(MADE, Phase::Created, &active, None);
    assert_eq!(points(&[creation, fetched(SEEN, &active)]), [(MADE, TEN, false)]);
    let late = told(SEEN, Phase::Created, &active, None);
    assert_eq!(points(&[late]), [(SEEN, TEN, false)], "a creation dates itself");
    assert!(past(&[], &at(day(2026, 1, 1), &ten_dollars())).is_empty(), "nothing says when");
}
