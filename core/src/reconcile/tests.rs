//! Each cause by an example, and the sums that lines must give.

use super::*;
use crate::time::Day;
use rust_decimal::Decimal;

const FIRST: Day = Day(20_000);
const END: Day = Day(20_030);

fn usd() -> Currency {
    Currency::parse("usd").unwrap()
}

fn txn(id: &str, source: &str, category: &str, amount: i64, day: i32) -> BalanceTransaction {
    BalanceTransaction {
        id: id.into(),
        amount,
        fee: 0,
        currency: usd(),
        created: Day(day).start().secs() + 60,
        available_on: 0,
        category: Some(category.into()),
        source: Some(source.to_owned()).filter(|source| !source.is_empty()),
        exchange_rate: None,
    }
}

fn posted(object: &str, account: Account, amount: i64, day: i32) -> Posted {
    Posted { object: object.into(), account, currency: usd(), day: Day(day), amount }
}

/// The rows by which the ledger takes a balance transaction in.
fn settled(it: &BalanceTransaction) -> [Posted; 2] {
    let day = day_of(it.created).0;
    let pending = posted(&it.id, Account::StripePending, -it.amount, day);
    [posted(&it.id, Account::StripeBalance, it.amount - it.fee, day), pending]
}

fn run(listed: &[BalanceTransaction], own: &[Posted], seen: &[&str]) -> Report {
    let books = Books {
        listed: listed.to_vec(),
        listed_until: Day(END.0 + MARGIN),
        known: listed.to_vec(),
        posted: listed.iter().flat_map(settled).chain(own.iter().cloned()).collect(),
        seen: seen.iter().map(|id| (*id).to_owned()).collect(),
        charges: BTreeMap::new(),
        recovered: Vec::new(),
    };
    let report = reconcile(FIRST, END, &books);
    let total = report.total(usd());
    let of = |account| {
        let lines = report.lines.iter().filter(|it| it.cause.differs() && it.account == account);
        lines.map(|it| it.amount).sum::<i64>()
    };
    assert_eq!(of(Account::StripeBalance), total.ledger - total.stripe, "{report:#?}");
    assert_eq!(of(Account::StripePending), total.pending, "{report:#?}");
    report
}

fn causes(report: &Report) -> Vec<(Cause, &str, i64)> {
    report.lines.iter().map(|it| (it.cause, it.object.as_str(), it.amount)).collect()
}

use Account::{StripeBalance, StripePending};

#[test]
fn what_meets_leaves_nothing() {
    let charge = txn("txn_1", "ch_1", "charge", 1000, 20_001);
    let report = run(&[charge], &[posted("ch_1", StripePending, 1000, 20_001)], &["ch_1"]);
    assert_eq!(causes(&report), []);
    assert_eq!((report.transactions, report.is_green()), (1, true));
    let day = super::report::Day { stripe: 1000, ledger: 1000, pending: 0, fees: 0 };
    assert_eq!(report.days[&(Day(20_001), usd())], day);
}

#[test]
fn each_difference_has_its_cause() {
    let charge = |amount| txn("txn_1", "ch_1", "charge", amount, 20_001);
    let own = |amount, day| posted("ch_1", StripePending, amount, day);
    let refund = [
        txn("txn_2", "re_1", "refund", -400, 20_002),
        txn("txn_3", "re_1", "refund_failure", 400, 20_009),
    ];
    let made = posted("re_1", StripePending, -400, 20_002);
    let payout = |day| txn("txn_4", "po_1", "payout", -700, day);
    type Case<'a> = (Cause, &'a [BalanceTransaction], &'a [Posted], &'a [&'a str], i64);
    let cases: &[Case<'_>] = &[
        (Cause::ObjectUnseen, &[charge(1000)], &[], &[], -1000),
        (Cause::EventMissed, &[charge(1000)], &[], &["ch_1"], -1000),
        (Cause::AmountMismatch, &[charge(1000)], &[own(1100, 20_001)], &["ch_1"], 100),
        (Cause::NotInStripe, &[], &[own(1000, 20_001)], &["ch_1"], 1000),
        (Cause::EventMissed, &refund, &[made], &["re_1"], -400),
        (Cause::EventMissed, &[payout(20_015)], &[], &["po_1"], 700),
        (Cause::UnknownCategory, &[txn("txn_5", "tr_1", "transfer", -9, 20_003)], &[], &[], 9),
        (Cause::NotInStripe, &[], &[posted("dp_1", StripeBalance, -50, 20_003)], &["dp_1"], -50),
        (
            Cause::AmountMismatch,
            &[charge(1000)],
            &[own(1000, 20_001), posted("ch_1", StripeBalance, 7, 20_001)],
            &["ch_1"],
            7,
        ),
    ];
    for (cause, listed, own, seen, amount) in cases {
        let report = run(listed, own, seen);
        let lines: Vec<_> = report.lines.iter().map(|it| (it.cause, it.amount)).collect();
        assert_eq!(lines, [(*cause, *amount)]);
        assert!(!report.is_green() && report.unexplained(usd()) == amount.unsigned_abs());
    }
}

#[test]
fn what_is_under_way_is_explained_until_it_is_late() {
    let books = |day: i32, today: i32| Books {
        listed_until: Day(today),
        posted: vec![posted("ch_1", StripePending, 1000, day)],
        ..Books::default()
    };
    let cause = |day, today| reconcile(FIRST, END, &books(day, today)).lines[0].cause;
    assert_eq!(cause(20_029, 20_030), Cause::UnderWay);
    assert_eq!(cause(20_020, 20_030), Cause::UnderWay);
    assert_eq!(cause(20_019, 20_030), Cause::NotInStripe);
    assert_eq!(cause(20_029, 20_044), Cause::NotInStripe);
    // A later run looks at it again, and no longer waits.
    let late = books(19_990, 20_030);
    assert_eq!(causes(&reconcile(FIRST, END, &late))[0], (Cause::NotInStripe, "ch_1", 1000));
    let long_ago = books(19_985, 20_030);
    assert_eq!(causes(&reconcile(FIRST, END, &long_ago)), []);
    let payout = txn("txn_4", "po_1", "payout", -700, 20_029);
    let under_way = Books {
        listed_until: Day(20_030),
        posted: settled(&payout).into(),
        listed: vec![payout],
        seen: ["po_1".to_owned()].into(),
        ..Books::default()
    };
    assert_eq!(causes(&reconcile(FIRST, END, &under_way)), [(Cause::UnderWay, "po_1", 700)]);
}

#[test]
fn what_lies_at_the_edge_is_seen_whole() {
    let charge = txn("txn_1", "ch_1", "charge", 1000, 20_030);
    let report = run(&[charge], &[posted("ch_1", StripePending, 1000, 20_029)], &["ch_1"]);
    assert_eq!(causes(&report), [(Cause::OtherDay, "ch_1", 1000)]);
    assert!(report.is_green());
    let payout = txn("txn_2", "po_1", "payout", -700, 19_998);
    let report = run(&[payout], &[posted("po_1", StripePending, -700, 20_001)], &["po_1"]);
    assert_eq!(causes(&report), [(Cause::OtherDay, "po_1", -700)]);
}

#[test]
fn what_stripe_does_by_itself_is_told() {
    let table = [("fee", Cause::Fee), ("reserve_hold", Cause::Reserve), ("topup", Cause::TopUp)];
    for (category, cause) in table {
        let it = txn("txn_1", "", category, -250, 20_001);
        let books = Books {
            listed_until: Day(20_044),
            posted: vec![posted("txn_1", StripeBalance, -250, 20_001)],
            listed: vec![it],
            ..Books::default()
        };
        let report = reconcile(FIRST, END, &books);
        assert_eq!(causes(&report), [(cause, "txn_1", -250)]);
        assert!(report.is_green());
    }
}

#[test]
fn conversions_are_at_stripes_rate_but_for_rounding() {
    let table = [
        ("jpy", 5000, "0.0067", 3350, None),
        ("jpy", 5001, "0.00671", 3356, None),
        ("jpy", 5001, "0.67", 3351, None),
        ("jpy", 5000, "0.0067", 3351, Some(Cause::Rounding)),
        ("jpy", 5000, "0.0067", 3450, Some(Cause::RateMismatch)),
        ("kwd", 12_340, "3.25", 4011, Some(Cause::Rounding)),
        ("kwd", 12_340, "3.25", 4010, None),
        ("eur", 1000, "1.234", 1234, None),
        ("eur", -1000, "1.234", -1240, Some(Cause::RateMismatch)),
    ];
    for (code, presented, rate, settled, expected) in table {
        let it = BalanceTransaction {
            exchange_rate: rate.parse::<Decimal>().ok(),
            ..txn("txn_1", "ch_1", "charge", settled, 20_001)
        };
        let own = Posted {
            currency: Currency::parse(code).unwrap(),
            ..posted("txn_1", StripePending, -presented, 20_001)
        };
        let line = rate::difference(&it, &[own]);
        assert_eq!(line.map(|line| line.cause), expected, "{presented} {code} at {rate}");
    }
}

#[test]
fn a_report_reads_back_as_written() {
    let charge = txn("txn_1", "ch_1", "charge", 1000, 20_001);
    let report = run(&[charge], &[], &[]);
    let text = serde_json::to_string(&report).unwrap();
    assert_eq!(serde_json::from_str::<Report>(&text).unwrap(), report);
}

#[test]
fn what_a_partial_capture_released_belongs_to_its_charge() {
    let listed = [
        txn("txn_1", "ch_1", "charge", 20_675, 20_001),
        txn("txn_2", "re_1", "partial_capture_reversal", -375, 20_001),
    ];
    let own = posted("ch_1", StripePending, 20_300, 20_001);
    let books = Books {
        listed: listed.to_vec(),
        listed_until: Day(END.0 + MARGIN),
        posted: listed.iter().flat_map(settled).chain([own]).collect(),
        seen: ["ch_1".to_owned(), "re_1".to_owned()].into(),
        charges: [("re_1".to_owned(), "ch_1".to_owned())].into(),
        ..Books::default()
    };
    assert_eq!(causes(&reconcile(FIRST, END, &books)), []);
}
