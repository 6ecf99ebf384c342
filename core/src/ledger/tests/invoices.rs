//! Invoices: finalisation, credit, tax, recognition, voiding, giving up.

use super::*;

/// An invoice alone.
fn alone(states: &[(Seconds, Invoice)]) -> Vec<Member> {
    let states: Vec<(Seconds, State)> =
        states.iter().map(|(second, it)| (*second, State::Invoice(it.clone()))).collect();
    vec![member("in_1", &states)]
}

fn through(members: &[Member]) -> Books {
    books(members, month(2028, 12)).unwrap()
}

#[test]
fn revenue_is_earned_by_the_day() {
    let table = [
        (3100, on(2026, 1, 15), on(2026, 2, 15), vec![1700, 1400]),
        (12_000, on(2026, 6, 15), on(2026, 10, 13), vec![1600, 3100, 3100, 3000, 1200]),
        (9000, on(2026, 1, 1), on(2026, 1, 1), vec![9000]),
        (-3100, on(2026, 1, 15), on(2026, 2, 15), vec![-1700, -1400]),
    ];
    for (net, start, end, expected) in table {
        let open = invoice(net, &[line(net, start, end)]);
        let books = through(&alone(&[(start, open)]));
        assert_eq!(closes(&books), expected, "{net}");
        assert_eq!(balance(&books, "deferred_revenue"), 0);
    }
}

#[test]
fn earlier_days_are_caught_up_at_finalisation() {
    let (start, end) = (on(2026, 1, 15), on(2026, 2, 15));
    let late =
        Invoice { finalized_at: Some(on(2026, 2, 3)), ..invoice(3100, &[line(3100, start, end)]) };
    let books = through(&alone(&[(on(2026, 2, 3), late)]));
    assert_eq!(closes(&books), [3100]);
    assert_eq!(balance_at(&books, "revenue", on(2026, 2, 28)), 0, "dated the month's last second");
    assert_eq!(balance_at(&books, "revenue", on(2026, 2, 28) + 43_199), -3100);
}

#[test]
fn a_draft_posts_nothing_and_paid_implies_final() {
    let start = on(2026, 1, 1);
    let open = invoice(1000, &[line(1000, start, start)]);
    let draft = Invoice { status: InvoiceStatus::Draft, ..open.clone() };
    assert_eq!(
        through(&alone(&[(start, draft)])),
        Books {
            links: Links { customer: Some("cus_1".into()), ..Links::default() },
            ..Books::default()
        }
    );
    let paid = Invoice { finalized_at: None, ..paid(&open, start + 60) };
    let books = through(&alone(&[(start + 61, paid)]));
    assert_eq!(balance_at(&books, "deferred_revenue", start + 60), 0);
    assert_eq!(balance_at(&books, "deferred_revenue", start + 61), -1000);
    assert_eq!(balance(&books, "receivable"), 0);
}

#[test]
fn a_zero_invoice_and_one_covered_by_credit_need_no_money() {
    let start = on(2026, 1, 1);
    let zero = invoice(0, &[line(0, start, start)]);
    let books = through(&alone(&[(start, paid(&zero, start))]));
    assert_eq!((books.transfers.len(), marks(&books)), (0, vec![]));

    let covered = Invoice {
        starting_balance: -5000,
        ending_balance: Some(-4000),
        ..invoice(1000, &[line(1000, start, start)])
    };
    let books = through(&alone(&[(start, paid(&covered, start))]));
    assert_eq!(balance(&books, "customer_credit"), 1000);
    assert_eq!(gross_and_net(&books, start), (0, 0), "applied credit is no money");
    assert_eq!(marks(&books), []);
    assert_settled(&books);
}

#[test]
fn a_negative_total_becomes_credit() {
    let (start, end) = (on(2026, 1, 1), on(2026, 2, 1));
    let lines = [line(-3100, start, end), line(1100, start, end)];
    let credit = Invoice { ending_balance: Some(-2000), ..invoice(-2000, &lines) };
    let books = through(&alone(&[(start, paid(&Invoice { amount_due: 0, ..credit }, start))]));
    assert_eq!(balance(&books, "customer_credit"), -2000);
    assert_eq!(balance(&books, "revenue"), 2000);
    assert_eq!(marks(&books), []);
    assert_settled(&books);
}

#[test]
fn what_lines_do_not_tell_is_one_line_more() {
    let (start, end) = (on(2026, 1, 1), on(2026, 2, 1));
    let known = [line(1000, start, on(2026, 1, 2)), line(1000, on(2026, 1, 3), end)];
    let open = invoice(2000, &known);
    let cut = Invoice { total: 5100, total_excluding_tax: 5100, lines_cut: true, ..open.clone() };
    let books = through(&alone(&[(start, cut.clone())]));
    assert_eq!(marks(&books), [("in_1", Reason::CutList)]);
    assert_eq!(balance_at(&books, "receivable", start), 5100);
    assert_eq!(closes(&books), [5100]);

    let missing = line(3100, start, on(2026, 3, 4));
    let whole = Invoice {
        lines: vec![known[0].clone(), known[1].clone(), missing],
        lines_cut: false,
        ..cut.clone()
    };
    let books = through(&alone(&[(start, whole), (start + 9, cut)]));
    assert_eq!(marks(&books), [], "a whole list seen once is enough");
    assert_eq!(closes(&books), [3550, 1400, 150]);

    let shipping = Invoice { total: 2300, total_excluding_tax: 2300, ..open };
    let books = through(&alone(&[(start, shipping)]));
    assert_eq!(marks(&books), []);
    assert_eq!(closes(&books), [2300]);
}

#[test]
fn tax_without_a_rate_is_owed_all_the_same() {
    let start = on(2026, 1, 1);
    let open = Invoice { taxes: vec![], ..invoice(1200, &[line(1000, start, start)]) };
    let books = through(&alone(&[(start, open)]));
    assert_eq!(balance(&books, "tax_payable"), -200);
}

#[test]
fn voiding_takes_back_what_is_owed_and_returns_credit() {
    let (start, end, at) = (on(2026, 4, 1), on(2026, 5, 1), on(2026, 4, 10));
    let open = Invoice { starting_balance: -3000, ..invoice(12_000, &[line(10_000, start, end)]) };
    let void = Invoice { status: InvoiceStatus::Void, voided_at: Some(at), ..open.clone() };
    let books = through(&alone(&[(start, open), (at + 1, void)]));
    assert_eq!(balance_at(&books, "receivable", at - 1), 9000);
    let table = [
        ("receivable", 0),
        ("customer_credit", 0),
        ("tax_payable:txr_1", 0),
        ("deferred_revenue", 0),
        ("credit_notes", 3333),
        ("revenue", -3333),
    ];
    for (account, expected) in table {
        assert_eq!(balance(&books, account), expected, "{account}");
    }
    assert_eq!(balance_at(&books, "credit_notes", at), 3333);
}

#[test]
fn voiding_a_noted_invoice_takes_the_rest() {
    let (start, end) = (on(2026, 4, 1), on(2026, 5, 1));
    let open = invoice(12_000, &[line(10_000, start, end)]);
    let void =
        Invoice { status: InvoiceStatus::Void, voided_at: Some(on(2026, 4, 20)), ..open.clone() };
    let lowered = CreditNote { pre_payment_amount: 6000, ..note(6000, 5000, on(2026, 4, 10)) };
    let mut members = alone(&[(start, open), (on(2026, 4, 20), void)]);
    members.push(member("cn_1", &[(on(2026, 4, 10), State::CreditNote(lowered))]));
    let books = through(&members);
    assert_eq!(balance_at(&books, "receivable", on(2026, 4, 10)), 6000);
    assert_eq!(balance(&books, "tax_payable:txr_1"), 0);
    assert_eq!(balance(&books, "revenue") + balance(&books, "credit_notes"), 0);
    assert_settled(&books);
}

#[test]
fn bad_debt_that_is_voided_is_bad_debt_no_more() {
    let (start, end) = (on(2026, 4, 1), on(2026, 5, 1));
    let open = invoice(3000, &[line(3000, start, end)]);
    let lost = Invoice {
        status: InvoiceStatus::Uncollectible,
        uncollectible_at: Some(on(2026, 4, 5)),
        ..open.clone()
    };
    let void =
        Invoice { status: InvoiceStatus::Void, voided_at: Some(on(2026, 4, 10)), ..lost.clone() };
    let members = alone(&[(start, open), (on(2026, 4, 5), lost), (on(2026, 4, 10), void)]);
    let books = through(&members);
    assert_eq!(balance_at(&books, "write_off", on(2026, 4, 5)), 3000);
    assert_eq!(balance(&books, "write_off"), 0);
    assert_eq!(balance(&books, "credit_notes"), 1000);
    assert_settled(&books);
}

#[test]
fn bad_debt_paid_in_part_is_given_up_only_for_the_rest() {
    let (start, end) = (on(2026, 4, 1), on(2026, 5, 1));
    let open = invoice(3000, &[line(3000, start, end)]);
    let lost = Invoice {
        status: InvoiceStatus::Uncollectible,
        uncollectible_at: Some(on(2026, 4, 5)),
        ..open.clone()
    };
    let mut members = alone(&[(start, open), (on(2026, 4, 5), lost)]);
    let part = State::InvoicePayment(payment(1000, on(2026, 4, 8)));
    members.push(member("inpay_1", &[(on(2026, 4, 8), part)]));
    let books = through(&members);
    assert_eq!(balance_at(&books, "write_off", on(2026, 4, 5)), 3000);
    assert_eq!(balance_at(&books, "write_off", on(2026, 4, 8)), 2000);
    assert_eq!(balance(&books, "receivable"), 0);
}

#[test]
fn an_invoice_of_nothing_that_collects_a_carried_debt_is_gross_revenue() {
    let at = on(2026, 4, 1);
    let open = Invoice {
        total: 0,
        amount_due: 50,
        starting_balance: 50,
        ..invoice(0, &[line(0, at, at)])
    };
    let mut members = paid_by_charge(&open, at);
    let collected = books(&members, month(2026, 12)).unwrap();
    assert_eq!(gross_and_net(&collected, at + 9), (50, 50));

    members.push(member("re_1", &[(at + 9, State::Refund(refund(20, at + 8)))]));
    let returned = books(&members, month(2026, 12)).unwrap();
    assert_eq!(gross_and_net(&returned, at + 9), (50, 30));
    assert_eq!(balance(&returned, "refunds"), 20);
    assert_settled(&returned);
}
