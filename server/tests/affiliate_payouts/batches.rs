//! What goes into a batch, and what stays out of it.

use crate::desk::{Desk, LONG_AGO, Made, NOW, desks, reason, terms, usd};
use prost_types::Timestamp;
use takings::v1::affiliate_service_server::AffiliateService;
use takings::v1::*;
use tonic::Request;

/// Who was left out, with how much, and why.
fn left_out(batch: &PayoutBatch) -> Vec<(String, i64, String)> {
    let mut left: Vec<_> = batch
        .left_out
        .iter()
        .map(|it| {
            let amount = it.amount.as_ref().unwrap().amount_minor;
            (it.partner_id.clone(), amount, it.reason.clone())
        })
        .collect();
    left.sort();
    left
}

#[tokio::test]
async fn what_is_due_is_paid_once_a_partner_and_currency() {
    for (desk, _place) in desks("due_once").await {
        let (anna, bob) = (desk.partner("Anna").await, desk.partner("Bob").await);
        desk.earn(&[
            Made::new(&anna, "in_1", 2_000),
            Made { currency: "eur", ..Made::new(&anna, "in_2", 700) },
            Made::new(&bob, "in_3", 900),
            Made { due: NOW, ..Made::new(&bob, "in_4", 40) },
            Made { due: NOW + 1, ..Made::new(&bob, "in_5", 5_000) },
            Made { state: "pending", ..Made::new(&bob, "in_8", 5_000) },
            Made { state: "held", ..Made::new(&bob, "in_6", 5_000) },
            Made { state: "rejected", ..Made::new(&bob, "in_7", 5_000) },
            Made { state: "rejected", ..Made::new(&bob, "in_7", -5_000) },
        ])
        .await;
        let batch = desk.create(desk.all()).await.unwrap();
        assert_eq!((batch.payout_count, batch.open_count), (3, 3));
        let eur = Money { amount_minor: 700, currency_code: "EUR".into() };
        assert_eq!(batch.totals, [eur, usd(2_940)]);
        let mut paid: Vec<_> = desk
            .payouts(&batch)
            .await
            .into_iter()
            .map(|it| (it.partner_id, it.amount.unwrap().amount_minor, it.commission_count))
            .collect();
        paid.sort();
        let mut wanted = [(anna.clone(), 700, 1), (anna, 2_000, 1), (bob, 940, 2)];
        wanted.sort();
        assert_eq!(paid, wanted);
        let again = desk.create(desk.all()).await.unwrap_err();
        assert_eq!(reason(&again), "NOTHING_DUE");
        assert_eq!(desk.number("select count(*) from payout_batches").await, 1);
    }
}

#[tokio::test]
async fn a_repeat_is_answered_and_another_content_is_refused() {
    for (desk, _place) in desks("batch_repeats").await {
        let anna = desk.partner("Anna").await;
        desk.earn(&[Made::new(&anna, "in_1", 2_000)]).await;
        let asked = desk.all();
        let first = desk.create(asked.clone()).await.unwrap();
        desk.earn(&[Made::new(&anna, "in_2", 100)]).await;
        assert_eq!(desk.create(asked.clone()).await.unwrap(), first);
        let other = CreatePayoutBatchRequest { currency_code: "USD".into(), ..asked };
        assert_eq!(reason(&desk.create(other).await.unwrap_err()), "REQUEST_ID_REUSED");
        let asked = GetPayoutBatchRequest {
            payout_batch_id: first.payout_batch_id.clone(),
            ..GetPayoutBatchRequest::default()
        };
        let read = desk.api.get_payout_batch(Request::new(asked)).await.unwrap().into_inner();
        assert_eq!(read.payout_batch, Some(first));
    }
}

#[tokio::test]
async fn what_was_taken_back_after_it_was_paid_lowers_the_next_payout_and_never_below_zero() {
    for (desk, _place) in desks("carry").await {
        let anna = desk.partner("Anna").await;
        desk.earn(&[Made::new(&anna, "in_1", 1_470)]).await;
        let payout = desk.only_payout().await;
        desk.settle(&payout.payout_id, PayoutState::Paid).await.unwrap();
        desk.earn(&[Made { state: "reversed", ..Made::new(&anna, "in_1", -1_470) }]).await;
        let bob = desk.partner("Bob").await;
        desk.earn(&[Made::new(&bob, "in_9", 10), Made::new(&anna, "in_2", 1_000)]).await;
        let batch = desk.create(desk.all()).await.unwrap();
        assert_eq!(left_out(&batch), [(anna.clone(), -470, "negative".to_owned())]);
        desk.earn(&[Made::new(&anna, "in_3", 500)]).await;
        let payout = desk.only_payout().await;
        assert_eq!((payout.amount, payout.commission_count), (Some(usd(30)), 3));
    }
}

#[tokio::test]
async fn who_cannot_be_paid_is_named_with_the_reason() {
    for (mut desk, _place) in desks("left_out").await {
        let minimum = ProgramTerms {
            minimum_payouts: vec![usd(5_000)],
            minimum_customer_count: 2,
            ..terms()
        };
        desk.program = desk.make_program(minimum).await;
        let paid = desk.partner("Paid").await;
        let small = desk.partner("Small").await;
        let few = desk.partner("Few").await;
        let untaxed = desk.partner_with("Untaxed", |it| it.tax_profile = 0).await;
        let nowhere = desk
            .partner_with("Nowhere", |it| {
                (it.payout_method, it.payout_account) = (0, String::new());
            })
            .await;
        let exempt =
            desk.partner_with("Exempt", |it| it.tax_profile = TaxProfile::NotRequired.into()).await;
        let mut made = vec![Made::new(&small, "s", 4_999), Made::new(&few, "f", 5_000)];
        for partner in [&paid, &untaxed, &nowhere, &exempt] {
            let sale = |place: u8| format!("{}{place}", &partner[30..]);
            made.extend([1, 2].map(|place| Made::new(partner, &sale(place), 3_000)));
        }
        desk.earn(&made).await;
        let batch = desk.create(desk.all()).await.unwrap();
        let payouts = desk.payouts(&batch).await;
        let got: Vec<&str> = payouts.iter().map(|it| it.partner_id.as_str()).collect();
        assert_eq!(got, [paid.as_str(), &exempt]);
        let mut wanted = [
            (few, 5_000, "too_few_customers".to_owned()),
            (nowhere, 6_000, "no_payout_method".to_owned()),
            (small, 4_999, "below_minimum".to_owned()),
            (untaxed, 6_000, "no_tax_profile".to_owned()),
        ];
        wanted.sort();
        assert_eq!(left_out(&batch), wanted);
    }
}

#[tokio::test]
async fn a_batch_can_be_limited() {
    for (desk, _place) in desks("limits").await {
        let anna = desk.partner("Anna").await;
        let bank = |it: &mut CreatePartnerRequest| {
            it.payout_method = PayoutMethod::Bank.into();
            it.payout_account = "DE89370400440532013000".into();
        };
        let bob = desk.partner_with("Bob", bank).await;
        let early = Made { due: LONG_AGO - 86_400, ..Made::new(&anna, "in_1", 1) };
        let euros = Made { currency: "eur", ..Made::new(&anna, "in_3", 4) };
        desk.earn(&[early, Made::new(&anna, "in_2", 2), euros, Made::new(&bob, "in_4", 8)]).await;
        let amounts = async |asked: CreatePayoutBatchRequest| {
            let batch = desk.create(asked).await.unwrap();
            assert_eq!(batch.left_out, []);
            batch.totals.iter().map(|it| it.amount_minor).collect::<Vec<_>>()
        };
        let through = Some(Timestamp { seconds: LONG_AGO - 1, nanos: 0 });
        let by_then = CreatePayoutBatchRequest { through_time: through, ..desk.all() };
        assert_eq!(amounts(by_then).await, [1]);
        let euros = CreatePayoutBatchRequest { currency_code: "EUR".into(), ..desk.all() };
        assert_eq!(amounts(euros).await, [4]);
        let by_bank =
            CreatePayoutBatchRequest { payout_method: PayoutMethod::Bank.into(), ..desk.all() };
        assert_eq!(amounts(by_bank).await, [8]);
        let named = CreatePayoutBatchRequest { partner_ids: vec![anna], ..desk.all() };
        assert_eq!(amounts(named).await, [2]);
    }
}

#[tokio::test]
async fn foreign_and_unknown_names_are_refused() {
    for (mut desk, _place) in desks("foreign").await {
        let anna = desk.partner("Anna").await;
        desk.earn(&[Made::new(&anna, "in_1", 100)]).await;
        let own = std::mem::take(&mut desk.program);
        desk.program = desk.make_program(terms()).await;
        let of = async |asked| reason(&desk.create(asked).await.unwrap_err());
        assert_eq!(of(desk.all()).await, "NOTHING_DUE", "another program's commissions");
        let foreign = CreatePayoutBatchRequest { partner_ids: vec![anna], ..desk.all() };
        assert_eq!(of(foreign).await, "PARTNER_NOT_FOUND");
        let unknown = |id: &str| CreatePayoutBatchRequest { program_id: id.into(), ..desk.all() };
        let none = format!("prg_{}", "0".repeat(32));
        assert_eq!(of(unknown(&none)).await, "PROGRAM_NOT_FOUND");
        assert_eq!(of(unknown("prg_1' or 1 = 1")).await, "PROGRAM_NOT_FOUND");
        assert_eq!(of(unknown("")).await, "INVALID_FIELD");
        let future = Some(Timestamp { seconds: NOW + 1, nanos: 0 });
        let future = CreatePayoutBatchRequest { through_time: future, ..desk.all() };
        assert_eq!(of(future).await, "INVALID_FIELD");
        let coin = CreatePayoutBatchRequest { currency_code: "usd".into(), ..desk.all() };
        assert_eq!(of(coin).await, "UNKNOWN_CURRENCY");
        let way = CreatePayoutBatchRequest { payout_method: 99, ..desk.all() };
        assert_eq!(of(way).await, "INVALID_FIELD");
        let nameless = CreatePayoutBatchRequest { request_id: "1".into(), ..desk.all() };
        assert_eq!(of(nameless).await, "INVALID_REQUEST_ID");
        desk.program = own;
        assert_eq!(desk.only_payout().await.amount, Some(usd(100)), "nothing was claimed");
    }
}

#[tokio::test]
async fn batches_and_their_payouts_are_paged() {
    for (desk, _place) in desks("paged").await {
        let mut batches = Vec::new();
        for round in 0..3 {
            for name in ["a", "b", "c"] {
                let partner = desk.partner(name).await;
                desk.earn(&[Made::new(&partner, &format!("in_{name}{round}"), 10)]).await;
            }
            batches.insert(0, desk.create(desk.all()).await.unwrap());
        }
        assert_eq!(listed(&desk).await, batches);
        let (mut token, mut seen) = (String::new(), Vec::new());
        loop {
            let asked = GetPayoutBatchRequest {
                payout_batch_id: batches[0].payout_batch_id.clone(),
                page_size: 2,
                page_token: token,
            };
            let page = desk.api.get_payout_batch(Request::new(asked)).await.unwrap().into_inner();
            seen.extend(page.payouts.into_iter().map(|it| it.payout_id));
            token = page.next_page_token;
            if token.is_empty() {
                break;
            }
        }
        assert!(seen.len() == 3 && seen.is_sorted(), "{seen:?}");
        let none = GetPayoutBatchRequest {
            payout_batch_id: format!("pob_{}", "0".repeat(32)),
            ..GetPayoutBatchRequest::default()
        };
        let error = desk.api.get_payout_batch(Request::new(none)).await.unwrap_err();
        assert_eq!(reason(&error), "PAYOUT_BATCH_NOT_FOUND");
    }
}

async fn listed(desk: &Desk) -> Vec<PayoutBatch> {
    let (mut token, mut seen) = (String::new(), Vec::new());
    loop {
        let asked = ListPayoutBatchesRequest {
            program_id: desk.program.clone(),
            page_size: 2,
            page_token: token,
        };
        let page = desk.api.list_payout_batches(Request::new(asked)).await.unwrap().into_inner();
        seen.extend(page.payout_batches);
        token = page.next_page_token;
        if token.is_empty() {
            return seen;
        }
    }
}
