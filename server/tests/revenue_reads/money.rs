//! Payments, refunds, disputes and invoices, by what they belong to.

use crate::desk::{Desk, desks, entry, subscription, usd};
use takings::v1 as pb;
use takings::v1::revenue_service_server::RevenueService;
use takings_core::billing::facts::*;
use takings_server::ingest::Entry;
use tonic::Request;

fn invoice(id: &str) -> Entry {
    let state = Invoice {
        created: 2_000,
        customer: Some("cus_1".into()),
        subscription: Some("sub_1".into()),
        status: InvoiceStatus::Open,
        currency: Some(usd()),
        total: 500,
        total_excluding_tax: 500,
        amount_due: 500,
        amount_remaining: 500,
        due_date: Some(9_000),
        finalized_at: Some(2_000),
        ending_balance: Some(0),
        ..Invoice::default()
    };
    entry(1, id, 2_000, State::Invoice(state))
}

fn charge(id: &str, invoice: Option<&str>) -> Entry {
    let state = Charge {
        created: 3_000,
        customer: Some("cus_1".into()),
        amount: 500,
        amount_captured: 500,
        currency: Some(usd()),
        status: "succeeded".into(),
        captured: true,
        invoice: invoice.map(str::to_owned),
        ..Charge::default()
    };
    entry(1, id, 3_000, State::Charge(state))
}

fn refund(id: &str, of: &str) -> Entry {
    let state = Refund {
        created: 4_000,
        charge: Some(of.into()),
        amount: 100,
        currency: Some(usd()),
        status: "succeeded".into(),
        ..Refund::default()
    };
    entry(1, id, 4_000, State::Refund(state))
}

fn dispute(id: &str, of: &str) -> Entry {
    let state = Dispute {
        created: 5_000,
        charge: Some(of.into()),
        amount: 500,
        currency: Some(usd()),
        status: "needs_response".into(),
        ..Dispute::default()
    };
    entry(1, id, 5_000, State::Dispute(state))
}

/// Two invoices, one of them paid; another payment; refunds and a dispute; one mark.
async fn fill(desk: &Desk) {
    desk.take_in(&[
        invoice("in_1"),
        invoice("in_2"),
        charge("ch_1", Some("in_1")),
        charge("ch_2", None),
        refund("re_1", "ch_1"),
        refund("re_2", "ch_1"),
        refund("re_3", "ch_2"),
        dispute("dp_1", "ch_1"),
    ])
    .await;
    desk.run("delete from unconfirmed").await;
    desk.run("insert into unconfirmed values (1, 'ch_1', 'fee_unknown', 0, 1)").await;
}

async fn payments(desk: &Desk, customer: &str, invoice: &str) -> Vec<pb::Payment> {
    let request = pb::ListPaymentsRequest {
        customer_id: customer.into(),
        invoice_id: invoice.into(),
        ..Default::default()
    };
    desk.api.list_payments(Request::new(request)).await.unwrap().into_inner().payments
}

#[tokio::test]
async fn payments_are_found_by_the_invoice_they_paid() {
    for desk in desks("payments_found").await {
        fill(&desk).await;
        let paid = payments(&desk, "", "in_1").await;
        assert_eq!(paid.len(), 1);
        assert_eq!((paid[0].payment_id.as_str(), paid[0].customer_id.as_str()), ("ch_1", "cus_1"));
        assert_eq!(paid[0].invoice_ids, ["in_1"]);
        assert_eq!(paid[0].unconfirmed[0].reason(), pb::UnconfirmedReason::FeeUnknown);
        assert_eq!(payments(&desk, "cus_1", "").await.len(), 2);
        assert_eq!(payments(&desk, "cus_1", "in_1").await.len(), 1);
        assert!(payments(&desk, "cus_2", "in_1").await.is_empty());
        assert!(payments(&desk, "", "in_2").await.is_empty());
        assert!(payments(&desk, "", "in_3").await.is_empty());
    }
}

async fn refunds(desk: &Desk, payment: &str, size: i32, token: &str) -> pb::ListRefundsResponse {
    let request = pb::ListRefundsRequest {
        customer_id: "cus_1".into(),
        payment_id: payment.into(),
        page_size: size,
        page_token: token.into(),
    };
    desk.api.list_refunds(Request::new(request)).await.unwrap().into_inner()
}

#[tokio::test]
async fn refunds_and_disputes_are_found_by_their_payment() {
    for desk in desks("refunds_found").await {
        fill(&desk).await;
        let first = refunds(&desk, "ch_1", 1, "").await;
        let second = refunds(&desk, "ch_1", 1, &first.next_page_token).await;
        let ids = [&first.refunds[0].refund_id, &second.refunds[0].refund_id];
        assert_eq!((ids, second.next_page_token.as_str()), ([&"re_1".into(), &"re_2".into()], ""));
        assert_eq!(first.refunds[0].unconfirmed[0].object_id, "ch_1");
        assert!(refunds(&desk, "CH_1", 1, "").await.refunds.is_empty());
        let request = pb::ListDisputesRequest { payment_id: "ch_1".into(), ..Default::default() };
        let answer = desk.api.list_disputes(Request::new(request)).await.unwrap();
        let disputes = answer.into_inner().disputes;
        assert_eq!((disputes.len(), disputes[0].payment_id.as_str()), (1, "ch_1"));
        assert_eq!(disputes[0].customer_id, "cus_1");
    }
}

#[tokio::test]
async fn invoices_are_found_by_their_subscription_seen_or_not() {
    for desk in desks("invoices_found").await {
        fill(&desk).await;
        for seen in [false, true] {
            if seen {
                desk.take_in(&[subscription("sub_1", "cus_1", 1_000, 1)]).await;
            }
            let request = pb::ListInvoicesRequest {
                subscription_id: "sub_1".into(),
                status: "open".into(),
                ..Default::default()
            };
            let answer = desk.api.list_invoices(Request::new(request)).await.unwrap();
            let invoices = answer.into_inner().invoices;
            assert_eq!(invoices.len(), 2, "seen: {seen}");
            let marked =
                |at: usize| invoices[at].unconfirmed.iter().map(|it| it.object_id.as_str());
            assert_eq!(marked(0).collect::<Vec<_>>(), ["ch_1"], "its payment's");
            assert_eq!((marked(1).count(), invoices[0].due_time.unwrap().seconds), (0, 9_000));
        }
    }
}
