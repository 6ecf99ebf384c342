//! Tiers, by every method.

use crate::support::*;
use takings_core::affiliate::commission::Kind;
use takings_core::affiliate::sale::Sale;
use takings_core::affiliate::terms::{Measure, Method, Period, Terms, Tiers};

const STEPS: [(i64, i64); 3] = [(0, 1_000), (11, 1_200), (31, 1_500)];

fn hundreds(count: i64) -> Vec<Sale> {
    (1..=count).map(|it| sale(&format!("{it:03}"), it, 10_000)).collect()
}

#[test]
fn the_published_tiers_give_the_published_sums() {
    let slab = tiered(Method::Slab, Measure::Sales, &STEPS);
    let retroactive = tiered(Method::Retroactive, Measure::Sales, &STEPS);
    for (count, by_slab, by_retroactive) in [(35, 41_500, 52_500), (30, 34_000, 36_000)] {
        assert_eq!(earned(&slab, &hundreds(count)), by_slab);
        assert_eq!(earned(&retroactive, &hundreds(count)), by_retroactive);
    }
}

#[test]
fn later_sales_and_refunds_never_move_a_slabs_rate_and_an_earlier_sale_does() {
    let slab = tiered(Method::Slab, Measure::Sales, &[(0, 1_000), (2, 2_000)]);
    let (first, second) = (sale("b", 10, 1_000), sale("c", 20, 1_000));
    let late = derive(&slab, &[first.clone(), second.clone()], &[]);
    assert_eq!(rows(&late, "b"), [(Kind::Earned, 10, 100)]);
    assert_eq!(rows(&late, "c"), [(Kind::Earned, 20, 200)]);
    let gone = refunded(first.clone(), &[(15, 1_000)]);
    assert_eq!(rows(&derive(&slab, &[gone, second.clone()], &[]), "c"), [(Kind::Earned, 20, 200)]);
    let with_earlier = derive(&slab, &[first, second, sale("a", 5, 1_000)], &[]);
    assert_eq!(rows(&with_earlier, "b"), [(Kind::Earned, 10, 200)]);
}

#[test]
fn thirty_rolling_days_end_with_the_sale() {
    let mut slab = tiered(Method::Slab, Measure::NewCustomers, &[(0, 1_000), (2, 2_000)]);
    slab.tiers.as_mut().unwrap().period = Period::Rolling30Days;
    let sales = [sale("a", 0, 1_000), sale("b", 30 * DAY - 1, 1_000), sale("c", 60 * DAY, 1_000)];
    let targets = derive(&slab, &sales, &[]);
    let of = |id| rows(&targets, id)[0].2;
    assert_eq!([of("a"), of("b"), of("c")], [100, 200, 100]);
}

#[test]
fn the_first_of_two_marginal_sales_refunded_takes_the_upper_tier_back() {
    let steps = [(0, 1_000), (100_000, 2_000)];
    let terms = tiered(Method::Marginal, Measure::NetRevenue, &steps);
    let first = refunded(sale("a", 1, 100_000), &[(50, 100_000)]);
    let targets = derive(&terms, &[first, sale("b", 2, 100_000)], &[]);
    assert_eq!(rows(&targets, "a"), [(Kind::Earned, 1, 10_000), (Kind::Reversed, 50, -20_000)]);
    assert_eq!(rows(&targets, "b"), [(Kind::Earned, 2, 20_000)]);
}

#[test]
fn a_marginal_sale_in_euros_that_goes_back_in_parts_takes_exactly_what_it_earned() {
    let mut terms = tiered(Method::Marginal, Measure::NetRevenue, &[(0, 1_000)]);
    terms.exchange_rate_micros.insert(currency("eur"), 1_100_000);
    let euros = Sale { currency: currency("eur"), ..sale("a", 1, 150) };
    let parts = [(10, 40), (20, 40), (30, 40), (40, 30)];
    assert_eq!(earned(&terms, std::slice::from_ref(&euros)), 15);
    assert_eq!(earned(&terms, &[refunded(euros, &parts)]), 0);
}

#[test]
fn a_refund_below_a_marginal_sale_of_another_currency_lowers_that_ones_tier() {
    let mut terms = tiered(Method::Marginal, Measure::NetRevenue, &[(0, 1_000), (100_000, 2_000)]);
    terms.exchange_rate_micros.insert(currency("eur"), 1_000_000);
    let dollars = sale("a", 1, 100_000);
    let euros = Sale { currency: currency("eur"), ..sale("b", 2, 100_000) };
    let left = |dollars: &Sale, euros: &Sale| {
        let targets = derive(&terms, &[dollars.clone(), euros.clone()], &[]);
        ["usd", "eur"].map(|code| {
            let own = targets.iter().filter(|(key, _)| key.currency == currency(code));
            own.map(|(_, amount)| amount).sum::<i64>()
        })
    };
    assert_eq!(left(&dollars, &euros), [10_000, 20_000]);
    let gone = refunded(dollars.clone(), &[(50, 100_000)]);
    assert_eq!(left(&gone, &euros), [0, 10_000], "nothing is owed back in dollars");
    let later = refunded(euros.clone(), &[(60, 100_000)]);
    assert_eq!(left(&gone, &later), [0, 0]);
    assert_eq!(left(&dollars, &later), [10_000, 0]);
}

#[test]
fn a_retroactive_count_loses_a_sale_only_when_all_of_it_went_back() {
    let terms = tiered(Method::Retroactive, Measure::Sales, &[(0, 1_000), (2, 2_000)]);
    let with = |back| {
        let gone = refunded(sale("a", 1, 1_000), &[(9, back)]);
        earned(&terms, &[gone, sale("b", 2, 1_000)])
    };
    assert_eq!(with(999), 200, "still two sales: 20 % of 10.01");
    assert_eq!(with(1_000), 100, "one sale: 10 % of 10.00");
}

#[test]
fn every_month_has_its_own_tiers() {
    let terms = tiered(Method::Retroactive, Measure::Sales, &[(0, 1_000), (2, 2_000)]);
    let sales = [sale("a", 30 * DAY - 1, 1_000), sale("b", 30 * DAY, 1_000)];
    assert_eq!(earned(&terms, &sales), 200);
    let lifetime = Tiers { period: Period::Lifetime, ..terms.tiers.clone().unwrap() };
    assert_eq!(earned(&Terms { tiers: Some(lifetime), ..terms }, &sales), 400);
}

#[test]
fn a_currency_without_a_rate_meets_no_threshold_and_no_cap() {
    let steps = [(0, 1_000), (1_500, 2_000)];
    let mut terms = tiered(Method::Slab, Measure::NetRevenue, &steps);
    terms.caps.sale = Some(150);
    let euro = Sale { currency: currency("eur"), ..sale("a", 1, 2_000) };
    let sales = [euro, sale("b", 2, 1_500), sale("c", 3, 1_500)];
    let of = |terms: &Terms| {
        let targets = derive(terms, &sales, &[]);
        ["a", "b", "c"].map(|id| rows(&targets, id)[0].2)
    };
    assert_eq!(of(&terms), [200, 150, 150]);
    terms.exchange_rate_micros.insert(currency("eur"), 1_100_000);
    assert_eq!(of(&terms), [136, 150, 150], "the cap is 1.36 EUR, and the next sale is at 20 %");
}
