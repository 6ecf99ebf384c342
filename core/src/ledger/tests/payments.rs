//! Money that comes in: parts, unseen payments, captures, old shapes, Checkout, payouts.

use super::*;

const AT: Seconds = 1_767_268_800;

fn open() -> Invoice {
    invoice(12_000, &[line(10_000, AT, AT)])
}

fn through(members: &[Member]) -> Books {
    books(members, month(2026, 12)).unwrap()
}

#[test]
fn parts_of_a_payment_share_the_tax() {
    let thirds = [(1, 4000, 3333), (2, 4000, 3334), (3, 4000, 3333)];
    let mut members = vec![member("in_1", &[(AT, State::Invoice(open()))])];
    for (place, amount, _) in thirds {
        let at = AT + 100 * place;
        let intent = format!("pi_{place}");
        let paid = InvoicePayment {
            payer: Some(Payer::PaymentIntent(intent.clone())),
            ..payment(amount, at)
        };
        let charge = Charge { payment_intent: Some(intent), ..charge(amount, at) };
        members.push(member(&format!("inpay_{place}"), &[(at, State::InvoicePayment(paid))]));
        members.push(member(&format!("ch_{place}"), &[(at, State::Charge(charge))]));
    }
    let books = through(&members);
    let mut gross = 0;
    for (place, _, net) in thirds {
        gross += net;
        assert_eq!(gross_and_net(&books, AT + 100 * place), (gross, gross));
    }
    assert_eq!(gross, 10_000);
    assert_eq!(balance_at(&books, "receivable", AT + 200), 4000);
    assert_eq!(marks(&books), []);
    assert_settled(&books);
}

#[test]
fn a_paid_invoice_without_its_payment_is_marked_until_it_is_seen() {
    let paid_at = AT + 60;
    let paid = member(
        "in_1",
        &[(AT, State::Invoice(open())), (paid_at + 5, State::Invoice(paid(&open(), paid_at)))],
    );
    let books_before = through(std::slice::from_ref(&paid));
    assert_eq!(marks(&books_before), [("in_1", Reason::PaymentMethodUnknown)]);
    assert_eq!(balance_at(&books_before, "payments_clearing", paid_at), 12_000);
    assert_eq!(gross_and_net(&books_before, paid_at), (10_000, 10_000));

    let part = member("inpay_1", &[(AT + 50, State::InvoicePayment(payment(7000, AT + 50)))]);
    let money = member("ch_1", &[(AT + 50, State::Charge(charge(7000, AT + 50)))]);
    let books = through(&[paid, part, money]);
    assert_eq!(marks(&books), [("in_1", Reason::PaymentMethodUnknown)]);
    assert_eq!(balance_at(&books, "receivable", paid_at - 1), 5000);
    assert_eq!(balance_at(&books, "receivable", paid_at), 0);
    assert_eq!(balance(&books, "payments_clearing"), 5000);
}

#[test]
fn old_shapes_say_by_themselves_what_paid() {
    let settled = |change: &dyn Fn(&mut Invoice)| {
        let mut it = paid(&open(), AT);
        change(&mut it);
        member("in_1", &[(AT, State::Invoice(it))])
    };
    let direct = |invoice: Option<&str>| {
        let charge = Charge {
            payment_intent: None,
            invoice: invoice.map(str::to_owned),
            ..charge(12_000, AT)
        };
        member("ch_1", &[(AT, State::Charge(charge))])
    };
    let by_charge = settled(&|it| it.charge = Some("ch_1".into()));
    let silent = settled(&|_| {});
    let by_intent = settled(&|it| {
        (it.payment_intent, it.paid_out_of_band) = (Some("pi_1".into()), Some(false));
    });
    let of_intent = member("ch_1", &[(AT, State::Charge(charge(12_000, AT)))]);
    let intent = PaymentIntent { invoice: Some("in_1".into()), ..PaymentIntent::default() };
    let intent = member("pi_1", &[(AT, State::PaymentIntent(intent))]);
    let table = [
        vec![by_charge.clone(), direct(None)],
        vec![silent.clone(), direct(Some("in_1"))],
        vec![by_intent, of_intent.clone()],
        vec![silent, intent, of_intent],
    ];
    for members in table {
        let books = through(&members);
        assert_eq!(marks(&books), []);
        assert_eq!(books.links.invoices["ch_1"], "in_1");
        assert_settled(&books);
    }
    assert_eq!(marks(&through(&[by_charge])), [("ch_1", Reason::ParentMissing)]);

    let attempted = Invoice {
        charge: Some("ch_0".into()),
        payment_intent: Some("pi_0".into()),
        paid_out_of_band: Some(false),
        ..open()
    };
    let states = [(AT, State::Invoice(attempted)), (AT + 9, State::Invoice(paid(&open(), AT + 9)))];
    let books = through(&[member("in_1", &states)]);
    assert_eq!(marks(&books), [("in_1", Reason::PaymentMethodUnknown)], "an attempt is no payment");
}

#[test]
fn money_from_outside_is_not_expected_at_stripe() {
    for amount_paid in [0, 12_000] {
        let outside =
            Invoice { paid_out_of_band: Some(true), amount_paid, ..paid(&open(), AT + 60) };
        let books = through(&[member("in_1", &[(AT + 60, State::Invoice(outside))])]);
        assert_eq!(balance(&books, "off_stripe"), 12_000);
        assert_eq!(gross_and_net(&books, AT + 60), (10_000, 10_000));
        assert_eq!(marks(&books), []);
        assert_settled(&books);
    }
}

#[test]
fn only_captured_money_counts_from_when_it_was_captured() {
    let authorised = Charge { captured: false, amount_captured: 0, ..charge(5000, AT) };
    let captured = Charge { amount_captured: 3000, ..charge(5000, AT) };
    let pending = Charge { status: "pending".into(), ..charge(3000, AT) };
    let failed = Charge { status: "failed".into(), ..charge(3000, AT) };
    let late = AT + 86_400;
    let table = [
        (vec![(AT + 1, captured.clone())], [3000, 3000]),
        (vec![(AT + 1, authorised.clone())], [0, 0]),
        (vec![(AT + 1, authorised), (late, captured.clone())], [0, 3000]),
        (vec![(AT + 1, pending), (late, captured.clone())], [0, 3000]),
        (vec![(AT + 1, captured), (late, failed)], [3000, 0]),
    ];
    for (states, expected) in table {
        let states: Vec<_> = states.into_iter().map(|(at, it)| (at, State::Charge(it))).collect();
        let books = through(&[member("ch_1", &states)]);
        let balances = [late - 1, late].map(|at| balance_at(&books, "stripe_pending", at));
        assert_eq!(balances, expected);
    }
}

#[test]
fn a_sale_owes_its_tax() {
    let session = CheckoutSession {
        mode: "payment".into(),
        payment_intent: Some("pi_1".into()),
        amount_total: 1190,
        amount_tax: 190,
        ..CheckoutSession::default()
    };
    let charge = member("ch_1", &[(AT, State::Charge(charge(1190, AT)))]);
    let returned = member("re_1", &[(AT + 9, State::Refund(refund(595, AT + 9)))]);
    let named = |it: CheckoutSession| member("cs_1", &[(AT + 5, State::CheckoutSession(it))]);
    let books = through(&[charge.clone(), returned.clone(), named(session.clone())]);
    assert_eq!(balance(&books, "one_off_revenue"), -1000);
    assert_eq!(balance(&books, "tax_payable"), -190);
    assert_eq!(balance(&books, "refunds"), 595);
    assert_eq!(gross_and_net(&books, AT + 9), (1000, 500));
    assert_settled(&books);

    let invoiced = CheckoutSession { invoice_creation: true, ..session.clone() };
    let books = through(&[charge.clone(), returned.clone(), named(invoiced)]);
    assert_eq!(marks(&books), [("ch_1", Reason::PaymentUnexplained)]);
    assert_eq!(balance(&books, "refunds_clearing"), 595, "waits as its charge does");
    assert_eq!(gross_and_net(&books, AT + 9), (0, 0));

    let subscribed = CheckoutSession { mode: "subscription".into(), ..session };
    let books = through(&[charge, named(subscribed)]);
    assert_eq!(balance(&books, "customer_credit"), -1190);
    assert_eq!(marks(&books), []);
    assert_settled(&books);
}

#[test]
fn a_seen_link_beats_a_session() {
    let session = CheckoutSession {
        mode: "payment".into(),
        payment_intent: Some("pi_1".into()),
        amount_total: 12_000,
        ..CheckoutSession::default()
    };
    let mut members = paid_by_charge(&open(), AT);
    members.push(member("cs_1", &[(AT, State::CheckoutSession(session))]));
    let books = through(&members);
    assert_eq!(balance(&books, "one_off_revenue"), 0);
    assert_settled(&books);
}

#[test]
fn money_that_a_look_up_finds_nothing_for_is_a_sale_until_somebody_links_it() {
    let looked = |of: &str, at| {
        let all = LookUp { of: of.into(), ..LookUp::default() };
        member("look:1", &[(at, State::LookUp(all))])
    };
    let charged = member("ch_1", &[(AT, State::Charge(charge(5_000, AT)))]);
    for of in ["pi_1", "ch_1"] {
        let books = through(&[charged.clone(), looked(of, AT + 60)]);
        assert_eq!(balance(&books, "one_off_revenue"), -5_000);
        assert_eq!(gross_and_net(&books, AT), (5_000, 5_000), "dated at the charge");
        assert_eq!(marks(&books), []);
        assert_settled(&books);
    }
    let before = through(&[charged, looked("pi_1", AT - 1)]);
    assert_eq!(marks(&before), [("ch_1", Reason::PaymentUnexplained)]);

    let mut members = paid_by_charge(&open(), AT);
    members.push(looked("pi_1", AT + 60));
    let books = through(&members);
    assert_eq!(balance(&books, "one_off_revenue"), 0, "a link seen beats a look-up");
    assert_settled(&books);
}

#[test]
fn what_an_invoice_lists_no_payment_of_came_from_outside_once_it_was_looked_up() {
    let paid = paid(&open(), AT);
    let invoice = member("in_1", &[(AT, State::Invoice(open())), (AT, State::Invoice(paid))]);
    let books = through(std::slice::from_ref(&invoice));
    assert_eq!(marks(&books), [("in_1", Reason::PaymentMethodUnknown)]);
    let looked = State::LookUp(LookUp { of: "in_1".into(), ..LookUp::default() });
    let books = through(&[invoice, member("look:in_1", &[(AT + 60, looked)])]);
    assert_eq!(marks(&books), []);
    assert_eq!(balance(&books, "off_stripe"), 12_000);
    assert_settled(&books);
}

#[test]
fn a_payout_moves_money_when_it_is_shown_paid_and_back_when_it_failed() {
    for (amount, bank) in [(7000, 7000), (-300, -300)] {
        let payout = |status: &str| {
            State::Payout(Payout {
                created: AT,
                amount,
                currency: Some(currency("usd")),
                status: status.into(),
                arrival_date: AT + 50,
                automatic: true,
            })
        };
        let states =
            [(AT, payout("pending")), (AT + 60, payout("paid")), (AT + 90, payout("failed"))];
        let books = through(&[member("po_1", &states)]);
        let balances = [59, 60, 89, 90].map(|after| balance_at(&books, "bank", AT + after));
        assert_eq!(balances, [0, bank, bank, 0]);
        assert!(books.transfers.keys().any(|key| key.kind == TransferKind::PayoutUndone));
    }
}

#[test]
fn a_payment_of_an_unknown_invoice_names_what_is_missing() {
    let paid = member("inpay_1", &[(AT, State::InvoicePayment(payment(100, AT)))]);
    let books = through(&[paid]);
    assert_eq!(marks(&books), [("in_1", Reason::ParentMissing), ("pi_1", Reason::ParentMissing)]);
}

#[test]
fn a_payout_that_was_paid_when_first_seen_is_dated_when_it_arrived() {
    let payout = |status: &str, arrival_date| Payout {
        created: AT,
        amount: 7000,
        currency: Some(currency("usd")),
        status: status.into(),
        arrival_date,
        ..Payout::default()
    };
    let (arrival, fetched) = (AT + 86_400, AT + 9_000_000);
    let table = [
        (vec![(fetched, payout("paid", arrival))], arrival, "first seen paid"),
        (vec![(fetched, payout("paid", 0))], fetched, "no arrival is told"),
        (vec![(AT, payout("paid", arrival))], AT, "paid is not later than it was seen"),
        (
            vec![(AT, payout("pending", arrival)), (AT + 90, payout("paid", arrival))],
            AT + 90,
            "seen on its way",
        ),
    ];
    for (states, second, what) in table {
        let states: Vec<_> =
            states.into_iter().map(|(second, it)| (second, State::Payout(it))).collect();
        let books = books(&[member("po_1", &states)], None).unwrap();
        assert_eq!(balance_at(&books, "bank", second - 1), 0, "{what}");
        assert_eq!(balance_at(&books, "bank", second), 7000, "{what}");
    }
}
