//! Each test shows that a mistake seen elsewhere does not happen here.

use crate::support::*;
use std::collections::BTreeMap;
use takings_core::affiliate::click::{Reason, Signals, VisitorKey, classify};
use takings_core::affiliate::code::Code;
use takings_core::affiliate::commission::{self, Key, Kind};
use takings_core::affiliate::decision::{Act, Log, State, status};
use takings_core::affiliate::destination::{Destination, SUB_IDS};
use takings_core::affiliate::fraud::{self, Party, SaleSigns};
use takings_core::affiliate::payout::{Entry, Outcome, Payee, TaxProfile, batches};
use takings_core::affiliate::sale::Sale;
use takings_core::affiliate::terms::{Measure, Method};

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
    assert_eq!(undone, [(before.keys().next().unwrap().clone(), -2_000)], "a row more, none less");
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
    let status = status(&terms(2_000), &sold[0], &Log::of(&held), at(90 * DAY)).unwrap();
    assert_eq!(status.state, State::Held);
}
