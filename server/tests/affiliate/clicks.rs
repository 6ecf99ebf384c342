//! TrackClick: the same for callers with a redirector of their own.

use crate::common::place::Place;
use crate::common::rows;
use crate::desk::{Desk, click, fields, places, uuid, why};
use sea_orm::ConnectionTrait;
use takings::v1::affiliate_service_client::AffiliateServiceClient;
use takings::v1::*;
use tokio::task::JoinSet;
use tonic::Code;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_click_is_durable_when_it_is_answered_and_a_repeat_is_answered_alike() {
    for place in places("affiliate_track") {
        let mut desk = Desk::open(&place).await;
        let link = desk.link("Anna").await;
        let click_id = format!("clk_{}", uuid().replace('-', ""));
        let asked = TrackClickRequest {
            click_id: click_id.clone(),
            query: "sub2=x&fbclid=1".into(),
            ..click("anna", "203.0.113.1")
        };
        let first = desk.client.track_click(asked.clone()).await.unwrap().into_inner();
        assert_eq!(
            (first.click_id.as_str(), first.outcome()),
            (click_id.as_str(), ClickOutcome::Valid)
        );
        assert_eq!(first.link_id, link.link_id);
        assert_eq!(
            first.destination_url,
            format!("https://shop.example/start?from=friends&sub2=x&tk_click={click_id}")
        );
        let stored = "select id from clicks where ad_parameter = 'fbclid'";
        assert_eq!(rows(&desk.database, stored).await.len(), 1);
        let again = desk.client.track_click(asked).await.unwrap().into_inner();
        assert_eq!(again, first, "on {}", place.kind());
        let second = desk.client.track_click(click("anna", "203.0.113.1")).await.unwrap();
        assert_eq!(second.into_inner().outcome(), ClickOutcome::Duplicate);
        let nobody = desk.client.track_click(click("anna", "")).await.unwrap().into_inner();
        assert_eq!(nobody.outcome(), ClickOutcome::DedupUnknown);
        assert_eq!(rows(&desk.database, "select id from clicks").await.len(), 3);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_outcome_is_told() {
    let place = Place::sqlite();
    let mut desk = Desk::open(&place).await;
    desk.link("anna").await;
    let good = || click("anna", "203.0.113.1");
    let cases = [
        (TrackClickRequest { opt_out: true, ..good() }, ClickOutcome::OptOut),
        (TrackClickRequest { method: "HEAD".into(), ..good() }, ClickOutcome::NonGet),
        (TrackClickRequest { purpose: "prefetch".into(), ..good() }, ClickOutcome::Prefetch),
        (TrackClickRequest { user_agent: String::new(), ..good() }, ClickOutcome::NoUserAgent),
        (
            TrackClickRequest { user_agent: "curl/8.5.0".into(), ..good() },
            ClickOutcome::BotUserAgent,
        ),
        (good(), ClickOutcome::Valid),
    ];
    for (asked, expected) in cases {
        let answer = desk.client.track_click(asked).await.unwrap().into_inner();
        assert_eq!(answer.outcome(), expected);
        assert_eq!(answer.click_id.is_empty(), expected == ClickOutcome::OptOut);
    }
    for _ in 0..60 {
        desk.client.track_click(good()).await.unwrap();
    }
    let limited = desk.client.track_click(good()).await.unwrap().into_inner();
    if limited.outcome() != ClickOutcome::Duplicate {
        assert_eq!((limited.outcome(), limited.click_id.as_str()), (ClickOutcome::Limited, ""));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_cannot_be_tracked_is_refused() {
    for place in places("affiliate_track_refused") {
        let mut desk = Desk::open(&place).await;
        let link = desk.link("anna").await;
        let good = || click("anna", "203.0.113.1");
        let tomorrow = takings_server::app::now().secs() + 86_400;
        let tomorrow = prost_types::Timestamp { seconds: tomorrow, nanos: 0 };
        let cases = [
            (TrackClickRequest { click_id: "clk_1".into(), ..good() }, "click_id"),
            (TrackClickRequest { ip_address: "203.0.113".into(), ..good() }, "ip_address"),
            (TrackClickRequest { click_time: Some(tomorrow), ..good() }, "click_time"),
        ];
        for (asked, field) in cases {
            let status = desk.client.track_click(asked).await.unwrap_err();
            assert_eq!(why(&status), (Code::InvalidArgument, "INVALID_FIELD".into()));
            assert_eq!(fields(&status), [field]);
        }
        for (code, expected) in [("nobody", "LINK_NOT_FOUND"), ("a/b", "INVALID_LINK_CODE")] {
            let status = desk.client.track_click(click(code, "")).await.unwrap_err();
            assert_eq!(why(&status).1, expected);
        }
        let disable = DisableAffiliateLinkRequest { link_id: link.link_id, request_id: uuid() };
        desk.client.disable_affiliate_link(disable).await.unwrap();
        let status = desk.client.track_click(good()).await.unwrap_err();
        assert_eq!(why(&status), (Code::FailedPrecondition, "LINK_DISABLED".into()));
        assert_eq!(rows(&desk.database, "select id from clicks").await.len(), 0);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_processes_count_a_visitor_once() {
    let Some(place) = Place::postgres("affiliate_two_processes") else { return };
    let mut desks = [Desk::open(&place).await, Desk::open(&place).await];
    desks[0].link("anna").await;
    let mut callers = JoinSet::new();
    for visitor in 0..10 {
        for caller in 0..8 {
            let channel = desks[caller % 2].server.channel().await;
            let asked = click("anna", &format!("203.0.113.{visitor}"));
            callers.spawn(async move {
                AffiliateServiceClient::new(channel).track_click(asked).await.unwrap().into_inner()
            });
        }
    }
    let answers = callers.join_all().await;
    let counted = |outcome| answers.iter().filter(|answer| answer.outcome() == outcome).count();
    assert_eq!((counted(ClickOutcome::Valid), counted(ClickOutcome::Duplicate)), (10, 70));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_referrer_of_bytes_that_no_host_has_is_not_kept() {
    for place in places("affiliate_referrer") {
        let mut desk = Desk::open(&place).await;
        desk.link("anna").await;
        for referrer in ["https://a\0b/", "https://a b/", "https://a\u{7f}/", "https://%00/"] {
            let asked = TrackClickRequest { referrer: referrer.into(), ..click("anna", "") };
            desk.client.track_click(asked).await.unwrap();
        }
        let asked = TrackClickRequest {
            referrer: "http://[2001:DB8::1]:80/".into(),
            ..click("anna", "203.0.113.9")
        };
        desk.client.track_click(asked).await.unwrap();
        let hosts = "select id from clicks where referrer_host is not null";
        assert_eq!(rows(&desk.database, hosts).await.len(), 1, "on {}", place.kind());
        assert_eq!(rows(&desk.database, "select id from clicks").await.len(), 5);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_nul_in_what_a_visitor_says_of_himself_takes_no_other_click_with_it() {
    for place in places("affiliate_nul") {
        let mut desk = Desk::open(&place).await;
        desk.link("anna").await;
        let mut tasks = JoinSet::new();
        for place in 0..12 {
            let mut asked = click("anna", "");
            match place % 4 {
                0 => asked.referrer = "https://shop\0.example/\0".into(),
                1 => asked.user_agent = "Mozilla/5.0 \0 (X11)".into(),
                2 => asked.query = "gclid=\0&utm_source=\0".into(),
                _ => {}
            }
            let mut client = desk.client.clone();
            tasks.spawn(async move { client.track_click(asked).await.map(drop) });
        }
        for answer in tasks.join_all().await {
            answer.unwrap();
        }
        for (name, value) in [("referer", "https://%00.example/"), ("user-agent", "Moz%00illa")] {
            let page = desk.ask("GET", "/r/anna?gclid=%00", &[(name, value)]).await;
            assert_eq!(page.status, 302, "{name}");
        }
        let stored = desk.outcomes(14).await;
        assert_eq!(stored.values().sum::<i64>(), 14, "on {}", place.kind());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_click_that_the_database_refuses_takes_no_other_with_it() {
    for place in places("affiliate_refused_click") {
        let mut desk = Desk::open(&place).await;
        desk.link("anna").await;
        let refuse = match place.kind() {
            "SQLite" => {
                "create trigger no_bad before insert on clicks when new.referrer_host = 'bad.example'
                 begin select raise(abort, 'refused'); end"
            }
            _ => "alter table clicks add constraint no_bad check (referrer_host <> 'bad.example')",
        };
        desk.database.write.execute_unprepared(refuse).await.unwrap();
        let mut tasks = JoinSet::new();
        for place in 0..9 {
            let mut client = desk.client.clone();
            let host = if place == 4 { "bad" } else { "good" };
            let referrer = format!("https://{host}.example/");
            let asked = TrackClickRequest { referrer, ..click("anna", "") };
            tasks.spawn(async move { client.track_click(asked).await.is_ok() });
        }
        let answered = tasks.join_all().await;
        assert_eq!(answered.iter().filter(|stored| !**stored).count(), 1, "on {}", place.kind());
        desk.client.track_click(click("anna", "")).await.unwrap();
        assert_eq!(rows(&desk.database, "select id from clicks").await.len(), 9);
    }
}
