//! Stages: forward by rules, back by words.

use crate::desk::{Desk, capture, places, uuid, why};
use takings::v1::*;
use tonic::Code;

fn advance(lead_id: &str, to: LeadStage, reason: &str) -> AdvanceLeadStageRequest {
    AdvanceLeadStageRequest {
        lead_id: lead_id.into(),
        to_stage: to.into(),
        actor: "crm".into(),
        reason: reason.into(),
        request_id: uuid(),
        ..Default::default()
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_score_qualifies_and_words_lead_back() {
    for place in places("leads_stages") {
        let mut desk = Desk::open(&place).await;
        let asked = CaptureLeadRequest { newsletter_only: true, ..capture("anna@gmail.com") };
        let lead = desk.client.capture_lead(asked).await.unwrap().into_inner().lead.unwrap();
        assert_eq!(lead.stage(), LeadStage::Subscriber);
        let id = lead.lead_id.as_str();
        desk.act(id, "form").await;
        assert_eq!(desk.get(id).await.stage(), LeadStage::Mql, "a form of 50 points is B1");
        let back = advance(id, LeadStage::Lead, "");
        let status = desk.client.advance_lead_stage(back.clone()).await.unwrap_err();
        assert_eq!(why(&status), (Code::FailedPrecondition, "STAGE_REFUSED".into()));
        let status = desk.client.advance_lead_stage(advance(id, LeadStage::Mql, "again")).await;
        assert_eq!(why(&status.unwrap_err()), (Code::FailedPrecondition, "STAGE_REFUSED".into()));
        let reasonless = advance(id, LeadStage::Disqualified, "");
        let status = desk.client.advance_lead_stage(reasonless.clone()).await.unwrap_err();
        assert_eq!(why(&status), (Code::InvalidArgument, "INVALID_FIELD".into()));
        desk.client.advance_lead_stage(advance(id, LeadStage::Sql, "")).await.unwrap();
        let out = AdvanceLeadStageRequest {
            disqualification: LeadDisqualification::Unresponsive.into(),
            ..reasonless
        };
        desk.client.advance_lead_stage(out).await.unwrap();
        let again = advance(id, LeadStage::Lead, "called back");
        desk.client.advance_lead_stage(again.clone()).await.unwrap();
        desk.client.advance_lead_stage(again).await.unwrap();
        assert_eq!(desk.get(id).await.stage(), LeadStage::Lead);
        desk.act(id, "form").await;
        let asked = ListLeadStagesRequest { lead_id: id.into() };
        let way = desk.client.list_lead_stages(asked).await.unwrap().into_inner().transitions;
        let read = |it: &LeadStageTransition| (it.to_stage(), it.rule.clone(), it.reason.clone());
        let way: Vec<_> = way.iter().map(read).collect();
        let step = |stage, rule: &str, reason: &str| (stage, rule.to_owned(), reason.to_owned());
        assert_eq!(
            way,
            [
                step(LeadStage::Subscriber, "subscribed", ""),
                step(LeadStage::Mql, "scored", ""),
                step(LeadStage::Sql, "", ""),
                step(LeadStage::Disqualified, "", ""),
                step(LeadStage::Lead, "", "called back"),
                step(LeadStage::Mql, "scored", ""),
            ]
        );
        assert_eq!(
            desk.get(id).await.stage(),
            LeadStage::Mql,
            "whoever acts again qualifies again"
        );
    }
}
