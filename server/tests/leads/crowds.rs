//! Many calls at once: what fails takes nothing along, and what was answered survives.

use crate::common::place::Place;
use crate::desk::{Desk, capture, places, until, uuid, why};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use takings::v1::lead_service_client::LeadServiceClient;
use takings::v1::*;
use tokio::task::JoinSet;
use tonic::transport::Channel;

type Client = LeadServiceClient<Channel>;

/// Moves a lead backward without a reason, which is refused once the lead is held.
fn refused(lead_id: &str, request_id: &str) -> AdvanceLeadStageRequest {
    AdvanceLeadStageRequest {
        lead_id: lead_id.into(),
        to_stage: LeadStage::Subscriber.into(),
        actor: "anna".into(),
        request_id: request_id.into(),
        ..Default::default()
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn acts_that_fail_beside_others_leave_nothing_and_take_nothing_along() {
    for place in places("leads_crowd") {
        let mut desk = Desk::open(&place).await;
        let lead = desk.capture("anna@shop.example").await.lead_id;
        let (mut callers, mut failed) = (JoinSet::new(), Vec::new());
        for number in 0..120 {
            let (mut client, lead, id) = (desk.client.clone(), lead.clone(), uuid());
            if number % 3 == 0 {
                failed.push(id.clone());
                callers.spawn(async move {
                    let status = client.advance_lead_stage(refused(&lead, &id)).await.unwrap_err();
                    assert_eq!(why(&status).1, "STAGE_REFUSED");
                });
            } else {
                let asked = capture(&format!("buyer{}@shop.example", number / 2));
                callers.spawn(async move { drop(client.capture_lead(asked).await.unwrap()) });
            }
        }
        callers.join_all().await;
        let captured: Vec<i32> = (0..120).filter(|it| it % 3 != 0).map(|it| it / 2).collect();
        let mailboxes = captured.iter().collect::<std::collections::BTreeSet<_>>().len();
        let leads = desk.count("select count(*) as n from leads").await;
        assert_eq!(leads, mailboxes as i64 + 1, "on {}", place.kind());
        let captures = "select count(*) as n from lead_activities where kind = 'capture'";
        assert_eq!(desk.count(captures).await, captured.len() as i64 + 1);
        let moves = "select count(*) as n from lead_steps where actor is not null";
        assert_eq!(desk.count(moves).await, 0);
        assert_eq!(desk.get(&lead).await.stage(), LeadStage::Lead);
        // An id whose act was undone is free.
        let other = AdvanceLeadStageRequest {
            to_stage: LeadStage::Sql.into(),
            ..refused(&lead, &failed[0])
        };
        desk.client.advance_lead_stage(other).await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_answered_before_a_kill_is_there_and_can_be_read() {
    for place in places("leads_crowd_killed") {
        for round in 0..3 {
            killed(&place, round).await;
        }
    }
}

async fn killed(place: &Place, round: usize) {
    let desk = Desk::open(place).await;
    let (mut callers, count) = (JoinSet::new(), Arc::new(AtomicUsize::new(0)));
    for caller in 0..32 {
        let name = format!("r{round}c{caller}");
        callers.spawn(capture_on(desk.client.clone(), name, count.clone()));
    }
    let enough = 40 + 25 * round;
    until("some are answered", async || count.load(Ordering::Relaxed) >= enough).await;
    desk.server.kill();
    let answered = callers.join_all().await.concat();
    assert!(answered.len() >= enough);
    let mut desk = Desk::open(place).await;
    for (email, lead_id) in answered {
        assert_eq!(desk.get(&lead_id).await.email, email, "on {}", place.kind());
        let again = desk.capture(&email).await;
        assert_eq!((again.lead_id, again.email), (lead_id, email));
    }
    // Nor can anything be read in part.
    let all = desk.count("select count(*) as n from leads").await;
    for table in ["lead_profiles", "lead_steps", "people"] {
        let whole = format!("select count(*) as n from {table}");
        assert!(desk.count(&whole).await >= all, "{table}");
    }
}

/// Captures one address after the other until the server has gone; answers those that it answered.
async fn capture_on(
    mut client: Client,
    name: String,
    count: Arc<AtomicUsize>,
) -> Vec<(String, String)> {
    let mut answered = Vec::new();
    for number in 0.. {
        let email = format!("{name}n{number}@shop.example");
        match client.capture_lead(capture(&email)).await {
            Ok(answer) => {
                count.fetch_add(1, Ordering::Relaxed);
                answered.push((email, answer.into_inner().lead.unwrap().lead_id));
            }
            Err(_) => break,
        }
    }
    answered
}
