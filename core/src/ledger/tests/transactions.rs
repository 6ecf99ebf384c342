//! Stripe's own books: what is pending meets its balance transaction, and the balance is Stripe's.

use super::*;
use crate::ledger::transaction::counter;

const AT: Seconds = 1_790_000_000;

/// A balance transaction that was looked up long after.
fn shown(it: BalanceTransaction) -> Member {
    member(&it.id.clone(), &[(AT + 900_000, State::BalanceTransaction(it))])
}

fn txn(id: &str, source: &str, category: &str, (amount, fee): (i64, i64), code: &str) -> Member {
    shown(BalanceTransaction {
        id: id.into(),
        amount,
        fee,
        currency: currency(code),
        created: AT + 60,
        available_on: AT + 200_000,
        category: Some(category.into()),
        source: Some(source.to_owned()).filter(|source| !source.is_empty()),
        exchange_rate: None,
    })
}

fn charged(amount: i64, code: &str) -> Member {
    let charge = Charge { currency: Some(currency(code)), ..charge(amount, AT) };
    member("ch_1", &[(AT + 1, State::Charge(charge))])
}

fn refunded(amount: i64, code: &str, statuses: &[&str]) -> Member {
    let states: Vec<(Seconds, State)> = (AT + 10..)
        .step_by(1000)
        .zip(statuses)
        .map(|(second, status)| {
            let (status, currency) = ((*status).to_owned(), Some(currency(code)));
            (second, State::Refund(Refund { status, currency, ..refund(amount, AT + 9) }))
        })
        .collect();
    member("re_1", &states)
}

fn paid_out(statuses: &[&str]) -> Member {
    let states: Vec<(Seconds, State)> = (AT + 100..)
        .step_by(1000)
        .zip(statuses)
        .map(|(second, status)| {
            let payout = Payout {
                created: AT + 50,
                amount: 7000,
                currency: Some(currency("usd")),
                status: (*status).to_owned(),
                ..Payout::default()
            };
            (second, State::Payout(payout))
        })
        .collect();
    member("po_1", &states)
}

/// What the accounts of Stripe's books hold, `account currency amount`, without those at zero.
fn holds(books: &Books) -> Vec<String> {
    let mut sums: BTreeMap<(String, String), i64> = BTreeMap::new();
    for (key, posting) in &books.transfers {
        let code = key.currency.as_str().to_owned();
        *sums.entry((key.debit.to_string(), code.clone())).or_default() += posting.amount;
        *sums.entry((key.credit.to_string(), code)).or_default() -= posting.amount;
    }
    let ours = ["bank", "fx", "reserves", "stripe_balance", "stripe_fees", "stripe_pending"];
    let ours =
        sums.iter().filter(|((account, _), sum)| ours.contains(&account.as_str()) && **sum != 0);
    ours.map(|((account, code), sum)| format!("{account} {code} {sum}")).collect()
}

/// The books of every order of arrival, one member after the other: each step is reached by
/// differences from the one before, and the end is the same.
fn in_every_order(members: &[Member]) -> Books {
    let end = books(members, None).unwrap();
    let mut places: Vec<usize> = (0..members.len()).collect();
    permute(&mut places, 0, &mut |order| {
        let mut known: Vec<Member> = Vec::new();
        let mut rows: BTreeMap<NetKey, i64> = BTreeMap::new();
        for place in order {
            known.push(members[*place].clone());
            let target = books(&known, None).unwrap();
            for (key, posting) in difference(&target, &rows).unwrap() {
                let (key, amount) = key.signed(posting.amount);
                *rows.entry(key).or_default() += amount;
            }
        }
        rows.retain(|_, amount| *amount != 0);
        assert_eq!(rows, end.nets(), "{order:?}");
    });
    end
}

fn permute(places: &mut Vec<usize>, from: usize, visit: &mut impl FnMut(&[usize])) {
    if from == places.len() {
        return visit(places);
    }
    for other in from..places.len() {
        places.swap(from, other);
        permute(places, from + 1, visit);
        places.swap(from, other);
    }
}

type Life<'a> = (&'a str, Vec<Member>, &'a [&'a str]);

#[track_caller]
fn settles(lives: &[Life<'_>]) {
    for (life, members, expected) in lives {
        let end = in_every_order(members);
        assert_eq!(holds(&end), *expected, "{life}");
        assert!(!end.marks.iter().any(|mark| mark.reason == Reason::FeeUnknown), "{life}");
    }
}

#[test]
fn a_charge_meets_its_balance_transaction_in_every_order() {
    let of = |amounts| txn("txn_1", "ch_1", "charge", amounts, "usd");
    settles(&[
        (
            "a charge",
            vec![charged(1000, "usd"), of((1000, 59))],
            &["stripe_balance usd 941", "stripe_fees usd 59"],
        ),
        (
            "yen that become dollars",
            vec![charged(5000, "jpy"), of((3350, 127))],
            &["fx jpy 5000", "fx usd -3350", "stripe_balance usd 3223", "stripe_fees usd 127"],
        ),
        (
            "three decimals that become two",
            vec![charged(12_340, "kwd"), of((4011, 146))],
            &["fx kwd 12340", "fx usd -4011", "stripe_balance usd 3865", "stripe_fees usd 146"],
        ),
    ]);
}

#[test]
fn a_refund_meets_its_balance_transactions_in_every_order() {
    let charge = |amounts| txn("txn_1", "ch_1", "charge", amounts, "usd");
    let refund = |amount| txn("txn_2", "re_1", "refund", (amount, 0), "usd");
    let failure = |amount| txn("txn_3", "re_1", "refund_failure", (amount, 0), "usd");
    settles(&[
        (
            "a refund at its own rate",
            vec![
                charged(5000, "jpy"),
                refunded(5000, "jpy", &["succeeded"]),
                charge((3350, 127)),
                refund(-3400),
            ],
            &["fx usd 50", "stripe_balance usd -177", "stripe_fees usd 127"],
        ),
        (
            "a refund that failed",
            vec![
                charged(1000, "usd"),
                refunded(400, "usd", &["succeeded", "failed"]),
                charge((1000, 59)),
                refund(-400),
                failure(400),
            ],
            &["stripe_balance usd 941", "stripe_fees usd 59"],
        ),
        (
            "a foreign refund that failed",
            vec![
                charged(5000, "jpy"),
                refunded(2000, "jpy", &["pending", "failed"]),
                charge((3350, 0)),
                refund(-1340),
                failure(1330),
            ],
            &["fx jpy 5000", "fx usd -3340", "stripe_balance usd 3340"],
        ),
    ]);
}

#[test]
fn a_dispute_that_is_looked_up_as_well_is_posted_once() {
    let lost = BalanceTransaction { fee: 1500, ..moved("txn_d", -1000, AT + 60) };
    let returned = moved("txn_w", 1000, AT + 70);
    let told = |moved: &[BalanceTransaction]| {
        member("dp_1", &[(AT + 61, State::Dispute(dispute(1000, moved)))])
    };
    let charge = || vec![charged(1000, "usd"), txn("txn_1", "ch_1", "charge", (1000, 59), "usd")];
    let first = std::slice::from_ref(&lost);
    let lost_for_good = [charge(), vec![told(first), shown(lost.clone())]].concat();
    let both = [lost.clone(), returned.clone()];
    let won = ["stripe_balance usd -1500", "stripe_fees usd 1500"];
    settles(&[
        ("lost", lost_for_good, &["stripe_balance usd -1559", "stripe_fees usd 1559"]),
        ("won, as a look-up tells", vec![told(first), shown(returned.clone())], &won),
        ("won, as both tell", vec![told(&both), shown(lost), shown(returned)], &won),
    ]);
}

#[test]
fn a_payout_meets_its_balance_transactions_in_every_order() {
    let out = |fee| txn("txn_1", "po_1", "payout", (-7000, fee), "usd");
    let back = || txn("txn_2", "po_1", "payout_reversal", (7000, 0), "usd");
    settles(&[
        (
            "paid",
            vec![paid_out(&["pending", "paid"]), out(0)],
            &["bank usd 7000", "stripe_balance usd -7000"],
        ),
        (
            "on its way, with a fee",
            vec![paid_out(&["pending"]), out(70)],
            &["stripe_balance usd -7070", "stripe_fees usd 70", "stripe_pending usd 7000"],
        ),
        ("failed", vec![paid_out(&["pending", "paid", "failed"]), out(0), back()], &[]),
        ("canceled", vec![paid_out(&["pending", "canceled"]), out(0), back()], &[]),
    ]);
}

#[test]
fn a_source_that_was_not_seen_leaves_its_amount_pending_and_is_named() {
    for (source, category) in
        [("ch_9", "charge"), ("re_9", "refund"), ("dp_9", "dispute"), ("po_9", "payout")]
    {
        let books = books(&[txn("txn_1", source, category, (-1000, 15), "usd")], None).unwrap();
        let expected =
            ["stripe_balance usd -1015", "stripe_fees usd 15", "stripe_pending usd 1000"];
        assert_eq!(holds(&books), expected);
        assert_eq!(marks(&books), [(source, Reason::ParentMissing)]);
    }
}

#[test]
fn what_stripe_does_by_itself_is_posted_by_its_category() {
    for (category, account) in [
        ("fee", "stripe_fees"),
        ("network_cost", "stripe_fees"),
        ("tax", "stripe_fees"),
        ("risk_reserved_funds", "reserves"),
        ("reserve_hold", "reserves"),
        ("topup", "bank"),
        ("transfer", "stripe_pending"),
        ("something_of_next_year", "stripe_pending"),
    ] {
        assert_eq!(counter(category).as_str(), account, "{category}");
        let books = books(&[txn("txn_1", "tu_1", category, (-250, 0), "usd")], None).unwrap();
        assert_eq!(balance(&books, account), 250, "{category}");
        assert_eq!(balance(&books, "stripe_balance"), -250, "{category}");
        assert_eq!(marks(&books), [], "{category}");
    }
}

#[test]
fn fees_are_open_until_the_balance_transaction_is_known() {
    let open = |members: &[Member]| {
        let books = books(members, None).unwrap();
        let open = books.marks.into_iter().filter(|mark| mark.reason == Reason::FeeUnknown);
        open.map(|mark| mark.object).collect::<Vec<_>>()
    };
    let both = [charged(1000, "usd"), refunded(400, "usd", &["succeeded"])];
    let charge_txn = txn("txn_1", "ch_1", "charge", (1000, 59), "usd");
    let refund_txn = txn("txn_2", "re_1", "refund", (-400, 0), "usd");
    assert_eq!(open(&both), ["ch_1", "re_1"]);
    assert_eq!(open(&[&both[..], std::slice::from_ref(&refund_txn)].concat()), ["ch_1"]);
    assert_eq!(open(&[&both[..], std::slice::from_ref(&charge_txn)].concat()), ["re_1"]);
    assert_eq!(open(&[&both[..], &[charge_txn, refund_txn]].concat()), [] as [&str; 0]);
    let canceled = [charged(1000, "usd"), refunded(400, "usd", &["pending", "canceled"])];
    assert_eq!(open(&canceled), ["ch_1"], "a refund without money has no fee");
}
