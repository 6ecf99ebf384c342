//! Commissions as tables, as lives and as properties.

use proptest::prelude::*;
use std::collections::BTreeMap;
use takings_core::affiliate::calendar::{Utc, utc};
use takings_core::affiliate::commission::{self, Key, Kind, Targets, marginal};
use takings_core::affiliate::decision::{Act, Decision, State, status};
use takings_core::affiliate::payout::{Entry, Outcome, Payee, TaxProfile, batches};
use takings_core::affiliate::sale::{Change, DisputeState, Sale, SaleDispute};
use takings_core::affiliate::terms::{Duration, Measure, Method, Period, Rate, Step, Terms, Tiers};
use takings_core::money::Currency;
use takings_core::time::Timestamp;

const DAY: i64 = 86_400;

fn currency(code: &str) -> Currency {
    Currency::parse(code).expect("a currency")
}

/// A second of June 2026.
fn at(second: i64) -> Timestamp {
    Timestamp(utc(2026, 6, 1).0 + second * 1_000_000)
}

fn terms(rate_bps: i64) -> Terms {
    Terms::percent(currency("usd"), rate_bps)
}

fn tiered(method: Method, measure: Measure, steps: &[(i64, i64)]) -> Terms {
    let step =
        |(threshold, rate_bps): &(i64, i64)| Step { threshold: *threshold, rate_bps: *rate_bps };
    let steps = steps.iter().map(step).collect();
    let tiers = Tiers { method, measure, period: Period::CalendarMonth, steps };
    let terms = Terms { tiers: Some(tiers), ..terms(1_000) };
    assert_eq!(terms.validate(), []);
    terms
}

/// A sale without tax, of a customer of its own.
fn sale(id: &str, second: i64, amount: i64) -> Sale {
    Sale {
        id: id.into(),
        order: format!("in_{id}"),
        customer: Some(format!("cus_{id}")),
        paid_at: at(second),
        period_start: at(second),
        currency: currency("usd"),
        captured: amount,
        base: vec![Change { at: at(second), amount }],
        refunds: vec![],
        disputes: vec![],
        out_of_band: false,
        new_customer: true,
    }
}

fn refunded(mut sale: Sale, refunds: &[(i64, i64)]) -> Sale {
    sale.refunds
        .extend(refunds.iter().map(|(second, amount)| Change { at: at(*second), amount: *amount }));
    sale
}

fn derive(terms: &Terms, sales: &[Sale], decisions: &[Decision]) -> Targets {
    commission::derive(terms, &Utc, sales, decisions, |_| true).expect("amounts fit")
}

fn total(targets: &Targets) -> i64 {
    targets.values().sum()
}

fn earned(terms: &Terms, sales: &[Sale]) -> i64 {
    total(&derive(terms, sales, &[]))
}

/// What stands of one sale, as (kind, second of June, amount).
fn rows(targets: &Targets, sale: &str) -> Vec<(Kind, i64, i64)> {
    let own = targets.iter().filter(|(key, _)| key.sale == sale);
    let second = |key: &Key| (key.occurred.0 - at(0).0) / 1_000_000;
    own.map(|(key, amount)| (key.kind, second(key), *amount)).collect()
}

fn act(sale: &str, second: i64, act: Act) -> Decision {
    Decision {
        id: format!("d{second}"),
        sale: sale.into(),
        at: at(second),
        act,
        reason: "x".into(),
    }
}

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

#[test]
fn tax_does_not_change_what_share_goes_back() {
    let mut taxed = refunded(sale("a", 1, 12_000), &[(9, 6_000)]);
    taxed.base[0].amount = 10_000;
    let targets = derive(&terms(2_000), &[taxed], &[]);
    assert_eq!(rows(&targets, "a"), [(Kind::Earned, 1, 2_000), (Kind::Reversed, 9, -1_000)]);
}

#[test]
fn a_refund_that_fails_and_is_made_again_ends_at_one_reversal() {
    let back = [(10, 3_000), (20, -3_000), (30, 3_000)];
    let targets = derive(&terms(2_000), &[refunded(sale("a", 1, 10_000), &back)], &[]);
    let expected = [
        (Kind::Earned, 1, 2_000),
        (Kind::Reversed, 10, -600),
        (Kind::Reversed, 30, -600),
        (Kind::Reinstated, 20, 600),
    ];
    assert_eq!(rows(&targets, "a"), expected);
    assert_eq!(total(&targets), 1_400);
}

fn disputed(amount: i64, states: &[(i64, DisputeState)]) -> Sale {
    let states = states.iter().map(|(second, state)| (at(*second), *state)).collect();
    let mut sale = refunded(sale("a", 1, 10_000), &[(10, 3_000)]);
    sale.disputes.push(SaleDispute { id: "dp".into(), amount, states });
    sale
}

#[test]
fn a_dispute_holds_and_a_lost_one_takes_what_refunds_left() {
    let lost = disputed(10_000, &[(20, DisputeState::Open), (30, DisputeState::Lost)]);
    let expected =
        [(Kind::Earned, 1, 2_000), (Kind::Reversed, 10, -600), (Kind::Reversed, 30, -1_400)];
    assert_eq!(rows(&derive(&terms(2_000), std::slice::from_ref(&lost), &[]), "a"), expected);
    let mut quick = terms(2_000);
    quick.hold_days = 0;
    let state = |sale: &Sale, second| status(&quick, sale, &[], at(second)).unwrap().state;
    assert_eq!(state(&lost, 19), State::Approved);
    assert_eq!(state(&lost, 20), State::Held);
    assert_eq!(state(&lost, 30), State::Reversed);
    let won = disputed(5_000, &[(20, DisputeState::Open), (30, DisputeState::Released)]);
    assert_eq!(state(&won, 30), State::Approved);
    assert_eq!(earned(&terms(2_000), &[won]), 1_400);
    let part = disputed(5_000, &[(20, DisputeState::Open), (30, DisputeState::Lost)]);
    assert_eq!(earned(&terms(2_000), &[part]), 400);
}

#[test]
fn a_rejection_reverses_what_is_left_at_its_time_and_can_be_undone() {
    let sold = refunded(sale("a", 1, 10_000), &[(10, 3_000), (30, 3_000)]);
    let rejected = [act("in_a", 20, Act::Reject)];
    let targets = derive(&terms(2_000), std::slice::from_ref(&sold), &rejected);
    let expected =
        [(Kind::Earned, 1, 2_000), (Kind::Reversed, 10, -600), (Kind::Rejected, 20, -1_400)];
    assert_eq!(rows(&targets, "a"), expected);
    let undone = [rejected[0].clone(), act("a", 40, Act::Approve)];
    let targets = derive(&terms(2_000), &[sold], &undone);
    assert_eq!(rows(&targets, "a").last(), Some(&(Kind::Rejected, 20, -1_400)));
    assert_eq!(total(&targets), 800);
}

#[test]
fn a_clawback_takes_no_more_than_is_left() {
    let acts = [act("a", 20, Act::ClawBack(500)), act("a", 25, Act::ClawBack(9_000))];
    let targets = derive(&terms(2_000), &[sale("a", 1, 10_000)], &acts);
    let expected =
        [(Kind::Earned, 1, 2_000), (Kind::ClawedBack, 20, -500), (Kind::ClawedBack, 25, -1_500)];
    assert_eq!(rows(&targets, "a"), expected);
    let silent = Decision { reason: " ".into(), ..acts[0].clone() };
    assert!(silent.check().is_err() && acts[0].check().is_ok());
}

#[test]
fn a_commission_is_approved_by_rule_after_the_hold_or_by_hand() {
    let sold = sale("a", 0, 1_000);
    let mut terms = terms(1_000);
    let of = |terms: &Terms, acts: &[Decision], second| {
        let status = status(terms, &sold, acts, at(second)).unwrap();
        (status.state, status.is_payable(at(second)))
    };
    assert_eq!(of(&terms, &[], 30 * DAY - 1), (State::Pending, false));
    assert_eq!(of(&terms, &[], 30 * DAY), (State::Approved, true));
    let by_hand = [act("a", 5, Act::Approve)];
    assert_eq!(of(&terms, &by_hand, 5), (State::Approved, false), "the hold goes on");
    terms.auto_approve = false;
    assert_eq!(of(&terms, &[], 60 * DAY), (State::Pending, false));
    assert_eq!(of(&terms, &by_hand, 30 * DAY), (State::Approved, true));
    let held = [by_hand[0].clone(), act("a", 6, Act::Hold)];
    assert_eq!(of(&terms, &held, 30 * DAY), (State::Held, false));
    let released = [held[0].clone(), held[1].clone(), act("a", 7, Act::Release)];
    assert_eq!(of(&terms, &released, 30 * DAY), (State::Approved, true));
}

fn stored(rows: &[(Key, i64)], sums: &mut BTreeMap<Key, i64>) {
    for (key, amount) in rows {
        *sums.entry(key.clone()).or_default() += amount;
    }
}

/// Each test shows that a mistake seen elsewhere does not happen here.
mod mistakes {
    use super::*;
    use takings_core::affiliate::click::{Reason, Signals, VisitorKey, classify};
    use takings_core::affiliate::code::Code;
    use takings_core::affiliate::destination::{Destination, SUB_IDS};
    use takings_core::affiliate::fraud::{self, Party, SaleSigns};

    #[test]
    fn a_partial_refund_voids_the_whole_commission() {
        let targets = derive(&terms(2_000), &[refunded(sale("a", 1, 10_000), &[(9, 3_000)])], &[]);
        assert_eq!(rows(&targets, "a"), [(Kind::Earned, 1, 2_000), (Kind::Reversed, 9, -600)]);
        assert_eq!(total(&targets), 1_400);
    }

    #[test]
    fn a_refund_of_a_paid_commission_is_ignored() {
        let sold = refunded(sale("a", 1, 4_900), &[(9, 4_900)]);
        let targets = derive(&terms(3_000), &[sold], &[]);
        let entry = |(key, amount): (&Key, &i64)| Entry {
            id: format!("{:?}", key.kind),
            key: key.clone(),
            amount: *amount,
            claimed: key.kind == Kind::Earned,
        };
        let entries: Vec<Entry> = targets.iter().map(entry).collect();
        let payee = Payee { tax: TaxProfile::W9, paying_customers: 1, paid_before: true };
        let outcome = batches(&terms(3_000), payee, &entries, |_| false).unwrap();
        let carried = Outcome::Carried { due: -1_470, minimum: 1 };
        assert_eq!(outcome.get(&currency("usd")), Some(&carried));
    }

    #[test]
    fn a_commission_record_is_deleted() {
        let mut sums = BTreeMap::new();
        let sold = sale("a", 1, 10_000);
        let before = derive(&terms(2_000), std::slice::from_ref(&sold), &[]);
        stored(&commission::difference(&before, &sums).unwrap(), &mut sums);
        let after = derive(&terms(2_000), &[], &[]);
        let undone = commission::difference(&after, &sums).unwrap();
        assert_eq!(
            undone,
            [(before.keys().next().unwrap().clone(), -2_000)],
            "a row more, none less"
        );
    }

    #[test]
    fn a_retried_purchase_pays_twice() {
        let target = derive(&terms(2_000), &[sale("a", 1, 10_000)], &[]);
        assert_eq!(commission::difference(&target, &target.clone()), Ok(vec![]));
    }

    #[test]
    fn idempotency_lives_in_a_cache_with_a_time_limit() {
        let mut sums = BTreeMap::new();
        for _year in 0..10 {
            let target = derive(&terms(2_000), &[sale("a", 1, 10_000)], &[]);
            stored(&commission::difference(&target, &sums).unwrap(), &mut sums);
        }
        assert_eq!(sums.values().sum::<i64>(), 2_000, "what is stored is the guard");
    }

    #[test]
    fn a_bot_rule_sits_behind_an_early_return() {
        let bot = Signals { opt_out: true, method: "GET", bot_ip: true, ..Signals::default() };
        let expected = [Reason::OptOut, Reason::NoUserAgent, Reason::BotIp];
        assert_eq!(classify(&bot).signals, expected);
    }

    #[test]
    fn cents_are_compared_with_percent_when_a_tier_is_chosen() {
        let steps = [(0, 1_000), (100_000, 2_000)];
        let slab = tiered(Method::Slab, Measure::NetRevenue, &steps);
        let sales = [sale("a", 1, 99_999), sale("b", 2, 1_000), sale("c", 3, 1_000)];
        let targets = derive(&slab, &sales, &[]);
        let of = |id| rows(&targets, id)[0].2;
        assert_eq!([of("a"), of("b"), of("c")], [10_000, 100, 200], "1,000.00 are the threshold");
    }

    #[test]
    fn a_three_decimal_currency_is_ten_times_off() {
        let mut terms = terms(1_000);
        terms.caps.sale = Some(325);
        terms.exchange_rate_micros.insert(currency("kwd"), 3_250_000);
        let dinars = Sale { currency: currency("kwd"), ..sale("a", 1, 50_000) };
        assert_eq!(earned(&terms, &[dinars]), 1_000, "3.25 USD are 1.000 KWD");
    }

    #[test]
    fn a_referrers_email_stands_in_a_url() {
        assert!(Code::parse("anna@example.com").is_err());
        assert!(Destination::parse("https://a.example/?by=anna%40example.com").is_err());
        let plain = Destination::parse("https://a.example/").unwrap();
        let given = [("sub1", "anna@example.com"), ("email", "anna")];
        let clicked = plain.with_click("tk_click", "clk_1", &given, &SUB_IDS);
        assert_eq!(clicked, "https://a.example/?tk_click=clk_1");
    }

    #[test]
    fn an_ipv6_address_is_cut_at_a_colon() {
        let of = |ip: &str| VisitorKey::of(&[7; 32], ip.parse().unwrap(), "Mozilla");
        assert_ne!(of("2001:db8:1:2::1"), of("2001:db8:9:2::1"));
        assert_eq!(of("2001:db8:1:2::1"), of("2001:0db8:0001:0002:3::"));
    }

    #[test]
    fn a_self_referred_sale_confuses_the_idempotency_guard() {
        let own = Party { email_key: Some("k"), ..Party::default() };
        let signs = SaleSigns { partner: own, customer: own, ..SaleSigns::default() };
        assert_eq!(fraud::of_sale(&terms(2_000), &signs).len(), 1);
        let held = [act("a", 2, Act::Hold)];
        let sold = [sale("a", 1, 10_000)];
        let target = derive(&terms(2_000), &sold, &held);
        assert_eq!(target, derive(&terms(2_000), &sold, &[]), "it is held, and counted once");
        assert_eq!(commission::difference(&target, &target.clone()), Ok(vec![]));
        let status = status(&terms(2_000), &sold[0], &held, at(90 * DAY)).unwrap();
        assert_eq!(status.state, State::Held);
    }
}

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
        let acts = [act("s01", 40 * DAY, Act::Reject), act("s02", 1, Act::ClawBack(7))];
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
    fn what_is_wholly_returned_earns_nothing(terms in any_terms(), sales in any_sales()) {
        let gone = |mut sale: Sale| {
            sale.refunds.push(Change { at: at(200 * DAY), amount: 10_000_000 });
            sale
        };
        let sales: Vec<Sale> = sales.into_iter().map(gone).collect();
        prop_assert_eq!(earned(&terms, &sales), 0);
    }
}
