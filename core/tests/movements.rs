//! Movements of a customer, by kind.

// A test that cannot be set up fails: that is what `unwrap` says here.
#![allow(clippy::unwrap_used)]

mod support;

use MovementKind::*;
use std::collections::BTreeMap;
use support::*;
use takings_core::billing::facts::Seconds;
use takings_core::billing::{Cause, Change, Movement, MovementKind, changes, movements};
use takings_core::metrics::{Bridge, minor};
use takings_core::money::Currency;

fn change(at: Seconds, subscription: &str, before: i64, after: i64) -> Change {
    Change {
        at,
        subscription: subscription.into(),
        currency: usd(),
        before: units(before),
        after: units(after),
        event: format!("evt_{subscription}_{at}"),
        cause: if before == 0 { Cause::Started } else { Cause::QuantityChanged },
    }
}

fn in_eur(change: Change) -> Change {
    Change { currency: eur(), ..change }
}

fn first(changes: &[Change]) -> Vec<Movement> {
    movements(&BTreeMap::new(), false, changes).unwrap()
}

fn kinds(found: &[Movement]) -> Vec<(MovementKind, i64)> {
    found.iter().map(|movement| (movement.kind, minor(movement.units))).collect()
}

#[test]
fn a_life_has_all_five_kinds() {
    let found = first(&[
        change(1, "a", 0, 1_000),
        change(2, "a", 1_000, 3_000),
        change(3, "a", 3_000, 2_000),
        change(4, "a", 2_000, 0),
        change(5, "b", 0, 500),
    ]);
    let expected = [
        (New, 1_000),
        (Expansion, 2_000),
        (Contraction, -1_000),
        (Churn, -2_000),
        (Reactivation, 500),
    ];
    assert_eq!(kinds(&found), expected);
    let logos: Vec<_> = found.iter().map(|it| (it.subscriber_change, it.customer_change)).collect();
    assert_eq!(logos, [(1, 1), (0, 0), (0, 0), (-1, -1), (1, 1)]);
}

#[test]
fn a_second_subscription_is_expansion_and_cancelling_one_of_two_contraction() {
    let found = first(&[
        change(1, "a", 0, 1_000),
        change(2, "b", 0, 2_000),
        change(3, "a", 1_000, 0),
        change(4, "b", 2_000, 0),
    ]);
    assert_eq!(
        kinds(&found),
        [(New, 1_000), (Expansion, 2_000), (Contraction, -1_000), (Churn, -2_000)]
    );
}

#[test]
fn both_in_one_second_is_churn_of_the_sum() {
    let begun = [change(1, "a", 0, 1_000), change(1, "b", 0, 2_000)];
    let found =
        first(&[&begun[..], &[change(5, "b", 2_000, 0), change(5, "a", 1_000, 0)]].concat());
    assert_eq!(kinds(&found), [(New, 3_000), (Churn, -3_000)]);
    assert_eq!(found[1].subscriptions, ["a", "b"]);
    assert_eq!(found[1].event, "evt_b_5", "the larger change leads");
}

#[test]
fn what_nets_to_nothing_is_no_movement() {
    let totals = BTreeMap::from([(usd(), units(1_000))]);
    let moved = [change(5, "a", 1_000, 0), change(5, "b", 0, 1_000)];
    assert_eq!(movements(&totals, true, &moved).unwrap(), []);
    assert_eq!(first(&[change(1, "a", 0, 0)]), []);
}

#[test]
fn twenty_up_and_twenty_down_are_twenty_and_twenty() {
    let found =
        first(&[change(1, "a", 0, 100), change(5, "a", 100, 120), change(25, "a", 120, 100)]);
    assert_eq!(kinds(&found), [(New, 100), (Expansion, 20), (Contraction, -20)]);
}

#[test]
fn euros_cancelled_while_dollars_are_upgraded_are_contraction_and_expansion() {
    let totals = BTreeMap::from([(eur(), units(1_000)), (usd(), units(1_000))]);
    let both = [in_eur(change(5, "e", 1_000, 0)), change(5, "u", 1_000, 1_500)];
    let found = movements(&totals, true, &both).unwrap();
    assert_eq!(kinds(&found), [(Contraction, -1_000), (Expansion, 500)]);
    assert_eq!((found[0].currency, found[0].subscriber_change), (eur(), -1));
    assert!(found.iter().all(|movement| movement.customer_change == 0));
}

#[test]
fn a_customer_who_moves_to_another_currency_neither_leaves_nor_arrives() {
    let totals = BTreeMap::from([(eur(), units(1_000))]);
    let moved = [in_eur(change(5, "e", 1_000, 0)), change(5, "u", 0, 1_200)];
    let found = movements(&totals, true, &moved).unwrap();
    assert_eq!(kinds(&found), [(Contraction, -1_000), (Expansion, 1_200)]);
    assert_eq!((found[0].subscriber_change, found[1].subscriber_change), (-1, 1));
}

#[test]
fn two_currencies_that_begin_at_once_are_two_new_and_one_customer() {
    let found = first(&[in_eur(change(1, "e", 0, 100)), change(1, "u", 0, 200)]);
    assert_eq!(kinds(&found), [(New, 100), (New, 200)]);
    assert_eq!(found.iter().map(|it| i32::from(it.customer_change)).sum::<i32>(), 1);
    let gone = [in_eur(change(2, "e", 100, 0)), change(2, "u", 200, 0)];
    let totals = BTreeMap::from([(eur(), units(100)), (usd(), units(200))]);
    let found = movements(&totals, true, &gone).unwrap();
    assert_eq!(kinds(&found), [(Churn, -100), (Churn, -200)]);
    assert_eq!(found.iter().map(|it| i32::from(it.customer_change)).sum::<i32>(), -1);
}

#[test]
fn stripes_example_of_four_yearly_seats() {
    let yearly = 4 * 50_000 * 83_160 / 12;
    let new = Change { after: yearly, ..change(1, "y", 0, 1) };
    let end = Change { before: yearly, ..change(9, "y", 1, 0) };
    let life =
        [new, change(2, "m", 0, 6_000), change(3, "m", 6_000, 0), end, change(20, "b", 0, 15_000)];
    let expected = [
        (New, 16_667),
        (Expansion, 6_000),
        (Contraction, -6_000),
        (Churn, -16_667),
        (Reactivation, 15_000),
    ];
    assert_eq!(kinds(&first(&life)), expected);
}

#[test]
fn movements_bridge_start_to_end() {
    let found = first(&[
        change(1, "a", 0, 1_000),
        change(2, "b", 0, 700),
        change(3, "a", 1_000, 0),
        change(4, "b", 700, 650),
    ]);
    let mut bridge = Bridge::default();
    for movement in &found {
        bridge.add(movement).unwrap();
    }
    assert_eq!(bridge.end().unwrap(), units(650));
    assert_eq!(found.iter().map(|movement| movement.units).sum::<i64>(), units(650));
}

#[test]
fn the_order_of_changes_does_not_matter() {
    let mut life: Vec<Change> = vec![
        change(1, "a", 0, 1_000),
        in_eur(change(1, "b", 0, 1_000)),
        change(2, "a", 1_000, 500),
        change(2, "c", 0, 500),
        in_eur(change(3, "b", 1_000, 0)),
    ];
    let expected = first(&life);
    for turn in 0..life.len() {
        life.rotate_left(1);
        assert_eq!(first(&life), expected, "turned by {turn}");
    }
}

#[test]
fn points_become_changes_where_their_units_differ() {
    let mut two = ten_dollars();
    two.items[0].quantity = Some(2);
    let moments = [at(100, &ten_dollars()), at(200, &ten_dollars()), at(300, &two)];
    let points = World::default().fold(&moments).points;
    let all = changes("sub_1", None, &points);
    let amounts: Vec<_> = all.iter().map(|it| (it.at, it.before, it.after)).collect();
    assert_eq!(amounts, [(100, 0, units(1_000)), (300, units(1_000), units(2_000))]);
    assert_eq!(
        (all[1].cause, all[1].event.as_str()),
        (Cause::QuantityChanged, "evt_subscription_300")
    );
    assert_eq!(changes("sub_1", Some(&points[0]), &points[1..]), all[1..]);
}

#[test]
fn a_subscription_that_changes_its_currency_leaves_one_and_enters_another() {
    let mut euros = ten_dollars();
    euros.currency = Some(eur());
    euros.items[0].price.currency = eur();
    let points = World::default().fold(&[at(100, &ten_dollars()), at(200, &euros)]).points;
    let found = first(&changes("sub_1", None, &points));
    assert_eq!(kinds(&found), [(New, 1_000), (Expansion, 1_000), (Contraction, -1_000)]);
}

#[test]
fn sums_beyond_64_bits_are_refused() {
    let enormous = |subscription: &str| Change { after: i64::MAX, ..change(1, subscription, 0, 1) };
    assert!(movements(&BTreeMap::new(), false, &[enormous("a"), enormous("b")]).is_err());
    let totals = BTreeMap::from([(Currency::parse("usd").unwrap(), 1)]);
    assert!(movements(&totals, true, &[enormous("a")]).is_err());
}

#[test]
fn kinds_are_read_back_by_name() {
    for kind in MovementKind::ALL {
        assert_eq!(MovementKind::parse(kind.as_str()), Some(kind));
    }
}
