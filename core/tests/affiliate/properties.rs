//! What holds of any sales under any terms.

use crate::support::*;
use proptest::prelude::*;
use std::collections::BTreeMap;
use takings_core::affiliate::commission::{self, Targets, marginal};
use takings_core::affiliate::decision::Act;
use takings_core::affiliate::sale::{Change, DisputeState, Sale, SaleDispute};
use takings_core::affiliate::terms::{Duration, Measure, Method, Period, Terms};
use takings_core::money::Currency;
use takings_core::time::Timestamp;

/// Sales of four customers, with refunds, failed refunds and disputes.
fn any_sales() -> impl Strategy<Value = Vec<Sale>> {
    let one = (0_i64..90 * DAY, 1_i64..200_000, 0_usize..4, 0_i64..3, any::<[u16; 3]>());
    prop::collection::vec(one, 0..12).prop_map(|all| {
        type Raw = (i64, i64, usize, i64, [u16; 3]);
        let of = |(place, (second, amount, customer, life, [back, again, tax])): (usize, Raw)| {
            let mut sale = sale(&format!("s{place:02}"), second, amount + i64::from(tax));
            sale.base[0].amount = amount;
            sale.customer = Some(format!("cus_{customer}"));
            let (back, again) = (i64::from(back), i64::from(again));
            if life > 0 {
                let back = [(second + 10, back), (second + 20, -back), (second + 30, again)];
                sale = refunded(sale, &back);
            }
            if life > 1 {
                let states = vec![
                    (at(second + 15), DisputeState::Open),
                    (at(second + 40), DisputeState::Lost),
                ];
                sale.disputes.push(SaleDispute { id: "dp".into(), amount: again, states });
            }
            sale
        };
        all.into_iter().enumerate().map(of).collect()
    })
}

fn any_terms() -> impl Strategy<Value = Terms> {
    let steps = [(0, 1_000), (3, 1_750), (150_000, 2_500)];
    prop::sample::select(vec![
        terms(1_234),
        Terms { duration: Duration::Months(1), max_sales: Some(2), ..terms(2_000) },
        tiered(Method::Slab, Measure::NewCustomers, &steps),
        tiered(Method::Slab, Measure::NetRevenue, &steps),
        tiered(Method::Marginal, Measure::NetRevenue, &steps),
        tiered(Method::Retroactive, Measure::Sales, &steps),
        tiered(Method::Retroactive, Measure::NetRevenue, &steps),
    ])
}

/// What an euro and a Kuwaiti dinar are worth in millionths of a dollar.
fn any_rates() -> impl Strategy<Value = [i64; 2]> {
    [1_000_i64..5_000_000, 1_000_i64..5_000_000]
}

fn exchanging(mut terms: Terms, [euro, dinar]: [i64; 2]) -> Terms {
    terms.exchange_rate_micros.insert(currency("eur"), euro);
    terms.exchange_rate_micros.insert(currency("kwd"), dinar);
    terms
}

/// The sales in three currencies by turns.
fn in_turn(sales: Vec<Sale>) -> Vec<Sale> {
    let codes = ["usd", "eur", "kwd"].into_iter().cycle();
    sales
        .into_iter()
        .zip(codes)
        .map(|(sale, code)| Sale { currency: currency(code), ..sale })
        .collect()
}

/// An amount in dollars, and one of dollars in its own currency: rounded half up by magnitude.
fn exchanged(terms: &Terms, amount: i64, of: Currency) -> i64 {
    let Some(micros) = terms.exchange_rate_micros.get(&of) else { return amount };
    ratio(amount, *micros * 100, 1_000_000 * 10_i64.pow(of.exponent()))
}

fn exchanged_back(terms: &Terms, amount: i64, of: Currency) -> i64 {
    let Some(micros) = terms.exchange_rate_micros.get(&of) else { return amount };
    ratio(amount, 1_000_000 * 10_i64.pow(of.exponent()), *micros * 100)
}

fn ratio(amount: i64, n: i64, d: i64) -> i64 {
    let (amount, n, d) = (i128::from(amount), i128::from(n), i128::from(d));
    let magnitude = (amount.abs() * n + d / 2) / d;
    i64::try_from(magnitude * amount.signum()).expect("it fits")
}

fn by_currency(targets: &Targets) -> BTreeMap<Currency, i64> {
    let mut sums = BTreeMap::new();
    targets.iter().for_each(|(key, amount)| *sums.entry(key.currency).or_insert(0) += amount);
    sums
}

proptest! {
    #[test]
    fn marginal_tiers_pay_exactly_the_total(sales in any_sales()) {
        let steps = [(0, 1_003), (30_001, 1_750), (150_000, 2_511)];
        let mut terms = tiered(Method::Marginal, Measure::NetRevenue, &steps);
        terms.tiers.as_mut().unwrap().period = Period::Lifetime;
        let end = Timestamp(i64::MAX);
        let left: i64 = sales.iter().map(|sale| sale.net_at(end).unwrap()).sum();
        let expected = marginal(terms.tiers.as_ref().unwrap(), left).unwrap();
        prop_assert_eq!(earned(&terms, &sales), expected);
    }

    #[test]
    fn the_order_of_facts_does_not_matter(
        terms in any_terms(),
        sales in any_sales(),
        turn in 0_usize..12,
    ) {
        let acts = [act("s01", 40 * DAY, Act::Reject), act("s02", 1, Act::Hold)];
        let mut turned = sales.clone();
        turned.reverse();
        turned.rotate_left(turn % sales.len().max(1));
        for sale in &mut turned {
            sale.refunds.reverse();
        }
        let mut reversed = acts.clone();
        reversed.reverse();
        prop_assert_eq!(derive(&terms, &sales, &acts), derive(&terms, &turned, &reversed));
    }

    #[test]
    fn differences_after_every_fact_sum_to_the_target(terms in any_terms(), sales in any_sales()) {
        let mut sums = BTreeMap::new();
        for known in (0..sales.len()).rev() {
            let target = derive(&terms, &sales[known..], &[]);
            stored(&commission::difference(&target, &sums).unwrap(), &mut sums);
        }
        sums.retain(|_, amount| *amount != 0);
        prop_assert_eq!(sums, derive(&terms, &sales, &[]));
    }

    #[test]
    fn what_goes_back_in_parts_leaves_nothing_in_any_currency(
        terms in any_terms(),
        sales in any_sales(),
        parts in prop::collection::vec(1_i64..100_000, 1..5),
        micros in any_rates(),
    ) {
        let terms = exchanging(terms, micros);
        let gone = |mut sale: Sale| {
            let back = (200..).zip(&parts).map(|(day, it)| Change { at: at(day * DAY), amount: *it });
            sale.refunds.extend(back);
            sale.refunds.push(Change { at: at(300 * DAY), amount: 10_000_000 });
            sale
        };
        let sales: Vec<Sale> = in_turn(sales).into_iter().map(gone).collect();
        let left = by_currency(&derive(&terms, &sales, &[]));
        prop_assert!(left.values().all(|sum| *sum == 0), "{:?}", left);
    }

    #[test]
    fn every_currency_gets_what_its_sales_make_up_of_the_marginal_total(
        sales in any_sales(),
        micros in any_rates(),
    ) {
        let steps = [(0, 1_003), (30_001, 1_750), (150_000, 2_511)];
        let mut terms = tiered(Method::Marginal, Measure::NetRevenue, &steps);
        terms.tiers.as_mut().unwrap().period = Period::Lifetime;
        let (terms, mut sales) = (exchanging(terms, micros), in_turn(sales));
        sales.sort_by(|a, b| a.place().cmp(&b.place()));
        let (mut revenue, mut parts) = (0, BTreeMap::new());
        for sale in &sales {
            let left = sale.net_at(Timestamp(i64::MAX)).unwrap();
            let tiers = terms.tiers.as_ref().unwrap();
            let of = |revenue| marginal(tiers, revenue).unwrap();
            let end = revenue + exchanged(&terms, left, sale.currency);
            *parts.entry(sale.currency).or_insert(0) += of(end) - of(revenue);
            revenue = end;
        }
        let natively = |(currency, part)| (currency, exchanged_back(&terms, part, currency));
        let mut expected: BTreeMap<_, _> = parts.into_iter().map(natively).collect();
        expected.retain(|_, sum| *sum != 0);
        let mut paid = by_currency(&derive(&terms, &sales, &[]));
        paid.retain(|_, sum| *sum != 0);
        prop_assert_eq!(paid, expected);
    }

    #[test]
    fn what_is_wholly_returned_earns_nothing(terms in any_terms(), sales in any_sales()) {
        let gone = |mut sale: Sale| {
            sale.refunds.push(Change { at: at(200 * DAY), amount: 10_000_000 });
            sale
        };
        let sales: Vec<Sale> = sales.into_iter().map(gone).collect();
        prop_assert_eq!(earned(&terms, &sales), 0);
    }
}
