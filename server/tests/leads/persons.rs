//! Persons: nothing of them lies open, all of it is exported, and erased for good.

use crate::common::door::now;
use crate::conversions::{customer, tell};
use crate::desk::{Desk, activity, capture, newsletter, places, score, uuid, why};
use serde_json::json;
use takings::v1::person_key::Key;
use takings::v1::*;
use tonic::Code;

const CANARY: &str = "canary.smith";

fn email() -> String {
    format!("{CANARY}@shop.example")
}

fn person(key: Key) -> Option<PersonKey> {
    Some(PersonKey { key: Some(key), source: String::new() })
}

async fn live(desk: &mut Desk) -> String {
    let profile = LeadProfile {
        name: format!("{CANARY} name"),
        phone: format!("{CANARY} phone"),
        role: format!("{CANARY} role"),
        attributes: [(format!("{CANARY} field"), format!("{CANARY} value"))].into(),
        ..Default::default()
    };
    let asked = CaptureLeadRequest {
        profile: Some(profile),
        consent: Some(ConsentRequest {
            form_url: format!("https://shop.example/?a={CANARY}"),
            user_agent: CANARY.into(),
            ..newsletter()
        }),
        ..capture(&email())
    };
    let lead = desk.client.capture_lead(asked).await.unwrap().into_inner().lead.unwrap().lead_id;
    let attributes = [("path".to_owned(), format!("/?a={CANARY}"))].into();
    let page = RecordLeadActivityRequest { attributes, ..activity(&lead, "page") };
    desk.client.record_lead_activity(page).await.unwrap();
    let mark = MarkConversionRequest {
        lead_id: lead.clone(),
        customer_id: "crm-7".into(),
        request_id: uuid(),
        ..Default::default()
    };
    desk.client.mark_conversion(mark).await.unwrap();
    let back = AdvanceLeadStageRequest {
        lead_id: lead.clone(),
        to_stage: LeadStage::Subscriber.into(),
        actor: "crm".into(),
        reason: format!("{CANARY} asked for it"),
        request_id: uuid(),
        ..Default::default()
    };
    desk.client.advance_lead_stage(back).await.unwrap();
    let update = UpdateLeadRequest {
        lead_id: lead.clone(),
        profile: Some(LeadProfile { phone: format!("{CANARY} 2"), ..Default::default() }),
        request_id: uuid(),
        ..Default::default()
    };
    desk.client.update_lead(update).await.unwrap();
    tell(desk, &[customer("cus_1", &email(), now())]).await;
    lead
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_export_says_everything_and_an_erasure_leaves_nothing_but_numbers() {
    for place in places("leads_persons") {
        let mut desk = Desk::open(&place).await;
        let nobody = ExportPersonRequest { person: person(Key::Email(email())) };
        let status = desk.client.export_person(nobody.clone()).await.unwrap_err();
        assert_eq!(why(&status), (Code::NotFound, "PERSON_NOT_FOUND".into()));
        let status = desk.client.export_person(ExportPersonRequest::default()).await.unwrap_err();
        assert_eq!(why(&status), (Code::InvalidArgument, "INVALID_FIELD".into()));
        let unknown = Key::LeadId("lead_0190f3c1a2b47c3d8e5f60718293a4b5".into());
        let unknown = ErasePersonRequest { person: person(unknown), request_id: uuid() };
        let status = desk.client.erase_person(unknown).await.unwrap_err();
        assert_eq!(why(&status), (Code::NotFound, "PERSON_NOT_FOUND".into()));
        let lead = live(&mut desk).await;
        let json = desk.client.export_person(nobody).await.unwrap().into_inner().json;
        // The phone is the one that was told last.
        for part in ["name", "2", "role", "value", "asked for it"] {
            assert!(json.contains(&format!("{CANARY} {part}")), "{part}: {json}");
        }
        assert!(json.contains("cus_1") && json.contains("consent") && json.contains("/?a="));
        let held: serde_json::Value = serde_json::from_str(&json).unwrap();
        let held = held["leads"].as_array().unwrap();
        let kept = |kind: &str| held.iter().find(|it| it["kind"] == kind).unwrap();
        assert_eq!(
            (&kept("mail")["purpose"], &kept("mail")["said"]),
            (&json!("newsletter"), &json!(null))
        );
        assert_eq!(kept("conversion")["customer"], "crm-7");
        assert_eq!(
            (&kept("captured")["verdict"], &kept("activity")["automated"]),
            (&json!("ok"), &json!("false"))
        );
        let before = desk.client.get_lead_analytics(GetLeadAnalyticsRequest::default()).await;
        let before = before.unwrap().into_inner().total.unwrap();
        let erase =
            ErasePersonRequest { person: person(Key::LeadId(lead.clone())), request_id: uuid() };
        let erased = desk.client.erase_person(erase.clone()).await.unwrap().into_inner();
        assert_eq!(erased.subject_count, 2, "the lead and the customer, on {}", place.kind());
        assert_eq!(desk.client.erase_person(erase).await.unwrap().into_inner(), erased);
        let gone = desk.get(&lead).await;
        assert_eq!((gone.email.as_str(), gone.profile.clone()), ("", Some(LeadProfile::default())));
        assert_eq!(
            gone.stage(),
            LeadStage::Subscriber,
            "where the words led that nobody reads now"
        );
        let watched = "select count(*) as n from leads where erased_at >= captured_at";
        assert_eq!(desk.count(watched).await, 1);
        desk.score(score(&lead)).await;
        let status = desk.client.capture_lead(capture(&email())).await.unwrap_err();
        assert_eq!(why(&status), (Code::FailedPrecondition, "PERSON_ERASED".into()));
        let page = desk.submit(&format!("email={CANARY}%40shop.example")).await;
        assert_eq!(page.status, 202, "a form does not tell who was erased");
        let acted = desk.client.record_lead_activity(activity(&lead, "page")).await.unwrap_err();
        assert_eq!(why(&acted), (Code::FailedPrecondition, "PERSON_ERASED".into()));
        let after = desk.client.get_lead_analytics(GetLeadAnalyticsRequest::default()).await;
        let after = after.unwrap().into_inner().total.unwrap();
        assert_eq!(
            (before.captured_count, before.ok_count),
            (after.captured_count, after.ok_count)
        );
        assert_eq!(before.funnel, after.funnel);
    }
}
