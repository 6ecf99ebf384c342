//! MRR of one subscription: what counts, and how much.

mod support;

use support::*;
use takings_core::billing::facts::*;
use takings_core::billing::{Cause, UNITS_PER_MINOR};
use takings_core::metrics::{arr_minor, display_parts, minor};
use takings_core::unconfirmed::Reason;

fn worth(price: Price, quantity: i64) -> i64 {
    World::default().worth(&sub(vec![item("si_1", price, quantity, 0, 0)]))
}

#[test]
fn intervals_are_divided_into_months() {
    let cases = [
        ((Interval::Month, 1), 1_000, units(1_000)),
        ((Interval::Month, 3), 1_000, units(1_000) / 3),
        ((Interval::Month, 36), 1_001, units(1_001) / 36),
        ((Interval::Year, 1), 60_000, units(5_000)),
        ((Interval::Year, 3), 7, units(7) / 36),
        ((Interval::Week, 1), 300, units(1_300)),
        ((Interval::Week, 11), 1, units(13) / 33),
        ((Interval::Day, 1), 120, units(3_650)),
        ((Interval::Day, 30), 72, units(73)),
    ];
    for (recurring, amount, expected) in cases {
        assert_eq!(worth(price("p", &amount.to_string(), recurring), 1), expected, "{recurring:?}");
    }
}

#[test]
fn every_interval_of_the_unit_is_exact() {
    let months = (1..=12).chain([18, 24, 36]).map(|n| (Interval::Month, n, 1, n));
    let years = (1..=3).map(|n| (Interval::Year, n, 1, 12 * n));
    let weeks = (1..=12).map(|n| (Interval::Week, n, 13, 3 * n));
    for (interval, count, num, den) in months.chain(years).chain(weeks) {
        assert_eq!(UNITS_PER_MINOR * num % den, 0, "{interval:?} {count}");
        assert_eq!(worth(price("p", "1", (interval, count)), 1), UNITS_PER_MINOR * num / den);
    }
}

#[test]
fn what_is_not_exact_rounds_half_to_even_once() {
    let unit = |text: &str| worth(price("p", text, (Interval::Month, 1)), 1);
    assert_eq!(unit("0.1"), 8_316);
    assert_eq!(unit("0.000000000001"), 0);
    assert_eq!(worth(price("p", "1", (Interval::Day, 16)), 1), 158_091, "158,090.6");
    assert_eq!(worth(price("p", "1", (Interval::Month, 16)), 1), 5_198, "5,197.5 to even");
    assert_eq!(worth(price("p", "3", (Interval::Month, 16)), 1), 15_592, "15,592.5 to even");
}

#[test]
fn a_hundred_monthly_and_fifty_yearly_are_12_500_dollars() {
    let a_month = worth(monthly("m", 10_000), 1) * 100 + worth(yearly("y", 60_000), 1) * 50;
    assert_eq!(minor(a_month), 1_250_000);
}

#[test]
fn four_yearly_at_500_dollars_are_166_67() {
    assert_eq!(minor(worth(yearly("y", 50_000), 4)), 16_667);
}

#[test]
fn three_of_a_hundred_a_year_show_as_8_34_8_33_8_33() {
    let one = worth(yearly("y", 10_000), 1);
    assert_eq!(minor(3 * one), 2_500);
    assert_eq!(display_parts(3 * one, &[one; 3]), [834, 833, 833]);
    assert_eq!(arr_minor(one), 10_000);
}

#[test]
fn packages_instead_of_units() {
    let packed = |quantity, round_up| {
        let transform = Some(Transform { divide_by: 10, round_up });
        worth(Price { transform, ..monthly("p", 500) }, quantity)
    };
    assert_eq!(packed(25, true), units(1_500));
    assert_eq!(packed(25, false), units(1_000));
    assert_eq!(packed(20, true), units(1_000));
}

#[test]
fn only_active_and_past_due_count() {
    use SubscriptionStatus::*;
    for status in
        [Incomplete, IncompleteExpired, Trialing, Active, PastDue, Unpaid, Paused, Canceled]
    {
        let counts = [Active, PastDue].contains(&status);
        let expected = if counts { units(1_000) } else { 0 };
        let state = in_status(&ten_dollars(), status);
        assert_eq!(World::default().worth(&state), expected, "{status:?}");
    }
}

#[test]
fn metered_one_off_and_free_items_are_nothing_and_settled() {
    let metered = Price { metered: true, unit_amount: None, ..monthly("p", 1) };
    let one_off = Price { recurring: None, ..monthly("p", 1_000) };
    for price in [metered, one_off, monthly("p", 0)] {
        let state = sub(vec![item("si_1", price, 1, 0, 0)]);
        let folded = World::default().fold(&[at(100, &state)]);
        assert_eq!((folded.points[0].units, folded.points[0].marks.len()), (0, 0));
    }
    let unmetered = sub(vec![Item { quantity: None, ..item("si_1", monthly("p", 1), 1, 0, 0) }]);
    assert_eq!(World::default().worth(&unmetered), 0);
}

#[test]
fn a_tiered_price_keeps_the_last_settled_mrr() {
    let tiered = Price { tiered: true, unit_amount: None, ..monthly("tiered", 1) };
    let before = sub(vec![item("si_1", monthly("flat", 14_000), 1, 0, 0)]);
    let after = sub(vec![item("si_1", tiered, 15, 0, 0)]);
    let alone = World::default().fold(&[at(200, &after)]);
    assert_eq!(alone.points[0].units, 0);
    let folded = World::default().fold(&[at(100, &before), at(200, &after)]);
    assert_eq!(steps(&folded.points), [(100, units(14_000)), (200, units(14_000))]);
    assert!(folded.points[0].marks.is_empty());
    assert_eq!(folded.points[1].marks, [Reason::TieredPrice].into());
    assert!(!folded.points[1].items[0].settled);
}

#[test]
fn another_currency_than_the_prices_is_never_relabelled() {
    let mut state = ten_dollars();
    state.currency = Some(eur());
    let folded = World::default().fold(&[at(100, &ten_dollars()), at(200, &state)]);
    assert_eq!(steps(&folded.points), [(100, units(1_000)), (200, units(1_000))]);
    assert_eq!(folded.points[1].marks, [Reason::CurrencyOption].into());
    assert_eq!(World::default().worth(&state), 0);
}

fn tier(up_to: Option<i64>, unit: i64, flat: i64) -> Tier {
    Tier { up_to, unit_amount: unit.into(), flat_amount: flat.into() }
}

#[test]
fn tiers_are_priced_as_the_api_shows_them() {
    let tiered = Price { tiered: true, unit_amount: None, ..monthly("tiered", 1) };
    let tiers = vec![tier(Some(10), 500, 0), tier(Some(20), 300, 100), tier(None, 200, 0)];
    let worth = |graduated, quantity| {
        let mut world = World::default();
        let amounts = Amounts { unit_amount: None, tiers: tiers.clone() };
        let terms = PriceTerms { graduated, amounts: [(usd(), amounts)].into() };
        world.price_terms.insert("tiered".into(), terms);
        let state = sub(vec![item("si_1", tiered.clone(), quantity, 0, 0)]);
        let folded = world.fold(&[at(100, &state)]);
        assert!(folded.points[0].marks.is_empty() && folded.needs.is_empty());
        folded.points[0].units
    };
    for (quantity, each, all) in [
        (1, 500, 500),
        (10, 5_000, 5_000),
        (11, 5_400, 3_400),
        (20, 8_100, 6_100),
        (25, 9_100, 5_000),
    ] {
        assert_eq!((worth(true, quantity), worth(false, quantity)), (units(each), units(all)));
    }
}

#[test]
fn an_amount_in_another_currency_is_the_one_the_api_shows() {
    let mut state = ten_dollars();
    state.currency = Some(eur());
    let price = state.items[0].price.id.clone();
    let mut world = World::default();
    assert_eq!(world.fold(&[at(100, &state)]).needs, [PriceTerms::id(&price)].into());
    let shown = Amounts { unit_amount: Some(900.into()), tiers: vec![] };
    let terms = PriceTerms { graduated: true, amounts: [(eur(), shown)].into() };
    world.price_terms.insert(price, terms);
    let folded = world.fold(&[at(100, &state)]);
    assert_eq!((folded.points[0].units, folded.points[0].currency), (units(900), Some(eur())));
    assert!(folded.points[0].marks.is_empty() && folded.needs.is_empty());
}

#[test]
fn a_cut_list_keeps_the_items_it_does_not_show() {
    let whole = sub(vec![
        item("si_1", monthly("a", 1_000), 1, 0, 0),
        item("si_2", monthly("b", 2_000), 1, 0, 0),
    ]);
    let mut cut = whole.clone();
    cut.items.pop();
    cut.items_cut = true;
    let folded = World::default().fold(&[at(100, &whole), at(200, &cut)]);
    assert_eq!(steps(&folded.points), [(100, units(3_000)), (200, units(3_000))]);
    assert_eq!(folded.points[1].marks, [Reason::CutList].into());
}

#[test]
fn inclusive_tax_is_removed_at_the_lines_rate() {
    let inclusive = Price { tax: TaxBehavior::Inclusive, ..monthly("p", 12_000) };
    let state = sub(vec![item("si_1", inclusive, 1, 0, 0)]);
    let unknown = World::default().fold(&[at(100, &state)]);
    assert_eq!(unknown.points[0].marks, [Reason::InclusiveTaxUnknown].into());
    assert_eq!(unknown.points[0].units, 0, "nothing is guessed until a line shows it");

    let world = World::default().tax("si_1", 105, 12_000, 2_000);
    let folded = world.fold(&[at(100, &state)]);
    assert_eq!(steps(&folded.points), [(100, units(10_000))], "the first line speaks for before");
    assert!(folded.points[0].marks.is_empty());

    let rounding = world.clone().tax("si_1", 200, 101, 17);
    assert_eq!(rounding.fold(&[at(100, &state)]).points.len(), 1, "16.83 % is 16.67 %, rounded");

    let raised = world.tax("si_1", 300, 12_000, 3_000);
    let folded = raised.fold(&[at(100, &state)]);
    assert_eq!(steps(&folded.points), [(100, units(10_000)), (300, units(9_000))]);
    assert_eq!(folded.points[1].cause, Cause::TaxChanged);
    assert_eq!(folded.points[1].event, "evt_item_tax_300");
}

#[test]
fn an_item_in_a_trial_of_its_own_is_nothing_until_the_trial_is_over() {
    let with_trial = |trial_end| {
        let second = item("si_2", monthly("b", 2_000), 1, 0, 0);
        sub(vec![item("si_1", monthly("a", 1_000), 1, 0, 0), Item { trial_end, ..second }])
    };
    for after in [None, Some(500)] {
        let moments = [
            at(100, &with_trial(Some(500))),
            at(600, &with_trial(after)),
            at(700, &with_trial(after)),
        ];
        let folded = World::default().fold(&moments);
        let expected = [(100, units(1_000)), (500, units(3_000)), (700, units(3_000))];
        assert_eq!(steps(&folded.points), expected);
        assert_eq!(folded.points[1].cause, Cause::TrialEnded);
    }
}

#[test]
fn amounts_beyond_64_bits_are_refused() {
    let state = sub(vec![item("si_1", monthly("p", 1_000_000_000_000_000), 1_000, 0, 0)]);
    let world = World::default();
    let folded =
        takings_core::billing::fold(&Default::default(), None, &[at(1, &state)], &world.context());
    assert!(folded.is_err());
    let allowed = sub(vec![item("si_1", monthly("p", 1_000_000_000_000), 1, 0, 0)]);
    assert_eq!(world.worth(&allowed), units(1_000_000_000_000));
}
