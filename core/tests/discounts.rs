//! What discounts do to MRR, and when.

mod support;

use support::*;
use takings_core::billing::facts::*;
use takings_core::billing::{Cause, Definition};
use takings_core::unconfirmed::Reason;

/// Two items: $10.00 and $20.00 a month, from 1 January.
fn two_items() -> Subscription {
    let mut state = ten_dollars();
    state.items.push(item("si_2", monthly("b", 2_000), 1, day(2026, 1, 1), day(2026, 2, 1)));
    state
}

fn listing(state: &Subscription, discounts: &[&str]) -> Subscription {
    Subscription { discounts: discounts.iter().map(|it| (*it).into()).collect(), ..state.clone() }
}

#[test]
fn forever_and_repeating_count_and_once_does_not() {
    for (duration, expected) in
        [(Duration::Forever, 800), (Duration::Repeating, 800), (Duration::Once, 1_000)]
    {
        let world = World::default().coupon("c", percent("20"), duration).discount(
            "di_1",
            "c",
            day(2026, 1, 1),
            None,
        );
        assert_eq!(world.worth(&listing(&ten_dollars(), &["di_1"])), units(expected));
    }
}

#[test]
fn once_counts_for_one_period_where_the_definition_says_so() {
    let start = day(2026, 1, 1);
    let world =
        World::default().coupon("c", percent("20"), Duration::Once).discount("d", "c", start, None);
    let definition = Definition { count_once_coupons: true, ..Definition::default() };
    let moments = [at(start, &listing(&ten_dollars(), &["d"])), at(start + 5, &ten_dollars())];
    let folded = world.fold_by(&definition, &moments);
    let expected = [(start, units(800)), (start + 5, units(800)), (day(2026, 2, 1), units(1_000))];
    assert_eq!(steps(&folded.points), expected);
}

#[test]
fn an_amount_off_is_divided_like_the_interval() {
    let world = World::default()
        .coupon("c", Off::Amount(12_000, usd()), Duration::Forever)
        .discount("d", "c", 0, None);
    let state = sub(vec![item("si_1", yearly("y", 60_000), 1, 0, 0)]);
    assert_eq!(world.worth(&listing(&state, &["d"])), units(4_000));
}

#[test]
fn the_items_discount_comes_before_the_subscriptions() {
    let world = World::default()
        .coupon("half", percent("50"), Duration::Forever)
        .coupon("three", Off::Amount(300, usd()), Duration::Forever)
        .discount("di_half", "half", 0, None)
        .discount("di_three", "three", 0, None);
    let mut item_first = listing(&ten_dollars(), &["di_half"]);
    item_first.items[0].discounts = vec!["di_three".into()];
    assert_eq!(world.worth(&item_first), units(350));
    let in_order = listing(&ten_dollars(), &["di_half", "di_three"]);
    assert_eq!(world.worth(&in_order), units(200));
}

#[test]
fn an_amount_is_split_by_largest_remainder_and_never_goes_below_zero() {
    let world = |amount| {
        World::default()
            .coupon("c", Off::Amount(amount, usd()), Duration::Forever)
            .discount("d", "c", 0, None)
    };
    let items = |amount: i64| {
        let state = listing(&two_items(), &["d"]);
        let folded = world(amount).fold(&[at(day(2026, 1, 1), &state)]);
        folded.points[0].items.iter().map(|item| item.units).collect::<Vec<_>>()
    };
    assert_eq!(items(100), [units(967), units(1_933)]);
    assert_eq!(items(5_000), [0, 0]);
}

#[test]
fn percentages_have_decimals_and_stack_exactly() {
    let world = World::default()
        .coupon("third", percent("33.333333333333336"), Duration::Forever)
        .coupon("12.5", percent("12.5"), Duration::Forever)
        .discount("d1", "third", 0, None)
        .discount("d2", "third", 0, None)
        .discount("d3", "12.5", 0, None);
    assert_eq!(world.worth(&listing(&ten_dollars(), &["d3"])), units(875));
    let state = listing(&ten_dollars(), &["d1", "d2", "d3"]);
    assert_eq!(world.worth(&state), 32_340_000, "1,000 x 4/9 x 7/8 in units");
}

#[test]
fn a_hundred_percent_makes_no_subscriber() {
    let world =
        World::default().coupon("c", percent("100"), Duration::Forever).discount("d", "c", 0, None);
    let moments = [at(100, &ten_dollars()), at(200, &listing(&ten_dollars(), &["d"]))];
    let folded = world.fold(&moments);
    assert_eq!(steps(&folded.points), [(100, units(1_000)), (200, 0)]);
    assert_eq!(folded.points[1].cause, Cause::DiscountChanged);
    assert!(folded.points[1].counted);
}

#[test]
fn products_limit_a_coupon_and_unknown_ones_cover_all() {
    let world =
        World::default().coupon("c", percent("50"), Duration::Forever).discount("d", "c", 0, None);
    let state = listing(&two_items(), &["d"]);
    let limited = world.clone().limited_to("c", Some(&["prod_b"]));
    assert_eq!(limited.worth(&state), units(2_000));
    let unknown = world.limited_to("c", None).fold(&[at(100, &state)]);
    assert_eq!(unknown.points[0].units, units(1_500));
    assert_eq!(unknown.points[0].marks, [Reason::CouponScope].into());
    assert_eq!(unknown.needs, [CouponTerms::id("c")].into());
}

#[test]
fn an_unknown_coupon_keeps_the_last_settled_mrr_and_is_named() {
    let world = World::default().discount("d", "c", 200, None);
    let moments = [at(100, &two_items()), at(200, &listing(&two_items(), &["d"]))];
    let folded = world.fold(&moments);
    assert_eq!(steps(&folded.points), [(100, units(3_000)), (200, units(3_000))]);
    assert_eq!(folded.points[1].marks, [Reason::CouponUnknown].into());
    assert_eq!(folded.needs, [String::from("c")].into());

    let learned = world.coupon("c", percent("10"), Duration::Forever).fold(&moments);
    assert_eq!(steps(&learned.points), [(100, units(3_000)), (200, units(2_700))]);
    assert!(learned.points[1].marks.is_empty() && learned.needs.is_empty());
}

#[test]
fn an_unseen_discount_of_one_item_leaves_the_other_settled() {
    let mut state = two_items();
    state.items[0].discounts = vec!["di_unseen".into()];
    let folded = World::default().fold(&[at(100, &state)]);
    assert_eq!(folded.points[0].units, units(2_000));
    assert_eq!(folded.points[0].marks, [Reason::CouponUnknown].into());
    assert!(folded.needs.is_empty());
}

#[test]
fn an_amount_in_another_currency_is_not_converted() {
    let world = World::default()
        .coupon("c", Off::Amount(100, eur()), Duration::Forever)
        .discount("d", "c", 0, None);
    let moments = [at(100, &ten_dollars()), at(200, &listing(&ten_dollars(), &["d"]))];
    let unknown = world.clone().limited_to("c", None).fold(&moments);
    assert_eq!(unknown.points[1].units, units(1_000));
    assert!(unknown.points[1].marks.contains(&Reason::CurrencyOption));
    assert_eq!(unknown.needs, [CouponTerms::id("c")].into());
    let folded = world.fold(&moments);
    assert_eq!(folded.points[1].marks, [Reason::CurrencyOption].into());
    assert!(folded.needs.is_empty(), "it was shown, and has no such currency");
    let mut shown = world;
    let terms = CouponTerms { amounts: [(usd(), 90)].into(), ..CouponTerms::default() };
    shown.coupon_terms.insert("c".into(), terms);
    let folded = shown.fold(&moments);
    assert_eq!((folded.points[1].units, folded.points[1].marks.len()), (units(910), 0));
}

#[test]
fn expiry_counts_at_the_next_period_start() {
    let start = day(2026, 1, 1);
    let cases = [
        (monthly("m", 1_000), day(2026, 2, 1), day(2026, 4, 1), day(2026, 4, 1), 1),
        (monthly("m", 1_000), day(2026, 2, 1), day(2026, 4, 1) + 1, day(2026, 5, 1), 1),
        (yearly("y", 12_000), day(2027, 1, 1), day(2026, 4, 1), day(2027, 1, 1), 1),
        (
            price("w", "300", (Interval::Week, 1)),
            start + 7 * DAY,
            start + 15 * DAY,
            start + 21 * DAY,
            1,
        ),
        (
            price("d", "300", (Interval::Day, 10)),
            start + 10 * DAY,
            start + 11 * DAY,
            start + 20 * DAY,
            1,
        ),
    ];
    for (price, period_end, end, expected, quantity) in cases {
        let world = World::default().coupon("c", percent("50"), Duration::Repeating).discount(
            "d",
            "c",
            start,
            Some(end),
        );
        let state = sub(vec![item("si_1", price, quantity, start, period_end)]);
        let folded = world.fold(&[at(start, &listing(&state, &["d"]))]);
        let full = World::default().worth(&state);
        assert_eq!(steps(&folded.points), [(start, full / 2), (expected, full)], "{state:?}");
        assert_eq!(folded.points[1].cause, Cause::DiscountChanged);
    }
}

#[test]
fn periods_keep_the_anchors_day_of_the_month() {
    let cases = [
        // Anchored on the 31st: 28 February, 31 March, 30 April.
        (day(2026, 1, 31), day(2026, 2, 28), day(2026, 3, 1), day(2026, 3, 31)),
        (day(2026, 1, 31), day(2026, 2, 28), day(2026, 4, 1), day(2026, 4, 30)),
        (day(2026, 2, 28), day(2026, 3, 31), day(2026, 4, 2), day(2026, 4, 30)),
        (day(2028, 1, 30), day(2028, 2, 29), day(2028, 3, 1), day(2028, 3, 30)),
    ];
    for (period_start, period_end, end, expected) in cases {
        let world = World::default().coupon("c", percent("50"), Duration::Repeating).discount(
            "d",
            "c",
            period_start,
            Some(end),
        );
        let state = sub(vec![item("si_1", monthly("m", 1_000), 1, period_start, period_end)]);
        let folded = world.fold(&[at(period_start, &listing(&state, &["d"]))]);
        assert_eq!(folded.points[1].at, expected);
    }
}

#[test]
fn an_expired_discount_that_leaves_the_subscription_counts_to_the_periods_end() {
    let (start, end) = (day(2026, 1, 1), day(2026, 4, 1));
    let world = World::default().coupon("c", percent("50"), Duration::Repeating).discount(
        "d",
        "c",
        start,
        Some(end),
    );
    let plain = sub(vec![item("si_1", yearly("y", 12_000), 1, start, day(2027, 1, 1))]);
    let moments = [at(start, &listing(&plain, &["d"])), at(end + 3, &plain)];
    let folded = world.fold(&moments);
    let expected = [(start, units(500)), (end + 3, units(500)), (day(2027, 1, 1), units(1_000))];
    assert_eq!(steps(&folded.points), expected);

    let removed = world.fold(&[at(start, &listing(&plain, &["d"])), at(start + DAY, &plain)]);
    assert_eq!(steps(&removed.points), [(start, units(500)), (start + DAY, units(1_000))]);
}

#[test]
fn a_later_version_displaces_the_future() {
    let (start, end) = (day(2026, 1, 1), day(2026, 4, 1));
    let world = World::default().coupon("c", percent("50"), Duration::Repeating).discount(
        "d",
        "c",
        start,
        Some(end),
    );
    let state = listing(&ten_dollars(), &["d"]);
    let gone = ended(&state, day(2026, 2, 1), "cancellation_requested");
    let folded = world.fold(&[at(start, &state), deleted(at(day(2026, 2, 1) + 9, &gone))]);
    assert_eq!(steps(&folded.points), [(start, units(500)), (day(2026, 2, 1), 0)]);
}

#[test]
fn a_customers_discount_counts_only_without_one_of_the_subscriptions_own() {
    let start = day(2026, 1, 1);
    let world = World::default()
        .coupon("c", percent("50"), Duration::Forever)
        .coupon("own", percent("10"), Duration::Forever)
        .discount("di_own", "own", start, None)
        .customers("di_customer", "c", start + DAY, None, Some(start + 3 * DAY));
    let folded = world.fold(&[at(start, &ten_dollars())]);
    let expected =
        [(start, units(1_000)), (start + DAY, units(500)), (start + 3 * DAY, units(1_000))];
    assert_eq!(steps(&folded.points), expected);
    assert_eq!(folded.points[1].cause, Cause::DiscountChanged);
    assert_eq!(folded.points[1].event, format!("evt_discount_{}", start + DAY));
    assert_eq!(folded.points[1].second, start);

    let own = world.fold(&[at(start, &listing(&ten_dollars(), &["di_own"]))]);
    assert_eq!(steps(&own.points), [(start, units(900))]);
}

#[test]
fn a_customers_later_discount_replaces_the_earlier_for_good() {
    let world = World::default()
        .coupon("half", percent("50"), Duration::Forever)
        .coupon("tenth", percent("10"), Duration::Forever)
        .customers("di_1", "half", 200, None, None)
        .customers("di_2", "tenth", 300, None, Some(400));
    let folded = world.fold(&[at(100, &ten_dollars())]);
    let expected = [(100, units(1_000)), (200, units(500)), (300, units(900)), (400, units(1_000))];
    assert_eq!(steps(&folded.points), expected);
}

#[test]
fn a_customers_discount_that_ends_by_itself_counts_to_the_next_period() {
    let end = day(2026, 3, 15);
    let world = World::default().coupon("c", percent("50"), Duration::Repeating).customers(
        "di_1",
        "c",
        day(2026, 1, 1),
        Some(end),
        Some(end + 1),
    );
    let folded = world.fold(&[at(day(2026, 1, 1), &ten_dollars())]);
    let expected = [(day(2026, 1, 1), units(500)), (day(2026, 4, 1), units(1_000))];
    assert_eq!(steps(&folded.points), expected);
}

#[test]
fn a_discount_has_the_terms_of_the_coupon_that_its_id_was_when_it_began() {
    let world = World::default()
        .coupon("c", percent("20"), Duration::Forever)
        .coupon_again("c", 500, percent("50"))
        .coupon_again("c", 900, percent("10"));
    for (start, expected) in [(-5, 800), (0, 800), (499, 800), (500, 500), (899, 500), (900, 900)] {
        let world = world.clone().discount("di_1", "c", start, None);
        let worth = world.worth(&listing(&ten_dollars(), &["di_1"]));
        assert_eq!(worth, units(expected), "begun at {start}");
    }
    let shown = world.discount("di_1", "c", 950, None).shown("di_1", percent("25"));
    assert_eq!(shown.worth(&listing(&ten_dollars(), &["di_1"])), units(750), "its own payload");
}
