//! Which sales a settlement holds for commissions.

use super::*;
use crate::affiliate::sale::{Change, DisputeState, Sale};

const AT: Seconds = 1_780_000_000;

fn found(members: &[Member]) -> Vec<Sale> {
    let found = sales(members).unwrap();
    let mut reversed = members.to_vec();
    reversed.reverse();
    assert_eq!(sales(&reversed).unwrap(), found, "the order of members does not matter");
    found
}

fn only(members: &[Member]) -> Sale {
    let mut found = found(members);
    assert_eq!(found.len(), 1);
    found.remove(0)
}

fn change(second: Seconds, amount: i64) -> Change {
    Change { at: Timestamp::from_secs(second), amount }
}

#[test]
fn applied_credit_is_not_paid_and_earns_nothing() {
    let mut open = invoice(12_000, &[line(10_000, AT, AT + 86_400)]);
    open.starting_balance = -100;
    let sale = only(&paid_by_charge(&open, AT + 60));
    assert_eq!((sale.id.as_str(), sale.order.as_str()), ("inpay_1", "in_1"));
    assert_eq!(sale.captured, 11_900);
    assert_eq!(sale.base, [change(AT + 60, 9_917)]);
    assert_eq!(sale.period_start, Timestamp::from_secs(AT));
    assert_eq!(sale.customer.as_deref(), Some("cus_1"));
    assert!(!sale.out_of_band);
}

#[test]
fn part_payments_post_the_differences_of_one_share() {
    let open = invoice(119, &[line(100, AT, AT + 86_400)]);
    let part = |id: &str, intent: &str, amount, at| {
        let payer = Some(Payer::PaymentIntent(intent.into()));
        member(id, &[(at, State::InvoicePayment(InvoicePayment { payer, ..payment(amount, at) }))])
    };
    let members = [
        member(
            "in_1",
            &[(AT, State::Invoice(open.clone())), (AT + 9, State::Invoice(paid(&open, AT + 9)))],
        ),
        part("inpay_1", "pi_1", 60, AT + 5),
        part("inpay_2", "pi_2", 59, AT + 9),
    ];
    let sales = found(&members);
    let bases: Vec<i64> = sales.iter().map(|it| it.base[0].amount).collect();
    assert_eq!(bases, [50, 50]);
    assert!(sales.iter().all(|it| it.order == "in_1"));
}

#[test]
fn a_payment_record_is_out_of_band() {
    let open = invoice(1_000, &[line(1_000, AT, AT + 86_400)]);
    let record = InvoicePayment {
        payer: Some(Payer::PaymentRecord("pr_1".into())),
        ..payment(1_000, AT + 5)
    };
    let members = [
        member("in_1", &[(AT + 5, State::Invoice(paid(&open, AT + 5)))]),
        member("inpay_1", &[(AT + 5, State::InvoicePayment(record))]),
    ];
    assert!(only(&members).out_of_band);
}

#[test]
fn money_that_nobody_explains_is_no_sale_yet() {
    let open = invoice(1_000, &[line(1_000, AT, AT + 86_400)]);
    let invoice = member("in_1", &[(AT + 5, State::Invoice(paid(&open, AT + 5)))]);
    assert_eq!(found(std::slice::from_ref(&invoice)), []);
    let old = Invoice { charge: Some("ch_1".into()), ..paid(&open, AT + 5) };
    let named = member("in_1", &[(AT + 5, State::Invoice(old))]);
    let refund = member("re_1", &[(AT + 9, State::Refund(refund(400, AT + 9)))]);
    let sale = only(&[named, refund, member("ch_1", &[(AT, State::Charge(charge(1_000, AT)))])]);
    assert_eq!(sale.id, "in_1");
    assert_eq!(sale.refunds, [change(AT + 9, 400)]);
}

#[test]
fn refunds_that_failed_are_taken_back_and_residual_ones_count() {
    let open = invoice(1_000, &[line(1_000, AT, AT + 86_400)]);
    let mut members = paid_by_charge(&open, AT);
    let made = refund(300, AT + 100);
    let failed = Refund { status: "failed".into(), ..made.clone() };
    members.push(member(
        "re_1",
        &[(AT + 100, State::Refund(made)), (AT + 200, State::Refund(failed))],
    ));
    let sale = only(&members);
    assert_eq!(sale.refunds, [change(AT + 100, 300), change(AT + 200, -300)]);
    let more = Charge { amount_refunded: 500, ..charge(1_000, AT) };
    members.push(member("ch_1", &[(AT + 300, State::Charge(more))]));
    members.remove(2);
    let sale = only(&members);
    assert_eq!(sale.returned_at(Timestamp::from_secs(AT + 400)), Ok(200));
}

#[test]
fn a_dispute_is_open_from_its_beginning_until_it_closes() {
    let open = invoice(1_000, &[line(1_000, AT, AT + 86_400)]);
    let mut members = paid_by_charge(&open, AT);
    let withdrawn = dispute(1_000, &[moved("txn_1", -1_000, AT + 50)]);
    let begun = Dispute { status: "needs_response".into(), ..withdrawn.clone() };
    members.push(member(
        "dp_1",
        &[(AT + 55, State::Dispute(begun)), (AT + 90, State::Dispute(withdrawn))],
    ));
    let sale = only(&members);
    let state = |second| sale.disputes[0].at(Timestamp::from_secs(second));
    assert_eq!(
        [state(AT + 49), state(AT + 50), state(AT + 90)],
        [None, Some(DisputeState::Open), Some(DisputeState::Lost)]
    );
    assert_eq!(sale.refunds, [], "a dispute's money is no refund");
    assert_eq!(sale.returned_at(Timestamp::from_secs(AT + 90)), Ok(1_000));
}

#[test]
fn a_sale_without_an_invoice_is_its_charge_and_tells_by_whom_it_came() {
    let session = CheckoutSession {
        created: AT - 60,
        mode: "payment".into(),
        payment_intent: Some("pi_1".into()),
        amount_total: 1_200,
        amount_tax: 200,
        client_reference_id: Some("clk_1".into()),
        coupons: vec!["ANNA20".into()],
        ..CheckoutSession::default()
    };
    let members = [
        member("ch_1", &[(AT, State::Charge(charge(1_200, AT)))]),
        member("cs_1", &[(AT + 5, State::CheckoutSession(session))]),
        member("re_1", &[(AT + 9, State::Refund(refund(600, AT + 9)))]),
    ];
    let sale = only(&members);
    assert_eq!((sale.id.as_str(), sale.order.as_str()), ("ch_1", "cs_1"));
    assert_eq!((sale.base.as_slice(), sale.captured), (&[change(AT, 1_000)][..], 1_200));
    assert_eq!(sale.net_at(Timestamp::from_secs(AT + 9)), Ok(500));
    let [said] = &referrals(&members)[..] else { panic!("one session says it") };
    assert_eq!(said.client_reference_id.as_deref(), Some("clk_1"));
    assert_eq!(
        (&said.coupons[..], said.at),
        (&["ANNA20".into()][..], Timestamp::from_secs(AT - 60))
    );
    assert_eq!(referrals(&members[..1]), []);
}

/// A subscription's Checkout session, whose money went through the customer's credit.
fn credit_session(invoice: Option<&str>) -> Member {
    let session = CheckoutSession {
        created: AT - 60,
        mode: "subscription".into(),
        payment_intent: Some("pi_1".into()),
        invoice: invoice.map(str::to_owned),
        subscription: Some("sub_1".into()),
        amount_total: 1_200,
        amount_tax: 200,
        ..CheckoutSession::default()
    };
    member("cs_1", &[(AT + 5, State::CheckoutSession(session))])
}

/// An invoice that 12.00 of credit have paid.
fn paid_by_credit() -> Member {
    let open = invoice(1_200, &[line(1_000, AT + 3, AT + 86_400)]);
    let credited = Invoice { starting_balance: -1_200, ..open };
    member("in_1", &[(AT + 5, State::Invoice(paid(&credited, AT + 5)))])
}

#[test]
fn money_that_checkout_puts_into_credit_is_a_sale_where_it_came_in() {
    let money = member("ch_1", &[(AT, State::Charge(charge(1_200, AT)))]);
    let back = member("re_1", &[(AT + 9, State::Refund(refund(600, AT + 9)))]);
    let sale = only(&[credit_session(None), money.clone(), back.clone()]);
    assert_eq!((sale.id.as_str(), sale.order.as_str()), ("ch_1", "cs_1"));
    assert_eq!((sale.base.as_slice(), sale.captured), (&[change(AT, 1_000)][..], 1_200));
    assert_eq!(sale.refunds, [change(AT + 9, 600)]);
    let members = [credit_session(Some("in_1")), paid_by_credit(), money, back];
    let named = only(&members);
    assert_eq!((named.id.as_str(), named.order.as_str()), ("ch_1", "in_1"));
    assert_eq!((named.base, named.refunds), (sale.base, sale.refunds));
    assert_eq!(named.period_start, Timestamp::from_secs(AT + 3));
    assert_eq!(referrals(&members), [], "it does not say by whom it came");
}

#[test]
fn credit_that_was_there_before_pays_an_invoice_and_sells_nothing() {
    let free = CheckoutSession {
        mode: "subscription".into(),
        invoice: Some("in_1".into()),
        client_reference_id: Some("clk_1".into()),
        subscription: Some("sub_1".into()),
        ..CheckoutSession::default()
    };
    let session = member("cs_1", &[(AT + 5, State::CheckoutSession(free))]);
    let members = [session, paid_by_credit()];
    assert_eq!(found(&members), []);
    assert_eq!(referrals(&members)[0].subscription.as_deref(), Some("sub_1"));
}
