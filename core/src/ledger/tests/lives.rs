//! The four lives of an invoice or sale, to the cent.

use super::*;

#[test]
fn a_refund_that_fails_leaves_gross_and_net_as_they_were() {
    let (start, end) = (on(2026, 1, 15), on(2026, 2, 15));
    let open = invoice(3920, &[line(3920, start, end)]);
    let trial = Invoice { total: 0, ..invoice(0, &[line(0, on(2026, 1, 1), start)]) };
    let trial = Invoice { status: InvoiceStatus::Paid, paid_at: Some(on(2026, 1, 1)), ..trial };
    let returned = refund(1000, on(2026, 1, 20));
    let failed = Refund { status: "failed".into(), ..returned.clone() };
    let mut members = paid_by_charge(&open, start);
    members.push(member("in_0", &[(on(2026, 1, 1), State::Invoice(trial))]));
    members.push(member(
        "re_1",
        &[(on(2026, 1, 20) + 1, State::Refund(returned)), (on(2026, 1, 25), State::Refund(failed))],
    ));
    let books = books(&members, month(2026, 3)).unwrap();

    let table = [
        (start - 1, (0, 0)),
        (start, (3920, 3920)),
        (on(2026, 1, 20) - 1, (3920, 3920)),
        (on(2026, 1, 20), (3920, 2920)),
        (on(2026, 1, 25) - 1, (3920, 2920)),
        (on(2026, 1, 25), (3920, 3920)),
        (end, (3920, 3920)),
    ];
    for (second, expected) in table {
        assert_eq!(gross_and_net(&books, second), expected, "at {second}");
    }
    // Day 6 of 31: 10.00 * 6 / 31 was earned and stays, the contra account takes it.
    assert_eq!(balance_at(&books, "refunds", on(2026, 1, 20)), 194);
    assert_eq!(balance_at(&books, "deferred_revenue", on(2026, 1, 20)), -3920 + 806);
    assert_eq!(balance_at(&books, "stripe_pending", on(2026, 1, 20)), 2920);
    assert_eq!(balance(&books, "refunds"), 0);
    assert_eq!(balance(&books, "stripe_pending"), 3920);
    assert_eq!(balance(&books, "revenue"), -3920);
    assert_eq!(closes(&books), [2150, 1770], "17 and 14 days of 31");
    assert_eq!(books.links.invoices["re_1"], "in_1");
    assert_eq!(marks(&books), []);
    assert_settled(&books);
}

/// Invoice 120.00 with 20.00 tax over 30 days, 30.00 by credit, 90.00 by charge; a note of 60.00
/// to the balance on day 10; 90.00 disputed and lost on day 15.
fn noted_and_disputed() -> Vec<Member> {
    let (start, end) = (on(2026, 4, 1), on(2026, 5, 1));
    let open = Invoice {
        starting_balance: -3000,
        amount_due: 9000,
        ..invoice(12_000, &[line(10_000, start, end)])
    };
    let credited = CreditNote {
        post_payment_amount: 6000,
        credited: 6000,
        ..note(6000, 5000, on(2026, 4, 10))
    };
    let lost = BalanceTransaction { fee: 1500, ..moved("txn_1", -9000, on(2026, 4, 15)) };
    let mut members = paid_by_charge(&open, start);
    members.push(member("cn_1", &[(on(2026, 4, 10), State::CreditNote(credited))]));
    members.push(member("dp_1", &[(on(2026, 4, 15) + 3, State::Dispute(dispute(9000, &[lost])))]));
    members
}

#[test]
fn a_note_and_a_lost_dispute_share_what_was_not_yet_earned() {
    let books = books(&noted_and_disputed(), month(2026, 5)).unwrap();
    let table = [
        ("credit_notes", on(2026, 4, 10), 1667),
        ("deferred_revenue", on(2026, 4, 10) - 1, -10_000),
        ("deferred_revenue", on(2026, 4, 10), -10_000 + 3333),
        ("tax_payable:txr_1", on(2026, 4, 10) - 1, -2000),
        ("tax_payable:txr_1", on(2026, 4, 10), -1000),
        ("disputes", on(2026, 4, 15) - 1, 0),
        ("disputes", on(2026, 4, 15), 6500),
        ("deferred_revenue", on(2026, 4, 15), -10_000 + 3333 + 2500),
        ("customer_credit", on(2026, 4, 1), 3000),
        ("customer_credit", on(2026, 5, 31), -3000),
        ("stripe_fees", on(2026, 5, 31), 1500),
        ("stripe_balance", on(2026, 5, 31), -10_500),
        ("revenue", on(2026, 5, 31), -4167),
    ];
    for (account, second, expected) in table {
        assert_eq!(balance_at(&books, account, second), expected, "{account} at {second}");
    }
    assert_eq!(closes(&books), [4167], "nothing is earned after the dispute");
    assert_eq!(gross_and_net(&books, on(2026, 4, 1)), (7500, 7500));
    assert_eq!(gross_and_net(&books, on(2026, 4, 14)), (7500, 7500), "a note moves no money");
    assert_eq!(gross_and_net(&books, on(2026, 4, 15)), (7500, 0));
    assert_eq!(marks(&books), []);
    assert_settled(&books);
}

#[test]
fn a_checkout_payment_waits_for_its_session() {
    let jpy = Some(currency("jpy"));
    let at = on(2026, 6, 30);
    let charge = Charge { currency: jpy, ..charge(5000, at) };
    let members = [member("ch_1", &[(at + 1, State::Charge(charge))])];
    let before = books(&members, month(2026, 7)).unwrap();
    assert_eq!(balance(&before, "payments_clearing"), -5000);
    assert_eq!(marks(&before), [("ch_1", Reason::PaymentUnexplained)]);
    assert_eq!(gross_and_net(&before, on(2026, 7, 31)), (0, 0));

    let session = CheckoutSession {
        mode: "payment".into(),
        payment_intent: Some("pi_1".into()),
        amount_total: 5000,
        currency: jpy,
        ..CheckoutSession::default()
    };
    let [charge] = members;
    let session = member("cs_1", &[(on(2026, 7, 2), State::CheckoutSession(session))]);
    let after = books(&[charge, session], month(2026, 7)).unwrap();
    assert_eq!(balance_at(&after, "one_off_revenue", at - 1), 0);
    assert_eq!(balance_at(&after, "one_off_revenue", at), -5000, "dated at the charge");
    assert_eq!(gross_and_net(&after, at), (5000, 5000));
    assert_eq!(marks(&after), []);
    assert_settled(&after);
}

/// A year for 1,200.00, given up, then paid two months later.
fn given_up_then_paid(old_shape: bool) -> Vec<Member> {
    let (start, end) = (on(2026, 1, 1), on(2027, 1, 1));
    let (given_up, paid_at) = (on(2026, 2, 1), on(2026, 4, 1));
    let open = invoice(120_000, &[line(120_000, start, end)]);
    let lost = Invoice {
        status: InvoiceStatus::Uncollectible,
        uncollectible_at: Some(given_up),
        ..open.clone()
    };
    let mut settled = paid(&lost, paid_at);
    if old_shape {
        (settled.amount_paid, settled.paid_out_of_band) = (0, Some(true));
    }
    let record = InvoicePayment {
        payer: Some(Payer::PaymentRecord("pyr_1".into())),
        ..payment(120_000, paid_at)
    };
    let mut members = vec![member(
        "in_1",
        &[
            (start, State::Invoice(open)),
            (given_up, State::Invoice(lost)),
            (paid_at, State::Invoice(settled)),
        ],
    )];
    if !old_shape {
        members.push(member("inpay_1", &[(paid_at, State::InvoicePayment(record))]));
    }
    members
}

#[test]
fn bad_debt_that_is_paid_after_all_comes_back_on_the_day_of_payment() {
    for old_shape in [false, true] {
        let members = given_up_then_paid(old_shape);
        let (given_up, paid_at) = (on(2026, 2, 1), on(2026, 4, 1));
        let result = books(&members, month(2027, 1)).unwrap();
        let table = [
            ("write_off", given_up - 1, 0),
            ("write_off", given_up, 120_000),
            ("receivable", given_up, 0),
            ("write_off", paid_at - 1, 120_000),
            ("write_off", paid_at, 0),
            ("off_stripe", paid_at - 1, 0),
            ("off_stripe", paid_at, 120_000),
        ];
        for (account, second, expected) in table {
            assert_eq!(balance_at(&result, account, second), expected, "{account} at {second}");
        }
        assert_eq!(gross_and_net(&result, paid_at - 1), (0, 0));
        assert_eq!(gross_and_net(&result, paid_at), (120_000, 120_000));
        assert_eq!(closes(&result).len(), 12, "earned over the year throughout");
        assert_eq!(closes(&result)[..3], [10_192, 9205, 10_192]);
        assert_eq!(marks(&result), []);
        assert_settled(&result);
    }
}

#[test]
fn months_are_closed_one_by_one() {
    let members = given_up_then_paid(false);
    let mut earned = 0;
    for last in 1..=12 {
        let result = books(&members, month(2026, last)).unwrap();
        let closes = closes(&result);
        assert_eq!(closes.len(), last as usize);
        let passed =
            Day::from_civil(2026, last, 1).month().last().0 - Day::from_civil(2025, 12, 31).0;
        earned = closes.iter().sum::<i64>();
        assert_eq!(Some(earned), crate::money::share(120_000, passed.into(), 365));
    }
    assert_eq!(earned, 120_000);
}
