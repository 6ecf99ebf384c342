//! Rates, durations and caps: what a sale earns without tiers.

use crate::support::*;
use takings_core::affiliate::calendar::utc;
use takings_core::affiliate::commission::Kind;
use takings_core::affiliate::sale::{Change, Sale};
use takings_core::affiliate::terms::{Duration, Measure, Method, Rate, Terms};
use takings_core::time::Timestamp;

#[test]
fn a_percentage_rounds_half_up() {
    for (base, bps, expected) in
        [(4_900, 3_000, 1_470), (1, 5_000, 1), (1, 4_999, 0), (3, 5_000, 2)]
    {
        assert_eq!(earned(&terms(bps), &[sale("a", 1, base)]), expected, "{base} at {bps}");
    }
}

#[test]
fn a_fixed_commission_is_paid_once_an_order_in_the_programs_currency() {
    let terms = Terms { rate: Rate::Fixed(500), ..terms(0) };
    let euro = Sale { currency: currency("eur"), ..sale("a", 1, 2_000) };
    let part = Sale { id: "b".into(), paid_at: at(2), ..euro.clone() };
    let targets = derive(&terms, &[euro, part], &[]);
    assert_eq!(targets.keys().next().unwrap().currency, currency("usd"));
    assert_eq!(total(&targets), 500);
}

#[test]
fn a_payment_two_seconds_early_gives_no_thirteenth_month() {
    let terms = Terms { duration: Duration::Months(12), ..terms(1_000) };
    let month = |number: i32| {
        let start = utc(2026 + (5 + number) / 12, ((5 + number) % 12) as u32 + 1, 15);
        let early = Timestamp(start.0 - 2_000_000);
        Sale {
            id: format!("{number:02}"),
            order: format!("in_{number}"),
            customer: Some("cus".into()),
            paid_at: early,
            period_start: start,
            base: vec![Change { at: early, amount: 1_000 }],
            ..sale("x", 0, 1_000)
        }
    };
    let sales: Vec<Sale> = (0..14).map(month).collect();
    assert_eq!(earned(&terms, &sales), 12 * 100);
    let first = Terms { duration: Duration::FirstSale, ..terms.clone() };
    assert_eq!(earned(&first, &sales), 100);
    let most = Terms { duration: Duration::Forever, max_sales: Some(3), ..terms };
    assert_eq!(earned(&most, &sales), 300);
}

#[test]
fn out_of_band_payments_earn_only_where_the_terms_say_so() {
    let outside = Sale { out_of_band: true, ..sale("a", 1, 1_000) };
    assert_eq!(earned(&terms(1_000), std::slice::from_ref(&outside)), 0);
    let counted = Terms { count_out_of_band: true, ..terms(1_000) };
    assert_eq!(earned(&counted, &[outside]), 100);
}

#[test]
fn a_payment_that_comes_to_nothing_is_mirrored_and_counts_nowhere() {
    let mut failed = sale("a", 1, 1_000);
    failed.base.push(Change { at: at(9), amount: -1_000 });
    let next = Sale { customer: failed.customer.clone(), ..sale("b", 20, 1_000) };
    let first = Terms { duration: Duration::FirstSale, max_sales: Some(1), ..terms(1_000) };
    let steps = [(0, 1_000), (2, 2_000)];
    let slab = tiered(Method::Slab, Measure::Sales, &steps);
    let retroactive = tiered(Method::Retroactive, Measure::Sales, &steps);
    for terms in [first, slab, retroactive] {
        let targets = derive(&terms, &[failed.clone(), next.clone()], &[]);
        assert_eq!(rows(&targets, "a"), [(Kind::Earned, 1, 100), (Kind::Reversed, 9, -100)]);
        assert_eq!(rows(&targets, "b"), [(Kind::Earned, 20, 100)]);
    }
}

#[test]
fn caps_end_what_a_sale_a_customer_and_a_month_earn() {
    let mut terms = terms(1_000);
    terms.caps.customer = Some(150);
    let of = |id: &str, second| Sale { customer: Some("cus".into()), ..sale(id, second, 1_000) };
    let sales = [of("a", 1), of("b", 2), of("c", 3)];
    let targets = derive(&terms, &sales, &[]);
    assert_eq!(rows(&targets, "b"), [(Kind::Earned, 2, 50)]);
    assert_eq!(rows(&targets, "c"), []);
    terms.caps.customer = None;
    terms.caps.period = Some(220);
    assert_eq!(earned(&terms, &sales), 220);
    let next_month = [of("a", 1), of("b", 2), of("c", 31 * DAY)];
    assert_eq!(earned(&terms, &next_month), 300);
}
