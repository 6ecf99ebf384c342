//! When a subscription's MRR changes, and why.

mod support;

use SubscriptionStatus::*;
use std::collections::BTreeSet;
use support::*;
use takings_core::billing::facts::*;
use takings_core::billing::{Carry, Cause, Definition, FoldError, earliest, effective, fold};
use takings_core::unconfirmed::Reason;
use takings_core::version::Moment;

fn causes(moments: &[Moment]) -> Vec<Cause> {
    World::default().fold(moments).points.iter().map(|point| point.cause).collect()
}

fn trialing(end: Seconds) -> Subscription {
    Subscription { status: Trialing, trial_end: Some(end), ..ten_dollars() }
}

#[test]
fn a_cancellation_of_20_january_that_ends_on_10_february_churns_on_10_february() {
    let (asked, end) = (day(2026, 1, 20), day(2026, 2, 10));
    let scheduled = Subscription {
        cancel_at_period_end: true,
        cancel_at: Some(end),
        canceled_at: Some(asked),
        ..ten_dollars()
    };
    let gone = ended(&scheduled, end, "cancellation_requested");
    let moments = [
        at(day(2026, 1, 1), &ten_dollars()),
        at(asked, &scheduled),
        deleted(at(end + 3_600, &gone)),
    ];
    let points = World::default().fold(&moments).points;
    assert_eq!(steps(&points), [(day(2026, 1, 1), units(1_000)), (asked, units(1_000)), (end, 0)]);
    assert_eq!(points[1].ends_at, Some(end));
    assert_eq!((points[2].cause, points[2].ended), (Cause::Voluntary, true));

    let at_request = Definition { churn_at_cancellation: true, ..Definition::default() };
    let points = World::default().fold_by(&at_request, &moments).points;
    assert_eq!(steps(&points), [(day(2026, 1, 1), units(1_000)), (asked, 0), (end, 0)]);
    assert_eq!(points[1].cause, Cause::Voluntary);
    let points = World::default().fold_by(&at_request, &[moments[0].clone(), moments[2].clone()]);
    assert_eq!(steps(&points.points), [(day(2026, 1, 1), units(1_000)), (asked, 0)]);
}

#[test]
fn a_withdrawn_cancellation_resumes_under_churn_at_cancellation() {
    let scheduled =
        Subscription { cancel_at_period_end: true, canceled_at: Some(200), ..ten_dollars() };
    let moments = [at(100, &ten_dollars()), at(205, &scheduled), at(300, &ten_dollars())];
    let at_request = Definition { churn_at_cancellation: true, ..Definition::default() };
    let points = World::default().fold_by(&at_request, &moments).points;
    assert_eq!(steps(&points), [(100, units(1_000)), (200, 0), (300, units(1_000))]);
    assert_eq!(points[2].cause, Cause::Resumed);
}

#[test]
fn the_later_version_wins_from_its_effective_time_on() {
    let gone = ended(&ten_dollars(), 150, "payment_failed");
    let mut two = ten_dollars();
    two.items[0].quantity = Some(2);
    let moments = [at(100, &ten_dollars()), at(200, &two), deleted(at(300, &gone))];
    let points = World::default().fold(&moments).points;
    assert_eq!(steps(&points), [(100, units(1_000)), (150, 0)]);
    assert_eq!((points[1].second, points[1].cause), (300, Cause::Involuntary));
}

#[test]
fn an_update_of_an_ended_subscription_does_not_take_over_its_end() {
    let gone = ended(&ten_dollars(), 200, "cancellation_requested");
    let moments = [at(100, &ten_dollars()), deleted(at(203, &gone)), at(500, &gone)];
    let points = World::default().fold(&moments).points;
    assert_eq!(steps(&points), [(100, units(1_000)), (200, 0), (500, 0)]);
    assert_eq!(points[1].event, "evt_subscription_203");
    assert_eq!(points[2].cause, Cause::Unchanged);
}

#[test]
fn a_trial_counts_from_its_end_once_it_is_seen_over() {
    let over = Subscription { status: Active, ..trialing(200) };
    let waiting = World::default().fold(&[at(100, &trialing(200))]).points;
    assert_eq!(steps(&waiting), [(100, 0)], "no future row");

    let moments = [at(100, &trialing(200)), at(260, &over), at(300, &over)];
    let points = World::default().fold(&moments).points;
    assert_eq!(steps(&points), [(100, 0), (200, units(1_000)), (300, units(1_000))]);
    assert_eq!(points[1].cause, Cause::TrialEnded);

    let unpaid = in_status(&over, PastDue);
    let points = World::default().fold(&[at(100, &trialing(200)), at(260, &unpaid)]).points;
    assert_eq!(steps(&points), [(100, 0), (200, units(1_000))], "counted though unpaid");

    let paused = in_status(&over, Paused);
    let points = World::default().fold(&[at(100, &trialing(200)), at(260, &paused)]).points;
    assert_eq!(steps(&points), [(100, 0), (200, 0)], "no New and no Churn");
}

#[test]
fn a_trial_update_after_its_end_is_displaced() {
    let over = Subscription { status: Active, ..trialing(200) };
    let moments = [at(100, &trialing(200)), at(230, &trialing(200)), at(260, &over)];
    let points = World::default().fold(&moments).points;
    assert_eq!(steps(&points), [(100, 0), (200, units(1_000))]);
}

#[test]
fn a_trial_cut_short_counts_from_its_own_second() {
    let over = Subscription { status: Active, ..trialing(150) };
    let points = World::default().fold(&[at(100, &trialing(200)), at(150, &over)]).points;
    assert_eq!(steps(&points), [(100, 0), (150, units(1_000))]);
}

#[test]
fn a_trial_may_count_from_the_first_payment() {
    let by_payment = Definition { trial_until_first_payment: true, ..Definition::default() };
    let over = Subscription { status: Active, ..trialing(200) };
    let moments = [at(100, &trialing(200)), at(260, &over)];
    let unpaid = World::default().fold_by(&by_payment, &moments).points;
    assert_eq!(steps(&unpaid), [(100, 0), (200, 0)]);
    let world = World { first_paid: Some(900), ..World::default() };
    let paid = world.fold_by(&by_payment, &moments).points;
    assert_eq!(steps(&paid), [(100, 0), (200, 0), (900, units(1_000))]);
    let never_tried = world.fold_by(&by_payment, &[at(100, &ten_dollars())]).points;
    assert_eq!(steps(&never_tried), [(100, units(1_000))]);
}

#[test]
fn past_due_stays_and_may_churn_after_some_days() {
    let due = in_status(&ten_dollars(), PastDue);
    let moments = [at(100, &ten_dollars()), at(1_000, &due), at(2_000, &due)];
    let stays = World::default().fold(&moments).points;
    assert_eq!(stays.last().map(|point| point.units), Some(units(1_000)));
    assert_eq!(stays[2].past_due_since, Some(1_000));

    let limited = Definition { past_due_churn_days: Some(30), ..Definition::default() };
    let expiry = 1_000 + 30 * DAY;
    let points = World::default().fold_by(&limited, &moments).points;
    assert_eq!(steps(&points)[2..], [(2_000, units(1_000)), (expiry, 0)]);
    assert_eq!(points[3].cause, Cause::Involuntary);

    let paid = [&moments[..], &[at(expiry + 5, &ten_dollars())]].concat();
    let points = World::default().fold_by(&limited, &paid).points;
    assert_eq!(steps(&points)[3..], [(expiry, 0), (expiry + 5, units(1_000))]);
    assert_eq!(points[4].cause, Cause::Recovered);

    let in_time = [&moments[..], &[at(3_000, &ten_dollars())]].concat();
    let points = World::default().fold_by(&limited, &in_time).points;
    assert!(points.iter().all(|point| point.units > 0), "the future row is gone");
}

#[test]
fn paused_collection_counts_and_is_flagged_unless_the_definition_says_otherwise() {
    let paused = Subscription { collection_paused: Some("keep_as_draft".into()), ..ten_dollars() };
    let moments = [at(100, &ten_dollars()), at(200, &paused), at(300, &ten_dollars())];
    let points = World::default().fold(&moments).points;
    assert!(points.iter().all(|point| point.units == units(1_000)));
    assert!(points[1].collection_paused && !points[2].collection_paused);

    let excluded = Definition { count_collection_paused: false, ..Definition::default() };
    let points = World::default().fold_by(&excluded, &moments).points;
    assert_eq!(steps(&points), [(100, units(1_000)), (200, 0), (300, units(1_000))]);
    assert_eq!((points[1].cause, points[2].cause), (Cause::Paused, Cause::Resumed));
}

#[test]
fn every_change_names_its_cause() {
    let base = ten_dollars();
    let mut more = base.clone();
    more.items[0].quantity = Some(3);
    let mut dearer = more.clone();
    dearer.items[0].price.unit_amount = Some(1_200.into());
    let mut other = dearer.clone();
    other.items[0].price = monthly("other", 700);
    let mut added = other.clone();
    added.items.push(item("si_2", monthly("b", 2_000), 1, 0, 0));
    let moments = [
        at(100, &in_status(&base, Incomplete)),
        at(200, &base),
        at(300, &more),
        at(400, &dearer),
        at(500, &other),
        at(600, &added),
        at(700, &other),
        at(800, &in_status(&other, Paused)),
        at(900, &other),
        at(1_000, &in_status(&other, Unpaid)),
        at(1_100, &other),
        at(1_200, &other),
        at(1_300, &ended(&other, 1_300, "payment_disputed")),
    ];
    let expected = [
        Cause::Unchanged,
        Cause::Started,
        Cause::QuantityChanged,
        Cause::PriceChanged,
        Cause::PlanChanged,
        Cause::ItemsChanged,
        Cause::ItemsChanged,
        Cause::Paused,
        Cause::Resumed,
        Cause::Involuntary,
        Cause::Recovered,
        Cause::Unchanged,
        Cause::Involuntary,
    ];
    assert_eq!(causes(&moments), expected);
    for cause in Cause::ALL {
        assert_eq!(Cause::parse(cause.as_str()), Some(cause));
    }
}

#[test]
fn an_end_without_a_reason_is_involuntary_when_it_was_past_due() {
    let gone = |from: &Subscription| Subscription { cancel_reason: None, ..ended(from, 300, "") };
    let due = in_status(&ten_dollars(), PastDue);
    let kept = [at(100, &ten_dollars()), at(300, &gone(&ten_dollars()))];
    assert_eq!(causes(&kept), [Cause::Started, Cause::Voluntary]);
    let unpaid = [at(100, &ten_dollars()), at(200, &due), at(300, &gone(&due))];
    assert_eq!(causes(&unpaid), [Cause::Started, Cause::Unchanged, Cause::Involuntary]);
}

#[test]
fn a_moments_own_marks_stay_until_the_next_version() {
    let marks = BTreeSet::from([Reason::Tie]);
    let tied = Moment { marks: marks.clone(), ..at(200, &ten_dollars()) };
    let world = World::default()
        .coupon("c", percent("50"), Duration::Forever)
        .customers("di", "c", 250, None, None);
    let points = world.fold(&[at(100, &ten_dollars()), tied, at(300, &ten_dollars())]).points;
    let found: Vec<_> = points.iter().map(|point| (point.at, point.marks.len())).collect();
    assert_eq!(found, [(100, 0), (200, 1), (250, 1), (300, 0)]);
}

#[test]
fn effective_times_never_lie_after_the_second() {
    let definition = Definition::default();
    let gone = ended(&ten_dollars(), 900, "");
    assert_eq!(effective(&definition, None, &at(300, &gone)), 300);
    let (before, over) = (at(100, &trialing(900)), in_status(&trialing(900), Active));
    assert_eq!(effective(&definition, Some(&before), &at(300, &over)), 300);
    let moments = [before, at(950, &over), at(960, &over)];
    assert_eq!(earliest(&definition, None, &moments), Some(100));
    assert_eq!(earliest(&definition, Some(&moments[0]), &moments[1..]), Some(900));
    assert_eq!(earliest(&definition, None, &[]), None);
}

#[test]
fn a_range_that_begins_too_late_is_refused() {
    let world = World::default();
    let over = in_status(&trialing(150), Active);
    let moments = [at(100, &trialing(150)), at(200, &trialing(150)), at(300, &over)];
    let points = world.fold(&moments[..2]).points;
    let carry = Carry { point: &points[1], moment: &moments[1] };
    let folded = fold(&Definition::default(), Some(carry), &moments[2..], &world.context());
    assert_eq!(folded, Err(FoldError::BeforeCarry(150)));
}

#[test]
fn points_survive_being_written_down() {
    let world = World::default().discount("d", "c", 0, None);
    let mut state = ten_dollars();
    state.discounts = vec!["d".into()];
    for point in world.fold(&[at(100, &ten_dollars()), at(200, &state)]).points {
        let text = serde_json::to_string(&point).unwrap();
        assert_eq!(serde_json::from_str::<takings_core::billing::Point>(&text).unwrap(), point);
    }
}

#[test]
fn without_new_moments_a_carry_still_feels_what_else_changes() {
    let world = World::default().coupon("c", percent("50"), Duration::Repeating).customers(
        "di",
        "c",
        250,
        Some(day(2026, 3, 1)),
        None,
    );
    let moments = [at(100, &ten_dollars())];
    let whole = world.fold(&moments).points;
    let marks = BTreeSet::from([Reason::MissedUpdate]);
    let marked = Moment { marks, ..moments[0].clone() };
    let carry = Carry { point: &whole[0], moment: &marked };
    let folded = fold(&Definition::default(), Some(carry), &[], &world.context()).unwrap();
    let expected = [(250, units(500)), (day(2026, 3, 1), units(1_000))];
    assert_eq!(steps(&folded.points), expected);
    assert_eq!(folded.points, whole[1..], "the point knows its marks, not the moment");
}
