//! Money that goes back: refunds, disputes, credit notes.

use super::*;

const AT: Seconds = 1_767_268_800;

/// 120.00 with 20.00 tax, earned at once, paid by charge.
fn sold() -> Vec<Member> {
    paid_by_charge(&invoice(12_000, &[line(10_000, AT, AT)]), AT)
}

fn through(members: &[Member]) -> Books {
    books(members, month(2026, 12)).unwrap()
}

#[test]
fn a_refund_lowers_net_revenue_by_its_share_without_tax() {
    let mut members = sold();
    members.push(member("re_1", &[(AT + 9, State::Refund(refund(3000, AT + 9)))]));
    let books = through(&members);
    assert_eq!(gross_and_net(&books, AT + 9), (10_000, 7500));
    assert_eq!(balance(&books, "refunds"), 3000, "its tax share stays in the contra account");
    assert_settled(&books);
}

#[test]
fn a_sale_of_january_refunded_in_february_stays_in_january() {
    let sold = on(2026, 1, 1);
    let mut members = paid_by_charge(&invoice(9000, &[line(9000, sold, sold)]), sold);
    let back = on(2026, 2, 1);
    members.push(member("re_1", &[(back, State::Refund(refund(9000, back)))]));
    let books = through(&members);
    assert_eq!(closes(&books), [9000]);
    assert_eq!(balance_at(&books, "refunds", back - 1), 0);
    assert_eq!(balance_at(&books, "refunds", back), 9000);
}

#[test]
fn a_refund_known_by_amount_drains_into_the_refund_itself() {
    let noticed = AT + 20;
    let mut members = sold();
    let seen = Charge { amount_refunded: 3000, ..charge(12_000, AT) };
    members[2].moments.push(Moment {
        second: noticed,
        event: "evt_refunded".into(),
        deleted: false,
        state: State::Charge(seen),
        marks: BTreeSet::new(),
        reconstructed: false,
    });
    let before = through(&members);
    assert_eq!(marks(&before), [("ch_1", Reason::RefundUnseen)]);
    assert_eq!(gross_and_net(&before, noticed), (10_000, 7500));
    assert!(before.revenue.keys().any(|key| key.object == "ch_1"));

    for (amount, left) in [(1000, vec![("ch_1", Reason::RefundUnseen)]), (3000, vec![])] {
        for status in ["succeeded", "failed"] {
            let it = Refund { status: status.into(), ..refund(amount, AT + 18) };
            let own = member("re_1", &[(AT + 30, State::Refund(it))]);
            let books = through(&[members.clone(), vec![own]].concat());
            assert_eq!(marks(&books), left);
            assert_eq!(balance_at(&books, "refunds", noticed), 3000);
            let stands = if status == "failed" { 3000 - amount } else { 3000 };
            assert_eq!(balance(&books, "refunds"), stands);
            assert_eq!(
                books
                    .transfers
                    .keys()
                    .any(|key| key.object == "ch_1" && key.kind == TransferKind::Refund),
                amount < 3000
            );
        }
    }
}

/// A sale whose charge says at each of these seconds that so much of it was refunded.
fn sold_and_refunded(told: &[(Seconds, i64)]) -> Vec<Member> {
    let mut members = sold();
    members[2].moments.extend(told.iter().map(|(second, amount_refunded)| Moment {
        second: *second,
        event: format!("evt_refunded_{second}"),
        deleted: false,
        state: State::Charge(Charge { amount_refunded: *amount_refunded, ..charge(12_000, AT) }),
        marks: BTreeSet::new(),
        reconstructed: false,
    }));
    members
}

#[test]
fn a_refund_explains_no_amount_that_was_told_before_it_was_made() {
    let mut members = sold_and_refunded(&[(AT + 20, 3000), (AT + 40, 6000)]);
    members.push(member("re_2", &[(AT + 60, State::Refund(refund(3000, AT + 40)))]));
    let books = through(&members);
    assert_eq!(balance_at(&books, "refunds", AT + 20), 3000);
    assert_eq!(balance(&books, "refunds"), 6000);
    assert_eq!(marks(&books), [("ch_1", Reason::RefundUnseen)]);
}

#[test]
fn an_amount_that_only_a_failed_refund_explains_is_in_doubt_until_the_refunds_are_listed() {
    let failed = Refund { status: "failed".into(), ..refund(3000, AT + 20) };
    let mut members = sold_and_refunded(&[(AT + 20, 3000), (AT + 40, 3000)]);
    let made = State::Refund(refund(3000, AT + 20));
    members.push(member("re_1", &[(AT + 20, made), (AT + 30, State::Refund(failed))]));
    let books = through(&members);
    assert_eq!(marks(&books), [("ch_1", Reason::RefundUnseen)]);
    assert_eq!(balance(&books, "refunds"), 0, "nothing is invented");

    let listed = |standing| {
        let it = LookUp { of: "ch_1".into(), listed: Listed::Refunds { standing } };
        member(&it.id(), &[(AT + 50, State::LookUp(it.clone()))])
    };
    let alone = through(&[members.clone(), vec![listed(0)]].concat());
    assert_eq!(marks(&alone), [], "the list shows no other");

    let another = member("re_2", &[(AT + 50, State::Refund(refund(3000, AT + 40)))]);
    for listed in [vec![], vec![listed(3000)]] {
        let books = through(&[members.clone(), vec![another.clone()], listed].concat());
        assert_eq!((marks(&books), balance(&books, "refunds")), (vec![], 3000));
    }
}

#[test]
fn an_unseen_refund_that_fails_is_undone_by_the_amount() {
    let amounts = [(1, 0), (10, 3000), (20, 5000), (30, 2000)];
    let states: Vec<_> = amounts
        .iter()
        .map(|(after, amount_refunded)| {
            let it = Charge { amount_refunded: *amount_refunded, ..charge(12_000, AT) };
            (AT + after, State::Charge(it))
        })
        .collect();
    let mut members = sold();
    members[2] = member("ch_1", &states);
    let books = through(&members);
    for (after, amount) in amounts {
        assert_eq!(balance_at(&books, "refunds", AT + after), amount);
    }
    assert_eq!(gross_and_net(&books, AT + 30), (10_000, 8333));
}

#[test]
fn refunds_of_money_never_captured_are_none() {
    let released = Charge {
        captured: false,
        amount_captured: 0,
        amount_refunded: 12_000,
        ..charge(12_000, AT)
    };
    let members = [
        member("ch_1", &[(AT, State::Charge(released))]),
        member("re_1", &[(AT, State::Refund(refund(12_000, AT)))]),
    ];
    let books = through(&members);
    assert_eq!((books.transfers.len(), books.marks.len()), (0, 0));
}

#[test]
fn a_refund_in_a_credit_note_only_settles_it() {
    for listed in [Some(6000), None] {
        let mut members = sold();
        let refunds = vec![NoteRefund { refund: "re_1".into(), amount: listed }];
        let credited =
            CreditNote { post_payment_amount: 6000, refunds, ..note(6000, 5000, AT + 9) };
        members.push(member("cn_1", &[(AT + 9, State::CreditNote(credited))]));
        members.push(member("re_1", &[(AT + 9, State::Refund(refund(6000, AT + 9)))]));
        let books = through(&members);
        assert_eq!(balance(&books, "refunds"), 0);
        assert_eq!(balance(&books, "credit_notes"), 5000);
        assert_eq!(balance(&books, "tax_payable:txr_1"), -1000);
        assert_eq!(gross_and_net(&books, AT + 9), (10_000, 5000), "money that went back counts");
        assert_settled(&books);
    }
}

#[test]
fn a_refund_is_bare_in_what_no_note_lists() {
    let mut members = sold();
    let refunds = vec![NoteRefund { refund: "re_1".into(), amount: Some(2400) }];
    let credited = CreditNote { post_payment_amount: 2400, refunds, ..note(2400, 2000, AT + 9) };
    members.push(member("cn_1", &[(AT + 9, State::CreditNote(credited.clone()))]));
    members.push(member("re_1", &[(AT + 8, State::Refund(refund(6000, AT + 8)))]));
    let books = through(&members);
    assert_eq!((balance(&books, "refunds"), balance(&books, "credit_notes")), (3600, 2000));
    assert_settled(&books);

    let by_amount = Charge { amount_refunded: 6000, ..charge(12_000, AT) };
    let mut members = sold();
    members[2] = member("ch_1", &[(AT + 10, State::Charge(by_amount))]);
    members.push(member("cn_1", &[(AT + 9, State::CreditNote(credited))]));
    let books = through(&members);
    assert_eq!((balance(&books, "refunds"), balance(&books, "credit_notes")), (3600, 2000));
    assert_settled(&books);
}

#[test]
fn a_note_names_the_refunds_that_were_not_seen() {
    for (ids, expected) in [
        (vec!["re_9"], [("re_9", Reason::ParentMissing)]),
        (vec![], [("cn_1", Reason::RefundUnseen)]),
    ] {
        let refunds = ids.into_iter().map(|id| NoteRefund { refund: id.into(), amount: None });
        let credited = CreditNote {
            post_payment_amount: 6000,
            refunds: refunds.collect(),
            ..note(6000, 5000, AT + 9)
        };
        let note = member("cn_1", &[(AT + 9, State::CreditNote(credited))]);
        let books = through(&[sold(), vec![note]].concat());
        assert_eq!(marks(&books), expected);
        assert_eq!(balance(&books, "refunds_clearing"), -6000);
    }
}

#[test]
fn a_voided_note_is_mirrored_when_it_is_voided() {
    let (start, end) = (on(2026, 4, 1), on(2026, 5, 1));
    let (issued, voided) = (on(2026, 4, 10), on(2026, 4, 20));
    let lowered = CreditNote { pre_payment_amount: 6000, ..note(6000, 5000, issued) };
    let void = CreditNote { status: "void".into(), voided_at: Some(voided), ..lowered.clone() };
    let open = invoice(12_000, &[line(10_000, start, end)]);
    let members = [
        member("in_1", &[(start, State::Invoice(open))]),
        member(
            "cn_1",
            &[(issued, State::CreditNote(lowered)), (voided + 2, State::CreditNote(void))],
        ),
    ];
    let books = through(&members);
    let table = [
        ("receivable", issued, 6000),
        ("receivable", voided, 12_000),
        ("credit_notes", voided - 1, 1667),
        ("credit_notes", voided, 0),
        ("deferred_revenue", voided - 1, -6667),
        ("deferred_revenue", voided, -10_000),
        ("tax_payable:txr_1", voided, -2000),
        ("revenue", end, -10_000),
    ];
    for (account, second, expected) in table {
        assert_eq!(balance_at(&books, account, second), expected, "{account} at {second}");
    }
    assert_eq!(balance(&books, "deferred_revenue"), 0);
}

#[test]
fn a_note_before_its_invoice_is_all_contra_for_now() {
    let credited = CreditNote { pre_payment_amount: 6000, ..note(6000, 5000, AT) };
    let books = through(&[member("cn_1", &[(AT, State::CreditNote(credited))])]);
    assert_eq!(marks(&books), [("in_1", Reason::ParentMissing)]);
    assert_eq!(balance(&books, "credit_notes"), 5000);
}

#[test]
fn a_dispute_won_gives_everything_back() {
    let (start, end) = (on(2026, 4, 1), on(2026, 5, 1));
    let out = BalanceTransaction { fee: 1500, ..moved("txn_1", -12_000, on(2026, 4, 6)) };
    let back = BalanceTransaction { fee: -1500, ..moved("txn_2", 12_000, on(2026, 6, 6)) };
    let opened = dispute(12_000, std::slice::from_ref(&out));
    let won = Dispute { status: "won".into(), ..dispute(12_000, &[out, back]) };
    let mut members = paid_by_charge(&invoice(12_000, &[line(10_000, start, end)]), start);
    members.push(member(
        "dp_1",
        &[(on(2026, 4, 6) + 1, State::Dispute(opened)), (on(2026, 6, 6) + 1, State::Dispute(won))],
    ));
    let books = through(&members);
    assert_eq!(gross_and_net(&books, on(2026, 6, 6) - 1), (10_000, 0));
    assert_eq!(gross_and_net(&books, on(2026, 6, 6)), (10_000, 10_000));
    assert_eq!(closes(&books), [2000, 8000], "in June comes what April did not earn");
    for account in ["disputes", "stripe_fees", "stripe_balance"] {
        assert_eq!(balance(&books, account), 0, "{account}");
    }
    assert_settled(&books);
}

#[test]
fn an_inquiry_moves_no_money_and_a_balance_transaction_counts_once() {
    let inquiry = Dispute {
        status: "warning_needs_response".into(),
        ..dispute(12_000, &[moved("txn_1", -12_000, AT + 5)])
    };
    let asked =
        [sold(), vec![member("dp_1", &[(AT + 5, State::Dispute(inquiry.clone()))])]].concat();
    assert_eq!(balance(&through(&asked), "stripe_balance"), 0);

    let open = Dispute { status: "needs_response".into(), ..inquiry.clone() };
    let states = [
        (AT + 5, State::Dispute(inquiry)),
        (AT + 6, State::Dispute(open.clone())),
        (AT + 7, State::Dispute(open)),
    ];
    let books = through(&[sold(), vec![member("dp_1", &states)]].concat());
    assert_eq!(balance(&books, "stripe_balance"), -12_000);
    assert_eq!(gross_and_net(&books, AT + 7), (10_000, 0));
}

#[test]
fn a_dispute_settled_in_another_currency_goes_through_fx() {
    let eur = |id: &str, amount: i64, at: Seconds| BalanceTransaction {
        currency: currency("eur"),
        fee: 1400,
        ..moved(id, amount, at)
    };
    let lost = dispute(12_000, &[eur("txn_1", -11_000, AT + 5), eur("txn_2", -50, AT + 6)]);
    let won = Dispute {
        balance_transactions: [
            lost.balance_transactions.clone(),
            vec![eur("txn_3", 10_900, AT + 9)],
        ]
        .concat(),
        ..lost.clone()
    };
    for (it, disputes, fx) in [(lost, 12_000, 11_050), (won, 0, 150)] {
        let books =
            through(&[sold(), vec![member("dp_1", &[(AT + 9, State::Dispute(it))])]].concat());
        let of = |code: &str, account: &str| {
            let mut only = books.clone();
            only.transfers.retain(|key, _| key.currency == currency(code));
            balance(&only, account)
        };
        assert_eq!(of("usd", "disputes"), disputes);
        assert_eq!(of("usd", "fx"), -disputes);
        assert_eq!(of("eur", "fx"), fx);
        assert_eq!(gross_and_net(&books, AT + 9), (10_000, 10_000 - disputes * 10 / 12));
        assert_settled(&books);
    }
}

#[test]
fn reversals_are_split_over_lines_by_amount() {
    let (start, month, year) = (on(2026, 1, 1), on(2026, 2, 1), on(2027, 1, 1));
    let open = invoice(15_100, &[line(3100, start, month), line(12_000, start, year)]);
    let mut members = paid_by_charge(&open, start);
    let back = on(2026, 1, 31);
    members.push(member("re_1", &[(back, State::Refund(refund(1510, back)))]));
    let books = books(&members, self::month(2027, 1)).unwrap();
    // 3.10 of the month and 12.00 of the year, on day 31 of both: 3.10 and 1.02 were earned.
    assert_eq!(balance(&books, "refunds"), 310 + 102);
    assert_eq!(balance_at(&books, "deferred_revenue", back), -15_100 + 1098);
    assert_settled(&books);
}
