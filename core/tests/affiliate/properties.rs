//! What holds of any sales under any terms.

use crate::support::*;
use proptest::prelude::*;
use std::collections::BTreeMap;
use takings_core::affiliate::commission::{self, marginal};
use takings_core::affiliate::decision::Act;
use takings_core::affiliate::sale::{Change, DisputeState, Sale, SaleDispute};
use takings_core::affiliate::terms::{Duration, Measure, Method, Period, Terms};
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
    fn what_goes_back_in_parts_leaves_nothing_in_another_currency(
        terms in any_terms(),
        sales in any_sales(),
        parts in prop::collection::vec(1_i64..100_000, 1..5),
        micros in 1_000_i64..5_000_000,
    ) {
        let mut terms = terms;
        terms.exchange_rate_micros.insert(currency("eur"), micros);
        let gone = |mut sale: Sale| {
            sale.currency = currency("eur");
            let back = (200..).zip(&parts).map(|(day, it)| Change { at: at(day * DAY), amount: *it });
            sale.refunds.extend(back);
            sale.refunds.push(Change { at: at(300 * DAY), amount: 10_000_000 });
            sale
        };
        let sales: Vec<Sale> = sales.into_iter().map(gone).collect();
        prop_assert_eq!(earned(&terms, &sales), 0);
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
