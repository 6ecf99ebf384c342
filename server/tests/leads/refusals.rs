//! Bad input: refused by name, nothing stored, and no address repeated.

use crate::desk::{Desk, activity, capture, fields, newsletter, places, uuid, why};
use takings::v1::*;
use tonic::Code;

const INVALID: (Code, &str) = (Code::InvalidArgument, "INVALID_FIELD");

fn named((code, reason): (Code, &str)) -> (Code, String) {
    (code, reason.to_owned())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_cannot_be_written_to_is_no_lead_and_is_not_repeated() {
    for place in places("leads_invalid") {
        let mut desk = Desk::open(&place).await;
        for email in [
            "anna",
            "anna@example",
            "anna@example.com\r\nBcc: bert@example.com",
            "anna\u{200b}@example.com",
            "anna@localhost",
            "\"anna smith\"@example.com",
            &format!("{}@example.com", "a".repeat(65)),
        ] {
            let status = desk.client.capture_lead(capture(email)).await.unwrap_err();
            assert_eq!(why(&status), named((Code::InvalidArgument, "INVALID_EMAIL")), "{email:?}");
            assert_eq!(fields(&status), ["email"]);
            assert!(!status.message().contains("bert") && !status.message().contains("anna"));
        }
        let status = desk.client.capture_lead(capture("")).await.unwrap_err();
        assert_eq!(why(&status), named(INVALID));
        assert_eq!(desk.count("select count(*) as n from leads").await, 0);
        let metrics = desk.ask("GET", "/metrics", &[], "").await.body;
        assert!(metrics.contains("lead_captures_total{verdict=\"invalid\"} 7"), "{metrics}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_field_of_a_capture_is_checked_by_name() {
    let place = &places("leads_fields")[0];
    let mut desk = Desk::open(place).await;
    let profile =
        |profile| CaptureLeadRequest { profile: Some(profile), ..capture("a@shop.example") };
    let many = (0..2_000).map(|it| (format!("field{it}"), "x".to_owned())).collect();
    let consent =
        |consent| CaptureLeadRequest { consent: Some(consent), ..capture("a@shop.example") };
    let cases = [
        ("source", CaptureLeadRequest { source: String::new(), ..capture("a@shop.example") }),
        ("source", CaptureLeadRequest { source: "a\nb".into(), ..capture("a@shop.example") }),
        (
            "click_id",
            CaptureLeadRequest { click_id: "a@b.example".into(), ..capture("a@c.example") },
        ),
        ("profile.attributes", profile(LeadProfile { attributes: many, ..Default::default() })),
        ("profile.name", profile(LeadProfile { name: "A\r\nBcc: b".into(), ..Default::default() })),
        ("profile.name", profile(LeadProfile { name: "x".repeat(201), ..Default::default() })),
        (
            "profile.country",
            profile(LeadProfile { country: "Germany".into(), ..Default::default() }),
        ),
        (
            "profile.company_size",
            profile(LeadProfile { company_size: Some(0), ..Default::default() }),
        ),
        ("consent.purpose", consent(ConsentRequest { purpose: "a b".into(), ..newsletter() })),
        ("consent.text", consent(ConsentRequest { text: String::new(), ..newsletter() })),
        ("consent.ip_address", consent(ConsentRequest { ip_address: "x".into(), ..newsletter() })),
    ];
    for (field, request) in cases {
        let status = desk.client.capture_lead(request).await.unwrap_err();
        assert_eq!((why(&status), fields(&status)), (named(INVALID), vec![field.to_owned()]));
    }
    let future = prost_types::Timestamp { seconds: 4_000_000_000, nanos: 0 };
    let late = CaptureLeadRequest { occurred_time: Some(future), ..capture("a@shop.example") };
    let status = desk.client.capture_lead(late).await.unwrap_err();
    assert_eq!(why(&status), named((Code::InvalidArgument, "INVALID_RANGE")));
    let nameless = CaptureLeadRequest { request_id: "1".into(), ..capture("a@shop.example") };
    let status = desk.client.capture_lead(nameless).await.unwrap_err();
    assert_eq!(why(&status), named((Code::InvalidArgument, "INVALID_REQUEST_ID")));
    assert_eq!(desk.count("select count(*) as n from leads").await, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_stored_readable_names_nobody() {
    let place = &places("leads_readable")[0];
    let mut desk = Desk::open(place).await;
    let lead_id = desk.capture("anna@shop.example").await.lead_id;
    let moves = AdvanceLeadStageRequest {
        lead_id: lead_id.clone(),
        to_stage: LeadStage::Sql.into(),
        actor: "bert@shop.example".into(),
        request_id: uuid(),
        ..Default::default()
    };
    let status = desk.client.advance_lead_stage(moves).await.unwrap_err();
    assert_eq!((why(&status), fields(&status)), (named(INVALID), vec!["actor".to_owned()]));
    let mark = MarkConversionRequest {
        lead_id,
        customer_id: "anna@shop.example".into(),
        request_id: uuid(),
        ..Default::default()
    };
    let status = desk.client.mark_conversion(mark).await.unwrap_err();
    assert_eq!((why(&status), fields(&status)), (named(INVALID), vec!["customer_id".to_owned()]));
    assert!(!status.message().contains("anna"));
    let asked = ListLeadsRequest { stages: vec![99], ..Default::default() };
    let status = desk.client.list_leads(asked).await.unwrap_err();
    assert_eq!((why(&status), fields(&status)), (named(INVALID), vec!["stages".to_owned()]));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_request_id_stands_for_one_content() {
    for place in places("leads_reused") {
        let mut desk = Desk::open(&place).await;
        let attributes = (0..20).map(|it| (format!("field{it}"), it.to_string())).collect();
        let profile = LeadProfile { attributes, ..Default::default() };
        let first = CaptureLeadRequest { profile: Some(profile), ..capture("anna@shop.example") };
        let made = desk.client.capture_lead(first.clone()).await.unwrap().into_inner();
        let again = desk.client.capture_lead(first.clone()).await.unwrap().into_inner();
        assert_eq!((made.created, again.created, &made.lead), (true, true, &again.lead));
        let other = CaptureLeadRequest { email: "bert@shop.example".into(), ..first };
        let status = desk.client.capture_lead(other).await.unwrap_err();
        assert_eq!(why(&status), named((Code::AlreadyExists, "REQUEST_ID_REUSED")));
        assert_eq!(desk.count("select count(*) as n from lead_activities").await, 1);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_is_found_by_an_id_that_is_none() {
    let place = &places("leads_unknown")[0];
    let mut desk = Desk::open(place).await;
    let missing = named((Code::NotFound, "LEAD_NOT_FOUND"));
    for lead_id in ["lead_0190f3c1a2b47c3d8e5f60718293a4b5", "anna@shop.example"] {
        let get = GetLeadRequest { lead_id: lead_id.into(), ..Default::default() };
        let status = desk.client.get_lead(get).await.unwrap_err();
        assert_eq!(why(&status), missing);
        assert!(!status.message().contains("anna"));
        let status = desk.client.record_lead_activity(activity(lead_id, "page")).await.unwrap_err();
        assert_eq!(why(&status), missing);
        let asked = ScoreLeadRequest { lead_id: lead_id.into(), ..Default::default() };
        assert_eq!(why(&desk.client.score_lead(asked).await.unwrap_err()), missing);
        let asked = ListLeadStagesRequest { lead_id: lead_id.into() };
        assert_eq!(why(&desk.client.list_lead_stages(asked).await.unwrap_err()), missing);
        let asked = MarkConversionRequest {
            lead_id: lead_id.into(),
            request_id: uuid(),
            ..Default::default()
        };
        assert_eq!(why(&desk.client.mark_conversion(asked).await.unwrap_err()), missing);
        let asked = WithdrawConsentRequest {
            lead_id: lead_id.into(),
            request_id: uuid(),
            ..Default::default()
        };
        assert_eq!(why(&desk.client.withdraw_consent(asked).await.unwrap_err()), missing);
    }
    let both = GetLeadRequest { lead_id: "lead_1".into(), email: "a@shop.example".into() };
    assert_eq!(why(&desk.client.get_lead(both).await.unwrap_err()), named(INVALID));
    let nobody = GetLeadRequest { email: "nobody@shop.example".into(), ..Default::default() };
    assert_eq!(why(&desk.client.get_lead(nobody).await.unwrap_err()), missing);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_model_that_cannot_stand_is_refused_with_every_field() {
    let place = &places("leads_model_refused")[0];
    let mut desk = Desk::open(place).await;
    let asked = GetScoringModelRequest { version: Some(7) };
    let status = desk.client.get_scoring_model(asked).await.unwrap_err();
    assert_eq!(why(&status), named((Code::NotFound, "SCORING_MODEL_NOT_FOUND")));
    let stands = desk.client.get_scoring_model(GetScoringModelRequest::default()).await.unwrap();
    let stands = stands.into_inner();
    let mut model = stands.model.clone().unwrap();
    model.groups[0].name.clear();
    model.fit_rules[0].weight = "1000001".into();
    let asked = UpdateScoringModelRequest { model: Some(model), request_id: uuid() };
    let status = desk.client.update_scoring_model(asked).await.unwrap_err();
    assert_eq!(why(&status), named((Code::InvalidArgument, "INVALID_SCORING_MODEL")));
    let found = fields(&status);
    assert_eq!(found, ["model.groups[0].name", "model.fit_rules[0].weight"]);
    let mut model = stands.model.unwrap();
    model.groups[1].rules[0].weight = "much".into();
    model.fit_rules[1].weight.clear();
    let asked = UpdateScoringModelRequest { model: Some(model), request_id: uuid() };
    let status = desk.client.update_scoring_model(asked).await.unwrap_err();
    assert_eq!(why(&status), named((Code::InvalidArgument, "INVALID_SCORING_MODEL")));
    assert_eq!(fields(&status), ["model.groups[1].rules[0].weight", "model.fit_rules[1].weight"]);
}
