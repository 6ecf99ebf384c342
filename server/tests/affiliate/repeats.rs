//! One request id is one act, whoever repeats it, and on however many processes.

use crate::common::place::Place;
use crate::common::rows;
use crate::desk::{Desk, link, partner, places, program, uuid, why};
use std::collections::BTreeSet;
use takings::v1::affiliate_service_client::AffiliateServiceClient;
use takings::v1::*;
use tokio::task::JoinSet;
use tonic::Code;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_repeat_is_answered_as_the_first_was_and_other_content_is_refused() {
    for place in places("affiliate_repeats") {
        let mut desk = Desk::open(&place).await;
        let asked = program();
        let first = desk.client.create_program(asked.clone()).await.unwrap().into_inner();
        let upper = asked.request_id.to_uppercase();
        let again = CreateProgramRequest { request_id: upper, ..asked.clone() };
        let second = desk.client.create_program(again).await.unwrap().into_inner();
        assert_eq!(first, second);
        let other = CreateProgramRequest { name: "Others".into(), ..asked.clone() };
        let status = desk.client.create_program(other).await.unwrap_err();
        assert_eq!(why(&status), (Code::AlreadyExists, "REQUEST_ID_REUSED".into()));
        let id = first.program.unwrap().program_id;
        let elsewhere = CreatePartnerRequest {
            request_id: asked.request_id,
            ..partner(&id, "anna@example.com")
        };
        let status = desk.client.create_partner(elsewhere).await.unwrap_err();
        assert_eq!(why(&status).1, "REQUEST_ID_REUSED");
        assert_eq!(rows(&desk.database, "select id from programs").await.len(), 1);
        assert_eq!(rows(&desk.database, "select id from partners").await.len(), 0);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_refused_can_be_asked_again_under_its_id() {
    for place in places("affiliate_refused_again") {
        let mut desk = Desk::open(&place).await;
        let made = desk.link("anna").await;
        let taken = CreateAffiliateLinkRequest {
            coupon_id: "ANNA20".into(),
            ..link(&made.partner_id, "bert")
        };
        let holder =
            CreateAffiliateLinkRequest { request_id: uuid(), code: "carl".into(), ..taken.clone() };
        let holder = desk.client.create_affiliate_link(holder).await.unwrap().into_inner().link;
        let status = desk.client.create_affiliate_link(taken.clone()).await.unwrap_err();
        assert_eq!(why(&status).1, "COUPON_TAKEN");
        let disable =
            DisableAffiliateLinkRequest { link_id: holder.unwrap().link_id, request_id: uuid() };
        desk.client.disable_affiliate_link(disable).await.unwrap();
        let kept = desk.client.create_affiliate_link(taken).await.unwrap().into_inner();
        assert_eq!(
            kept.link.unwrap().code,
            "bert",
            "a refusal stores nothing, on {}",
            place.kind()
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn callers_at_once_have_one_effect_on_sqlite() {
    let place = Place::sqlite();
    let desk = Desk::open(&place).await;
    at_once(&[&desk]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn callers_at_once_of_two_processes_have_one_effect_on_postgresql() {
    let Some(place) = Place::postgres("affiliate_at_once") else { return };
    let desks = [Desk::open(&place).await, Desk::open(&place).await];
    at_once(&[&desks[0], &desks[1]]).await;
}

/// Eight callers for each of six request ids.
async fn at_once(desks: &[&Desk]) {
    let mut callers = JoinSet::new();
    for act in 0..6 {
        let asked = program();
        for caller in 0..8 {
            let channel = desks[caller % desks.len()].server.channel().await;
            let asked = asked.clone();
            callers.spawn(async move {
                let mut client = AffiliateServiceClient::new(channel);
                let made = client.create_program(asked).await.unwrap().into_inner();
                (act, made.program.unwrap().program_id)
            });
        }
    }
    let answers: BTreeSet<(i32, String)> = callers.join_all().await.into_iter().collect();
    assert_eq!(answers.len(), 6, "{answers:?}");
    assert_eq!(rows(&desks[0].database, "select id from programs").await.len(), 6);
    assert_eq!(rows(&desks[0].database, "select version from program_terms").await.len(), 6);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn changes_at_once_each_get_a_version_of_their_own() {
    for place in places("affiliate_versions_at_once") {
        let mut desk = Desk::open(&place).await;
        let made = desk.program().await;
        let mut callers = JoinSet::new();
        for hold_days in 31..39 {
            let channel = desk.server.channel().await;
            let terms = ProgramTerms { hold_days: Some(hold_days), ..crate::desk::terms() };
            let asked = UpdateProgramRequest {
                program_id: made.program_id.clone(),
                terms: Some(terms),
                request_id: uuid(),
                ..Default::default()
            };
            callers.spawn(async move {
                let mut client = AffiliateServiceClient::new(channel);
                let changed = client.update_program(asked).await.unwrap().into_inner();
                changed.program.unwrap().terms_version
            });
        }
        let versions: BTreeSet<i64> = callers.join_all().await.into_iter().collect();
        assert_eq!(versions, (2..10).collect(), "on {}", place.kind());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_two_partners_who_take_one_address_at_once_one_has_it() {
    for place in places("affiliate_address_race") {
        let mut desk = Desk::open(&place).await;
        let program = desk.program().await.program_id;
        let partners = [
            desk.partner(&program, "anna@example.com").await.partner_id,
            desk.partner(&program, "bert@example.com").await.partner_id,
        ];
        for round in 0..20 {
            let mut tasks = JoinSet::new();
            for partner_id in &partners {
                let mut client = desk.client.clone();
                let asked = UpdatePartnerRequest {
                    partner_id: partner_id.clone(),
                    email: format!("one-{round}@example.com"),
                    request_id: uuid(),
                    ..Default::default()
                };
                tasks.spawn(async move { client.update_partner(asked).await });
            }
            let answers = tasks.join_all().await;
            let refused: Vec<_> = answers.into_iter().filter_map(Result::err).collect();
            assert_eq!(refused.len(), 1, "round {round} on {}", place.kind());
            let expected = (Code::AlreadyExists, "PARTNER_EMAIL_TAKEN".to_owned());
            assert_eq!(why(&refused[0]), expected, "round {round} on {}", place.kind());
        }
    }
}
