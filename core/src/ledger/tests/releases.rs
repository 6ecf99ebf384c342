//! Less captured than was authorised: what is released is no refund.

use super::*;

const AT: Seconds = 1_790_000_000;
const CAPTURED: Seconds = AT + 3600;

/// 206.75 authorised, 203.00 of it captured an hour later.
fn captured() -> Charge {
    Charge { amount_captured: 20_300, amount_refunded: 375, ..charge(20_675, AT) }
}

fn authorised() -> Charge {
    Charge { amount_captured: 0, captured: false, ..charge(20_675, AT) }
}

fn seen_from_the_start() -> Member {
    let states = [(AT, State::Charge(authorised())), (CAPTURED, State::Charge(captured()))];
    member("ch_1", &states)
}

fn first_seen_captured() -> Member {
    member("ch_1", &[(CAPTURED + 90, State::Charge(captured()))])
}

/// The refund by which Stripe says that the rest is released.
fn release() -> Member {
    member("re_1", &[(CAPTURED + 1, State::Refund(refund(375, CAPTURED)))])
}

fn transaction(id: &str, (source, category, amount): (&str, &str, i64), code: &str) -> Member {
    let it = BalanceTransaction {
        id: id.into(),
        source: Some(source.into()),
        category: Some(category.into()),
        amount,
        currency: currency(code),
        ..moved(id, amount, CAPTURED)
    };
    member(id, &[(CAPTURED + 900, State::BalanceTransaction(it))])
}

fn settled(code: &str) -> [Member; 2] {
    [
        transaction("txn_1", ("ch_1", "charge", 20_675), code),
        transaction("txn_2", ("re_1", "partial_capture_reversal", -375), code),
    ]
}

/// The session that makes the charge a sale, so that it is revenue.
fn session() -> Member {
    let session = CheckoutSession {
        created: AT,
        mode: "payment".into(),
        status: Some("complete".into()),
        payment_status: "paid".into(),
        payment_intent: Some("pi_1".into()),
        amount_total: 20_300,
        currency: Some(currency("usd")),
        ..CheckoutSession::default()
    };
    member("cs_1", &[(AT, State::CheckoutSession(session))])
}

fn derived(members: &[Member]) -> Books {
    books(&[members, &[session()]].concat(), None).unwrap()
}

#[test]
fn the_rest_of_an_authorisation_is_no_refund_whatever_was_seen_of_it() {
    let [paid, reversed] = settled("usd");
    let table: [(&str, Vec<Member>); 4] = [
        ("the charge alone", vec![seen_from_the_start()]),
        ("the refund too", vec![seen_from_the_start(), release()]),
        ("all of it", vec![seen_from_the_start(), release(), paid.clone(), reversed.clone()]),
        ("once it was captured", vec![first_seen_captured(), release(), paid, reversed]),
    ];
    for (what, members) in table {
        let books = derived(&members);
        assert_eq!(gross_and_net(&books, i64::MAX / 2_000_000), (20_300, 20_300), "{what}");
        assert_eq!(balance(&books, "refunds"), 0, "{what}");
        assert_eq!(marks(&books), [], "{what}");
        let sales = sales(&[members, vec![session()]].concat()).unwrap();
        assert_eq!(sales.len(), 1, "{what}");
        assert_eq!((sales[0].captured, &sales[0].refunds), (20_300, &vec![]), "{what}");
        assert_settled(&books);
    }
}

#[test]
fn what_stripe_settles_and_takes_back_leaves_nothing_pending_in_any_currency() {
    for code in ["usd", "eur"] {
        let members = [vec![seen_from_the_start(), release()], settled(code).to_vec()].concat();
        let books = derived(&members);
        assert_eq!(balance(&books, "stripe_pending"), 0, "{code}");
        assert_eq!(balance(&books, "stripe_balance"), 20_300, "{code}");
    }
}

#[test]
fn a_real_refund_of_a_partly_captured_charge_counts_beside_what_was_released() {
    let back = Charge { amount_refunded: 1375, ..captured() };
    let mut charge = seen_from_the_start();
    charge.moments.extend(member("ch_1", &[(CAPTURED + 50, State::Charge(back))]).moments);
    let unseen = derived(&[charge.clone(), release()]);
    assert_eq!(marks(&unseen), [("ch_1", Reason::RefundUnseen)]);
    assert_eq!(balance(&unseen, "refunds"), 1000);

    let returned = member("re_2", &[(CAPTURED + 50, State::Refund(refund(1000, CAPTURED + 50)))]);
    let books = derived(&[charge, release(), returned]);
    assert_eq!(marks(&books), []);
    assert_eq!(balance(&books, "refunds"), 1000);
    assert_eq!(gross_and_net(&books, i64::MAX / 2_000_000), (20_300, 19_300));
}

#[test]
fn a_refund_of_the_same_amount_made_later_is_a_refund() {
    let later = member("re_2", &[(CAPTURED + 50, State::Refund(refund(375, CAPTURED + 50)))]);
    let books = derived(&[seen_from_the_start(), later]);
    assert_eq!(balance(&books, "refunds"), 375);
    let settled = transaction("txn_2", ("re_1", "refund", -375), "usd");
    let books = derived(&[seen_from_the_start(), release(), settled]);
    assert_eq!(balance(&books, "refunds"), 375, "its transaction says what it is");
}

#[test]
fn what_takes_a_release_back_is_looked_up() {
    let named = Refund { balance_transaction: Some("txn_2".into()), ..refund(375, CAPTURED) };
    let named = member("re_1", &[(CAPTURED + 1, State::Refund(named))]);
    let open = |members: &[Member]| {
        let marks = derived(members).marks;
        marks.iter().any(|mark| (mark.object.as_str(), mark.reason) == ("re_1", Reason::FeeUnknown))
    };
    let seen = [seen_from_the_start(), named];
    assert!(open(&seen), "the charge was settled in full");
    assert!(!open(&[&seen[..], &settled("usd")[..]].concat()));
}
