//! Batches as files.

use crate::common::place::Place;
use crate::desk::{Desk, Made, desks, reason, usd};
use takings::v1::affiliate_service_server::AffiliateService;
use takings::v1::*;
use tonic::Request;

fn text(file: &ExportPayoutBatchResponse) -> String {
    String::from_utf8(file.content.clone()).unwrap()
}

#[tokio::test]
async fn a_file_holds_the_open_payouts_of_its_method_and_they_are_sent() {
    for (desk, _place) in desks("files").await {
        let wise = |it: &mut CreatePartnerRequest| {
            it.payout_method = PayoutMethod::Wise.into();
            it.payout_account = "anna@example.com".into();
        };
        let anna = desk.partner_with("=HYPERLINK(\"x\"), Anna", wise).await;
        let bob = desk.partner("Bob").await;
        let yen = Made { currency: "jpy", ..Made::new(&anna, "in_2", 500) };
        desk.earn(&[Made::new(&anna, "in_1", 12_345), yen, Made::new(&bob, "in_3", 7)]).await;
        let batch = desk.create(desk.all()).await.unwrap();
        let id = batch.payout_batch_id.as_str();
        let file = desk.export(id, PayoutFormat::WiseCsv).await.unwrap();
        assert_eq!((file.file_name.clone(), file.payout_count), (format!("{id}-wise.csv"), 2));
        let yen = Money { amount_minor: 500, currency_code: "JPY".into() };
        assert_eq!(file.totals, [yen, usd(12_345)]);
        let lines: Vec<String> = text(&file).split("\r\n").map(str::to_owned).collect();
        assert_eq!(lines.len(), 4, "{lines:?}");
        assert!(lines[0].starts_with("name,recipientEmail,paymentReference"));
        let name = "\"'=HYPERLINK(\"\"x\"\"), Anna\",anna@example.com,";
        assert!(lines[1].starts_with(name) && lines[2].starts_with(name), "{lines:?}");
        assert!(text(&file).contains(",123.45,USD,USD\r\n"), "{lines:?}");
        assert!(text(&file).contains(",500,JPY,JPY\r\n"), "{lines:?}");
        let states: Vec<PayoutState> =
            desk.payouts(&batch).await.iter().map(PartnerPayout::state).collect();
        assert_eq!(states.iter().filter(|it| **it == PayoutState::Sent).count(), 2);
        assert_eq!(states.iter().filter(|it| **it == PayoutState::Approved).count(), 1);
        assert_eq!(text(&desk.export(id, PayoutFormat::WiseCsv).await.unwrap()), text(&file));
    }
}

#[tokio::test]
async fn what_is_settled_or_of_another_method_is_in_no_file() {
    for (desk, _place) in desks("no_file").await {
        let anna = desk.partner("Anna").await;
        desk.earn(&[Made::new(&anna, "in_1", 100)]).await;
        let payout = desk.only_payout().await;
        let id = payout.payout_batch_id.as_str();
        let refused = async |id: &str, format| reason(&desk.export(id, format).await.unwrap_err());
        assert_eq!(refused(id, PayoutFormat::BankCsv).await, "NOTHING_DUE");
        assert_eq!(refused(id, PayoutFormat::Unspecified).await, "INVALID_FIELD");
        let unknown = format!("pob_{}", "0".repeat(32));
        assert_eq!(refused(&unknown, PayoutFormat::BankCsv).await, "PAYOUT_BATCH_NOT_FOUND");
        let moved = UpdatePartnerRequest {
            partner_id: anna,
            payout_method: PayoutMethod::Bank.into(),
            payout_account: "DE89370400440532013000".into(),
            request_id: crate::desk::fresh(),
            ..UpdatePartnerRequest::default()
        };
        desk.api.update_partner(Request::new(moved)).await.unwrap();
        assert_eq!(refused(id, PayoutFormat::PaypalCsv).await, "NOTHING_DUE");
        desk.settle(&payout.payout_id, PayoutState::Failed).await.unwrap();
        let payout = desk.only_payout().await;
        let file = desk.export(&payout.payout_batch_id, PayoutFormat::BankCsv).await.unwrap();
        let line = format!("Anna,DE89370400440532013000,1.00,USD,{}\r\n", payout.payout_id);
        assert_eq!(text(&file), format!("name,account,amount,currency,reference\r\n{line}"));
        desk.settle(&payout.payout_id, PayoutState::Paid).await.unwrap();
        let batch = payout.payout_batch_id.as_str();
        assert_eq!(refused(batch, PayoutFormat::BankCsv).await, "NOTHING_DUE");
    }
}

#[tokio::test]
async fn who_is_paid_in_another_way_by_now_is_named_and_not_forgotten() {
    for (desk, place) in desks("other_method").await {
        let (anna, bob) = (desk.partner("Anna").await, desk.partner("Bob").await);
        desk.earn(&[Made::new(&anna, "in_1", 100), Made::new(&bob, "in_2", 700)]).await;
        let batch = desk.create(desk.all()).await.unwrap();
        let id = batch.payout_batch_id.as_str();
        let moved = UpdatePartnerRequest {
            partner_id: anna.clone(),
            payout_method: PayoutMethod::Wise.into(),
            payout_account: "anna@example.com".into(),
            request_id: crate::desk::fresh(),
            ..UpdatePartnerRequest::default()
        };
        desk.api.update_partner(Request::new(moved)).await.unwrap();
        let file = desk.export(id, PayoutFormat::PaypalCsv).await.unwrap();
        let left_out = PayoutLeftOut {
            partner_id: anna.clone(),
            amount: Some(usd(100)),
            reason: "other_method".into(),
        };
        assert_eq!((file.payout_count, file.left_out), (1, vec![left_out]), "{}", place.kind());
        let payouts = desk.payouts(&batch).await;
        let of = |partner: &str| payouts.iter().find(|it| it.partner_id == partner).unwrap();
        assert_eq!(of(&anna).state(), PayoutState::Approved);
        desk.settle(&of(&bob).payout_id, PayoutState::Paid).await.unwrap();
        let alone = desk.export(id, PayoutFormat::PaypalCsv).await.unwrap_err();
        assert_eq!(reason(&alone), "NOTHING_DUE");
        assert!(alone.message().contains(&anna), "{}", alone.message());
        assert!(alone.message().contains("CreatePayoutBatch"), "{}", alone.message());
        desk.settle(&of(&anna).payout_id, PayoutState::Failed).await.unwrap();
        let again = desk.only_payout().await;
        let file = desk.export(&again.payout_batch_id, PayoutFormat::WiseCsv).await.unwrap();
        assert_eq!((file.payout_count, file.left_out), (1, Vec::new()));
    }
}

#[tokio::test]
async fn an_account_without_a_method_is_refused() {
    for (desk, _place) in desks("no_method").await {
        let asked = CreatePartnerRequest {
            program_id: desk.program.clone(),
            name: "Anna".into(),
            email: "anna@partners.example".into(),
            payout_account: "anna@example.com".into(),
            request_id: crate::desk::fresh(),
            ..CreatePartnerRequest::default()
        };
        let refused = desk.api.create_partner(Request::new(asked.clone())).await.unwrap_err();
        assert_eq!(reason(&refused), "INVALID_FIELD");
        assert!(refused.message().contains("payout_method"), "{}", refused.message());
        let without = CreatePartnerRequest { payout_account: String::new(), ..asked };
        let made = desk.api.create_partner(Request::new(without)).await.unwrap().into_inner();
        let given = UpdatePartnerRequest {
            partner_id: made.partner.unwrap().partner_id,
            payout_account: "anna@example.com".into(),
            request_id: crate::desk::fresh(),
            ..UpdatePartnerRequest::default()
        };
        let refused = desk.api.update_partner(Request::new(given)).await.unwrap_err();
        assert_eq!(reason(&refused), "INVALID_FIELD");
    }
}

#[tokio::test]
async fn a_file_for_paypal_holds_one_currency() {
    for (desk, place) in desks("one_currency").await {
        let anna = desk.partner("Anna").await;
        let euros = Made { currency: "eur", ..Made::new(&anna, "in_2", 500) };
        desk.earn(&[Made::new(&anna, "in_1", 100), euros]).await;
        let batch = desk.create(desk.all()).await.unwrap();
        let id = batch.payout_batch_id.as_str();
        let several = desk.export(id, PayoutFormat::PaypalCsv).await.unwrap_err();
        assert_eq!(reason(&several), "INVALID_FIELD");
        assert!(several.message().contains("EUR, USD"), "{}", several.message());
        let states = async || {
            let payouts = desk.payouts(&batch).await;
            payouts.iter().filter(|it| it.state() == PayoutState::Sent).count()
        };
        assert_eq!(states().await, 0, "nothing is sent on {}", place.kind());
        let export = async |code| desk.export_only(id, PayoutFormat::PaypalCsv, code).await;
        assert_eq!(export("EUR").await.unwrap().totals.len(), 1);
        assert_eq!(states().await, 1);
        assert_eq!(export("USD").await.unwrap().totals, [usd(100)]);
        assert_eq!(states().await, 2);
        assert_eq!(reason(&export("JPY").await.unwrap_err()), "NOTHING_DUE");
        assert_eq!(reason(&export("eur").await.unwrap_err()), "UNKNOWN_CURRENCY");
    }
}

#[tokio::test]
async fn an_account_that_looks_like_a_formula_is_refused() {
    for (desk, _place) in desks("formula").await {
        for account in ["=1+1", "+4912345", "-1", "@SUM(A1)"] {
            let asked = CreatePartnerRequest {
                program_id: desk.program.clone(),
                name: "Anna".into(),
                email: "anna@partners.example".into(),
                payout_method: PayoutMethod::Bank.into(),
                payout_account: account.into(),
                tax_profile: TaxProfile::W8ben.into(),
                own_terms: None,
                request_id: crate::desk::fresh(),
            };
            let refused = desk.api.create_partner(Request::new(asked)).await.unwrap_err();
            assert_eq!(reason(&refused), "INVALID_FIELD", "{account}");
        }
    }
}

/// Gives a partner an account of before formulas were refused: the next start seals it as it is.
async fn give_old_account(desk: &Desk, place: &Place, partner: &str, account: &str) {
    desk.run(&format!(
        "update partners set name = 'Anna', email = '{partner}@partners.example',
             payout_account = '{account}' where id = '{partner}'"
    ))
    .await;
    desk.run("delete from privacy where name = 'sealed'").await;
    place.open().await;
    let readable = "select count(*) from partners where email like '%@%'";
    assert_eq!(desk.number(readable).await, 0);
}

#[tokio::test]
async fn an_old_account_that_looks_like_a_formula_is_in_no_file() {
    for (desk, place) in desks("old_formula").await {
        let (anna, bob) = (desk.partner("Anna").await, desk.partner("Bob").await);
        desk.earn(&[Made::new(&anna, "in_1", 1_200), Made::new(&bob, "in_2", 700)]).await;
        let batch = desk.create(desk.all()).await.unwrap();
        let id = batch.payout_batch_id.as_str();
        let left_out = PayoutLeftOut {
            partner_id: anna.clone(),
            amount: Some(usd(1_200)),
            reason: "formula_account".into(),
        };
        for account in ["=cmd|calc", "+4912345", "-1", "@SUM(A1)", "\t=1+1", "\r=1+1"] {
            give_old_account(&desk, &place, &anna, account).await;
            let file = desk.export(id, PayoutFormat::PaypalCsv).await.unwrap();
            assert_eq!((file.payout_count, &file.totals[..]), (1, &[usd(700)][..]), "{account:?}");
            assert_eq!(file.left_out, std::slice::from_ref(&left_out), "on {}", place.kind());
            assert!(!text(&file).contains(account.trim()), "{account:?}");
        }
        let payouts = desk.payouts(&batch).await;
        let of = |partner: &str| payouts.iter().find(|it| it.partner_id == partner).unwrap();
        assert_eq!(of(&anna).state(), PayoutState::Approved);
        desk.settle(&of(&bob).payout_id, PayoutState::Paid).await.unwrap();
        let alone = desk.export(id, PayoutFormat::PaypalCsv).await.unwrap_err();
        assert_eq!(reason(&alone), "NOTHING_DUE");
        assert!(alone.message().contains(&anna) && alone.message().contains("UpdatePartner"));
        let mended = UpdatePartnerRequest {
            partner_id: anna,
            payout_account: "anna@example.com".into(),
            request_id: crate::desk::fresh(),
            ..UpdatePartnerRequest::default()
        };
        desk.api.update_partner(Request::new(mended)).await.unwrap();
        let file = desk.export(id, PayoutFormat::PaypalCsv).await.unwrap();
        assert!(text(&file).starts_with("anna@example.com,12.00,USD"), "{}", text(&file));
        assert_eq!(file.left_out, []);
    }
}
