//! Scores: asked for at any time, explained, and never a scanner's.

use crate::desk::{Desk, activity, capture, places, score, uuid};
use takings::v1::*;

fn at(seconds: i64) -> Option<prost_types::Timestamp> {
    Some(prost_types::Timestamp { seconds, nanos: 0 })
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_score_of_the_past_is_the_one_that_was_reported_then() {
    for place in places("leads_score") {
        let mut desk = Desk::open(&place).await;
        let day = 86_400;
        let now = crate::common::door::now();
        let captured = CaptureLeadRequest {
            occurred_time: at(now - 30 * day),
            ..capture("anna@shop.example")
        };
        let lead = desk.client.capture_lead(captured).await.unwrap().into_inner().lead.unwrap();
        let id = lead.lead_id.as_str();
        let form =
            RecordLeadActivityRequest { occurred_time: at(now - 30 * day), ..activity(id, "form") };
        desk.client.record_lead_activity(form).await.unwrap();
        let before = desk.score(score(id)).await;
        let known = before.score.clone().unwrap();
        assert_eq!((known.fit.as_str(), known.label.as_str()), ("20", "A2"), "{known:?}");
        assert!(known.engagement.starts_with("25.") || known.engagement.starts_with("24.99"));
        let reported = crate::common::door::now() + 1;
        tokio::time::sleep(std::time::Duration::from_millis(1_100)).await;
        let frozen =
            ScoreLeadRequest { as_of_time: at(now), known_at_time: at(reported), ..score(id) };
        let first = desk.score(frozen.clone()).await;
        tokio::time::sleep(std::time::Duration::from_millis(1_100)).await;
        for days in [3, 1, 2] {
            let late = RecordLeadActivityRequest {
                occurred_time: at(now - days * day),
                ..activity(id, "search")
            };
            desk.client.record_lead_activity(late).await.unwrap();
        }
        let mut model = desk.client.get_scoring_model(GetScoringModelRequest::default()).await;
        let mut model = model.as_mut().unwrap().get_ref().model.clone().unwrap();
        let same = UpdateScoringModelRequest { model: Some(model.clone()), request_id: uuid() };
        let same = desk.client.update_scoring_model(same).await.unwrap().into_inner();
        assert_eq!(same.model.unwrap().version, 0, "what is in force makes no version");
        model.groups[0].rules[0].weight = "80".into();
        let update = UpdateScoringModelRequest { model: Some(model), request_id: uuid() };
        let updated = desk.client.update_scoring_model(update).await.unwrap().into_inner();
        assert_eq!(updated.model.unwrap().version, 1);
        assert_eq!(desk.score(frozen).await, first, "on {}", place.kind());
        let today = desk.score(score(id)).await;
        assert_eq!(today.score.as_ref().unwrap().model_version, 1);
        assert_eq!(today.contributions.len(), 4);
        let sum: f64 = today.contributions.iter().map(|it| it.points.parse::<f64>().unwrap()).sum();
        let engagement: f64 = today.score.unwrap().engagement.parse().unwrap();
        assert!((sum - engagement).abs() < 1e-6, "{sum} {engagement}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn activities_in_any_order_give_one_score() {
    let place = &places("leads_score_order")[0];
    let mut desk = Desk::open(place).await;
    let now = crate::common::door::now();
    let mut scores = Vec::new();
    for (number, order) in [[0, 1, 2, 3], [3, 1, 0, 2], [2, 3, 1, 0]].into_iter().enumerate() {
        let email = format!("lead{number}@shop.example");
        let captured = CaptureLeadRequest { occurred_time: at(now - 1_000_000), ..capture(&email) };
        let lead = desk.client.capture_lead(captured).await.unwrap().into_inner().lead.unwrap();
        for place in order {
            let kind = ["page", "search", "form_error", "session"][place];
            let asked = RecordLeadActivityRequest {
                occurred_time: at(now - 500_000 + 1_000 * place as i64),
                ..activity(&lead.lead_id, kind)
            };
            desk.client.record_lead_activity(asked).await.unwrap();
        }
        let asked = ScoreLeadRequest { as_of_time: at(now), ..score(&lead.lead_id) };
        scores.push(desk.score(asked).await.score.unwrap());
    }
    assert!(scores.iter().all(|it| *it == scores[0]), "{scores:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_scanners_click_scores_nothing_whenever_it_is_recognised() {
    for place in places("leads_scanner") {
        let mut desk = Desk::open(&place).await;
        let id = desk.capture("anna@shop.example").await.lead_id;
        let now = crate::common::door::now();
        let before = desk.score(score(&id)).await.score.unwrap();
        let click = |link: &str, second: i64, from: &str| RecordLeadActivityRequest {
            mail_click: Some(MailClick {
                message_id: "mail-1".into(),
                link: link.into(),
                link_count: 3,
                delivered_time: at(now - 600),
                ip_address: from.into(),
            }),
            occurred_time: at(now - 600 + second),
            ..activity(&id, "click")
        };
        let mut automated = async |asked| {
            desk.client.record_lead_activity(asked).await.unwrap().into_inner().automated
        };
        assert!(automated(click("1", 1, "198.51.100.1")).await, "within two seconds");
        assert!(!automated(click("1", 100, "198.51.100.2")).await);
        assert!(!automated(click("2", 101, "198.51.100.2")).await, "two of three links");
        assert!(automated(click("3", 102, "198.51.100.2")).await, "all links at once");
        assert!(!automated(click("1", 300, "198.51.100.3")).await, "a reader");
        let counted = desk.score(score(&id)).await;
        let clicks = counted.contributions.iter().filter(|it| it.rule == "click").count();
        assert_eq!(clicks, 1, "on {}", place.kind());
        let engagement: f64 = counted.score.unwrap().engagement.parse().unwrap();
        let was: f64 = before.engagement.parse().unwrap();
        assert!((engagement - was - 3.0).abs() < 0.01, "{engagement} {was}");
    }
}
