//! The order of versions: the same state whatever arrives when, and the right one.

mod support;

use std::collections::BTreeSet;
use support::{at, ten_dollars};
use takings_core::billing::facts::*;
use takings_core::unconfirmed::Reason;
use takings_core::version::{Moment, Version, settle};

fn quantity(quantity: i64) -> State {
    let mut state = ten_dollars();
    state.items[0].quantity = Some(quantity);
    State::Subscription(state)
}

fn version(second: Seconds, event: &str, phase: Phase, state: State) -> Version {
    Version { second, event: event.into(), phase, state, before: None, fetched: false }
}

fn created(second: Seconds, event: &str, state: State) -> Version {
    version(second, event, Phase::Created, state)
}

fn updated(second: Seconds, event: &str, from: State, to: State) -> Version {
    Version { before: Some(from), ..version(second, event, Phase::Changed, to) }
}

fn changed(second: Seconds, event: &str, from: i64, to: i64) -> Version {
    updated(second, event, quantity(from), quantity(to))
}

fn gone(second: Seconds, event: &str, state: State) -> Version {
    version(second, event, Phase::Deleted, state)
}

fn fetch(second: Seconds, event: &str, state: State) -> Version {
    Version { fetched: true, ..version(second, event, Phase::Changed, state) }
}

fn of(moment: &Moment) -> i64 {
    match &moment.state {
        State::Subscription(state) => state.items[0].quantity.unwrap_or(0),
        _ => -1,
    }
}

/// Second, quantity and marks of each moment; the same for the reverse order of arrival.
fn settled(versions: &[Version]) -> Vec<(Seconds, i64, usize)> {
    let moments = settle(None, versions);
    let reversed: Vec<Version> = versions.iter().rev().cloned().collect();
    assert_eq!(settle(None, &reversed), moments);
    moments.iter().map(|moment| (moment.second, of(moment), moment.marks.len())).collect()
}

#[test]
fn a_quantity_that_goes_1_2_1_2_within_a_second_waits_for_what_comes_next() {
    let life = [
        created(1, "evt_0", quantity(1)),
        changed(5, "evt_a", 1, 2),
        changed(5, "evt_b", 2, 1),
        changed(5, "evt_c", 1, 2),
    ];
    assert_eq!(settled(&life), [(1, 1, 0), (5, 1, 1)]);
    let twice = [&life[..], &life[1..]].concat();
    assert_eq!(settled(&twice), [(1, 1, 0), (5, 1, 1)]);
    for (next, end) in [(changed(9, "evt_d", 2, 3), 2), (changed(9, "evt_d", 1, 3), 1)] {
        let life = [&life[..], &[next]].concat();
        assert_eq!(settled(&life), [(1, 1, 0), (5, end, 0), (9, 3, 0)]);
    }
    let seen = [&life[..], &[fetch(60, "req_1", quantity(2))]].concat();
    assert_eq!(settled(&seen), [(1, 1, 0), (5, 2, 0)]);
}

#[test]
fn a_quantity_that_goes_1_2_1_within_a_second_ends_at_1() {
    for (up, down) in [("evt_a", "evt_b"), ("evt_b", "evt_a")] {
        let life = [created(1, "evt_0", quantity(1)), changed(5, up, 1, 2), changed(5, down, 2, 1)];
        assert_eq!(settled(&life), [(1, 1, 0), (5, 1, 0)]);
    }
}

#[test]
fn updates_of_one_second_end_right_in_both_orders() {
    for (first, second) in [("evt_a", "evt_b"), ("evt_b", "evt_a")] {
        let life =
            [created(1, "evt_0", quantity(1)), changed(5, first, 1, 2), changed(5, second, 2, 3)];
        assert_eq!(settled(&life), [(1, 1, 0), (5, 3, 0)]);
        assert_eq!(settle(None, &life)[1].event, second);
    }
}

#[test]
fn created_updated_and_deleted_in_one_second_end_deleted() {
    let over = State::Subscription(support::ended(&ten_dollars(), 5, "cancellation_requested"));
    for ids in [["a", "b", "c"], ["c", "b", "a"], ["b", "c", "a"]] {
        let life = [
            created(5, ids[0], quantity(1)),
            changed(5, ids[1], 1, 2),
            gone(5, ids[2], over.clone()),
        ];
        let moments = settle(None, &life);
        assert_eq!(moments.len(), 1);
        assert!(moments[0].deleted && moments[0].marks.is_empty());
        assert_eq!((&moments[0].state, moments[0].event.as_str()), (&over, ids[2]));
    }
}

/// Two changes of one second whose starts were lost: nothing in them says which came last.
fn tied() -> [Version; 3] {
    [
        created(1, "evt_0", quantity(1)),
        version(5, "evt_a", Phase::Changed, quantity(7)),
        version(5, "evt_b", Phase::Changed, quantity(8)),
    ]
}

#[test]
fn a_tie_takes_the_smallest_list_of_events_and_is_marked() {
    assert_eq!(settled(&tied()), [(1, 1, 0), (5, 8, 1)]);
    assert_eq!(settle(None, &tied())[1].marks, BTreeSet::from([Reason::Tie]));
}

#[test]
fn a_later_updates_previous_values_settle_a_tie_either_way() {
    for end in [7, 8] {
        let life = [&tied()[..], &[changed(9, "evt_c", end, 9)]].concat();
        assert_eq!(settled(&life), [(1, 1, 0), (5, end, 0), (9, 9, 0)]);
    }
    let neither = [&tied()[..], &[changed(9, "evt_c", 4, 9)]].concat();
    assert_eq!(settled(&neither), [(1, 1, 0), (5, 8, 1), (9, 9, 1)]);
}

#[test]
fn a_later_fetched_state_settles_a_tie_and_dates_nothing() {
    for (end, event) in [(7, "evt_a"), (8, "evt_b")] {
        let life = [&tied()[..], &[fetch(60, "req_1", quantity(end))]].concat();
        assert_eq!(settled(&life), [(1, 1, 0), (5, end, 0)]);
        assert_eq!(settle(None, &life)[1].event, event);
    }
}

#[test]
fn a_fetched_state_so_near_may_lie_between_and_settles_nothing() {
    for (end, second) in [(7, 5), (8, 5), (7, 7), (8, 3)] {
        let life = [&tied()[..], &[fetch(second, "req_1", quantity(end))]].concat();
        assert_eq!(settled(&life), [(1, 1, 0), (5, 8, 1)], "fetched {end} at {second}");
    }
}

#[test]
fn a_fetched_state_that_says_nothing_new_is_dropped() {
    let life = [created(10, "evt_0", quantity(1)), changed(50, "evt_1", 1, 2)];
    let expected = [(10, 1, 0), (50, 2, 0)];
    for (second, state) in [(12, 1), (30, 1), (48, 2), (49, 1), (51, 1), (52, 2), (90, 2), (44, 2)]
    {
        let fetched = [&life[..], &[fetch(second, "req_1", quantity(state))]].concat();
        assert_eq!(settled(&fetched), expected, "fetched {state} at {second}");
    }
}

#[test]
fn a_fetched_state_that_no_event_shows_is_a_version() {
    let life = [
        created(10, "evt_0", quantity(1)),
        fetch(30, "req_1", quantity(5)),
        changed(50, "evt_1", 5, 6),
    ];
    assert_eq!(settled(&life), [(10, 1, 0), (30, 5, 1), (50, 6, 0)]);
    let alone = [fetch(30, "req_1", quantity(5))];
    assert_eq!(settled(&alone), [(30, 5, 0)]);
}

#[test]
fn a_missed_update_is_marked_across_seconds() {
    let life = [created(1, "evt_0", quantity(1)), changed(5, "evt_1", 2, 3)];
    assert_eq!(settled(&life), [(1, 1, 0), (5, 3, 1)]);
    assert_eq!(settle(None, &life)[1].marks, BTreeSet::from([Reason::MissedUpdate]));
    let whole = [&life[..], &[changed(3, "evt_2", 1, 2)]].concat();
    assert_eq!(settled(&whole), [(1, 1, 0), (3, 2, 0), (5, 3, 0)]);
}

#[test]
fn an_update_without_its_beginning_is_marked_unless_its_start_is_given() {
    let late = [changed(5, "evt_1", 2, 3)];
    assert_eq!(settled(&late), [(5, 3, 1)]);
    assert!(settle(Some(&quantity(2)), &late)[0].marks.is_empty());
}

#[test]
fn two_events_of_one_happening_count_once() {
    let life = [
        created(1, "evt_0", quantity(1)),
        changed(5, "evt_z", 1, 2),
        changed(5, "evt_a", 1, 2),
        changed(5, "evt_b", 2, 3),
    ];
    assert_eq!(settled(&life), [(1, 1, 0), (5, 3, 0)]);
}

#[test]
fn one_event_id_with_two_contents_still_converges() {
    let life = [
        created(1, "evt_0", quantity(1)),
        version(5, "evt_a", Phase::Changed, quantity(2)),
        version(5, "evt_a", Phase::Changed, quantity(3)),
    ];
    assert_eq!(settled(&life).len(), 2);
}

#[test]
fn an_invoices_life_in_one_second_follows_its_status() {
    let invoice = |status| State::Invoice(Invoice { status, ..Invoice::default() });
    let life = [
        created(5, "evt_c", invoice(InvoiceStatus::Draft)),
        version(5, "evt_b", Phase::Changed, invoice(InvoiceStatus::Open)),
        version(5, "evt_a", Phase::Changed, invoice(InvoiceStatus::Paid)),
    ];
    assert_eq!(settled(&life).len(), 1);
    let moments = settle(None, &life);
    assert_eq!(moments[0].state, invoice(InvoiceStatus::Paid));
    assert!(moments[0].marks.is_empty());
}

#[test]
fn what_only_some_api_versions_show_breaks_no_link() {
    let shape = |charge: Option<&str>, status| {
        let charge = charge.map(String::from);
        State::Invoice(Invoice { charge, status, ..Invoice::default() })
    };
    let life = [
        created(1, "evt_0", shape(None, InvoiceStatus::Draft)),
        updated(
            5,
            "evt_1",
            shape(Some("ch_1"), InvoiceStatus::Draft),
            shape(Some("ch_1"), InvoiceStatus::Open),
        ),
    ];
    assert!(settle(None, &life).iter().all(|moment| moment.marks.is_empty()));
}

#[test]
fn a_burst_beyond_searching_follows_its_links() {
    let mut life = vec![created(1, "evt_0", quantity(1))];
    let ids = ["m", "c", "x", "a", "k", "z", "b", "q", "d", "y", "e", "w", "f"];
    for (step, id) in (1..).zip(ids) {
        life.push(changed(5, id, step, step + 1));
    }
    assert_eq!(settled(&life), [(1, 1, 0), (5, 14, 0)]);
    life.remove(6);
    assert_eq!(settled(&life)[1].2, 1, "a hole in it is marked");
}

#[test]
fn metadata_after_the_end_is_not_swallowed() {
    let over = |reason: &str| State::Subscription(support::ended(&ten_dollars(), 5, reason));
    let life = [
        created(1, "evt_0", quantity(1)),
        gone(5, "evt_1", over("")),
        updated(9, "evt_2", over(""), over("cancellation_requested")),
    ];
    let moments = settle(None, &life);
    assert_eq!(moments[2].state, over("cancellation_requested"));
    assert!(moments.iter().all(|moment| moment.marks.is_empty()));
    assert_eq!(at(1, &ten_dollars()).second, 1);
}

#[test]
fn a_cut_list_is_made_whole_by_a_fetch_of_the_same_beginning() {
    let line = |id: &str| Line { id: id.into(), ..Line::default() };
    let invoice = |status, ids: &[&str], lines_cut| {
        let lines = ids.iter().map(|id| line(id)).collect();
        State::Invoice(Invoice { status, lines, lines_cut, ..Invoice::default() })
    };
    let (open, paid) = (InvoiceStatus::Open, InvoiceStatus::Paid);
    let life = [
        created(1, "evt_a", invoice(open, &["a", "b"], true)),
        updated(5, "evt_b", invoice(open, &["a", "b"], true), invoice(paid, &["a", "b"], true)),
        fetch(900, "api_1", invoice(paid, &["a", "b", "c"], false)),
    ];
    let whole: Vec<State> = settle(None, &life).into_iter().map(|moment| moment.state).collect();
    let lines = &["a", "b", "c"];
    assert_eq!(whole, [invoice(open, lines, false), invoice(paid, lines, false)]);
    let other = [life[0].clone(), fetch(900, "api_1", invoice(open, &["b", "c", "d"], false))];
    assert_eq!(settle(None, &other)[0].state, life[0].state, "it begins otherwise");
}

#[test]
fn hidden_items_renew_with_the_shown_ones() {
    let item = |id: &str, start| Item {
        id: id.into(),
        period_start: start,
        period_end: start + 30,
        ..ten_dollars().items[0].clone()
    };
    let subscription = |ids: &[&str], start, items_cut| {
        let items = ids.iter().map(|id| item(id, start)).collect();
        State::Subscription(Subscription { items, items_cut, ..Subscription::default() })
    };
    let shown = |start| subscription(&["a", "b"], start, true);
    let life = [
        created(1, "evt_a", shown(0)),
        updated(31, "evt_b", shown(0), shown(30)),
        fetch(900, "api_1", subscription(&["a", "b", "c"], 30, false)),
    ];
    let whole: Vec<State> = settle(None, &life).into_iter().map(|moment| moment.state).collect();
    assert_eq!(whole, [0, 30].map(|start| subscription(&["a", "b", "c"], start, false)));
}
