//! Double opt-in: a mail through a real mail server, and what its tokens can do.

use crate::common::place::Place;
use crate::desk::{Desk, Page, capture, newsletter, places, until, uuid, why};
use crate::smtp::Smtp;
use sea_orm::ConnectionTrait;
use takings::v1::*;
use tonic::Code;

/// A desk whose mails go to a mail server.
pub async fn open(place: &Place, smtp: &Smtp) -> Desk {
    open_with(place, smtp, &[]).await
}

/// The same, with more in its environment.
pub async fn open_with(place: &Place, smtp: &Smtp, more: &[(&str, &str)]) -> Desk {
    let url = format!("smtp://{}", smtp.address);
    let environment = [
        ("TAKINGS__LEADS__SMTP_URL", url.as_str()),
        ("TAKINGS__LEADS__MAIL_FROM", "Shop <news@shop.example>"),
        ("TAKINGS__LEADS__MAIL_NAME", "Shop & Sons"),
    ];
    Desk::open_with(place, &[&environment, more].concat()).await
}

/// Asks for a newsletter; answers the lead.
pub async fn ask(desk: &mut Desk, email: &str) -> String {
    let asked = CaptureLeadRequest { consent: Some(newsletter()), ..capture(email) };
    let answer = desk.client.capture_lead(asked).await.unwrap().into_inner();
    answer.lead.unwrap().lead_id
}

/// What links of mails begin with.
pub const CONFIRM: &str = "http://leads.example/revenue/leads/confirm/";
pub const UNSUBSCRIBE: &str = "http://leads.example/revenue/leads/unsubscribe/";

fn strict(page: &Page) -> bool {
    page.header("content-security-policy").starts_with("default-src 'none'")
        && page.header("referrer-policy") == "no-referrer"
        && page.header("cache-control") == "no-store"
        && page.header("x-frame-options") == "DENY"
        && !page.body.contains("<script")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_mail_asks_a_page_shows_and_a_post_confirms_once() {
    for place in places("leads_consent") {
        let smtp = Smtp::open().await;
        let mut desk = open(&place, &smtp).await;
        let lead = ask(&mut desk, "anna@shop.example").await;
        until("a mail arrives", async || !smtp.mails().is_empty()).await;
        let mail = smtp.mails().pop().unwrap();
        assert!(mail.to[0].contains("<anna@shop.example>") && mail.from.contains("<news@shop"));
        let data = mail.text();
        assert!(
            data.contains("Content-Type: text/plain") && data.contains("Content-Type: text/html")
        );
        assert!(data.contains("Shop &amp; Sons: newsletter"), "{data}");
        assert!(data.contains("List-Unsubscribe-Post: List-Unsubscribe=One-Click"), "{data}");
        let token = mail.after(CONFIRM);
        assert_eq!(token.len(), 64, "{token}");
        until("it is noted", async || {
            desk.count("select count(*) as n from outbox where state = 'sent'").await == 1
        })
        .await;
        let stored = desk.count("select count(*) as n from outbox where secret is not null").await;
        assert_eq!(stored, 0, "the token is gone");
        assert_eq!(desk.consent(&lead, "newsletter").await.state(), ConsentState::Sent);
        let path = format!("/revenue/leads/confirm/{token}");
        for _ in 0..2 {
            let page = desk.ask("GET", &path, &[], "").await;
            assert_eq!(page.status, 200, "{page:?}");
            assert!(page.body.contains("<form method=\"post\">") && strict(&page), "{page:?}");
        }
        assert_eq!(desk.consent(&lead, "newsletter").await.state(), ConsentState::Sent);
        let page = desk.ask("POST", &path, &[("user-agent", "Firefox")], "").await;
        assert_eq!(page.status, 200, "{page:?}");
        let consent = desk.consent(&lead, "newsletter").await;
        assert_eq!(consent.state(), ConsentState::Confirmed);
        assert!(consent.requested_time.is_some() && consent.sent_time.is_some());
        assert_eq!(consent.text_hash.len(), 64);
        let again = desk.ask("POST", &path, &[], "").await;
        assert!(again.status == 410 && again.body.contains("used before"), "{again:?}");
        let asked = ConfirmLeadRequest { token, request_id: uuid(), ..Default::default() };
        let status = desk.client.confirm_lead(asked).await.unwrap_err();
        assert_eq!(why(&status), (Code::FailedPrecondition, "TOKEN_REFUSED".into()));
        ask(&mut desk, "Anna@shop.example").await;
        tokio::time::sleep(std::time::Duration::from_millis(1_500)).await;
        assert_eq!(smtp.mails().len(), 1, "who has agreed is not asked again");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tokens_that_are_guessed_expired_or_withdrawn_confirm_nothing() {
    for place in places("leads_tokens") {
        let smtp = Smtp::open().await;
        let mut desk = open(&place, &smtp).await;
        for token in ["", "x", &"0".repeat(64), &"z".repeat(64), &"a".repeat(5_000)] {
            let path = format!("/revenue/leads/confirm/{token}");
            let statuses = [desk.ask("GET", &path, &[], "").await.status];
            assert!(statuses.iter().all(|it| [404, 410].contains(it)), "{token}: {statuses:?}");
            let asked = ConfirmLeadRequest {
                token: token.into(),
                request_id: uuid(),
                ..Default::default()
            };
            assert!(desk.client.confirm_lead(asked).await.is_err());
        }
        let lead = ask(&mut desk, "anna@shop.example").await;
        until("a mail arrives", async || !smtp.mails().is_empty()).await;
        let mail = smtp.mails().pop().unwrap();
        let path = format!("/revenue/leads/confirm/{}", mail.after(CONFIRM));
        until("it is noted", async || {
            desk.count("select count(*) as n from outbox where state = 'sent'").await == 1
        })
        .await;
        let older = "update consent_facts set happened_at = happened_at - 604800000000";
        desk.database.write.execute_unprepared(older).await.unwrap();
        let page = desk.ask("POST", &path, &[], "").await;
        assert!(page.status == 410 && page.body.contains("seven days"), "{page:?}");
        assert_eq!(desk.consent(&lead, "newsletter").await.state(), ConsentState::Expired);
        let newer = "update consent_facts set happened_at = happened_at + 604800000000";
        desk.database.write.execute_unprepared(newer).await.unwrap();
        let stranger = format!("/revenue/leads/unsubscribe/{}", "0".repeat(64));
        assert_eq!(desk.ask("POST", &stranger, &[], "").await.status, 404);
        assert_eq!(desk.consent(&lead, "newsletter").await.state(), ConsentState::Sent);
        let leave = mail.after(UNSUBSCRIBE);
        assert_eq!(desk.get(&lead).await.unsubscribe_url, format!("{UNSUBSCRIBE}{leave}"));
        let leave = format!("/revenue/leads/unsubscribe/{leave}");
        let page = desk.ask("GET", &leave, &[], "").await;
        assert!(page.status == 200 && strict(&page), "{page:?}");
        assert_eq!(desk.consent(&lead, "newsletter").await.state(), ConsentState::Sent);
        let one_click = "List-Unsubscribe=One-Click";
        assert_eq!(desk.ask("POST", &leave, &[], one_click).await.status, 200);
        assert_eq!(desk.ask("POST", &leave, &[], one_click).await.status, 200, "again");
        assert_eq!(desk.consent(&lead, "newsletter").await.state(), ConsentState::Withdrawn);
        let page = desk.ask("POST", &path, &[], "").await;
        assert!(page.status == 410 && page.body.contains("withdrawal"), "{page:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_refuses_is_asked_again_or_never() {
    for place in places("leads_outbox") {
        let smtp = Smtp::open().await;
        smtp.refuse(Some("450 4.2.1 anna@shop.example: try later"));
        let mut desk = open(&place, &smtp).await;
        let lead = ask(&mut desk, "anna@shop.example").await;
        let waits = "select count(*) as n from outbox where state = 'waiting' and attempts = 1
                     and failure like '450%'";
        until("a failure is noted", async || desk.count(waits).await == 1).await;
        let metrics = desk.ask("GET", "/metrics", &[], "").await.body;
        assert!(metrics.contains("outbox_depth 1"), "{metrics}");
        let named = "select count(*) as n from outbox where failure like '%@%'";
        assert_eq!(desk.count(named).await, 0, "servers repeat addresses");
        smtp.refuse(None);
        let due = "update outbox set next_at = 0";
        desk.database.write.execute_unprepared(due).await.unwrap();
        until("the mail arrives", async || smtp.mails().len() == 1).await;
        until("it is noted", async || {
            desk.count("select count(*) as n from outbox where state = 'sent'").await == 1
        })
        .await;
        assert_eq!(desk.consent(&lead, "newsletter").await.state(), ConsentState::Sent);
        smtp.refuse(Some("550 5.1.1 bert@shop.example: nobody here"));
        ask(&mut desk, "bert@shop.example").await;
        let dead = "select count(*) as n from outbox where state = 'dead' and secret is null";
        until("the other is given up", async || desk.count(dead).await == 1).await;
        assert_eq!(smtp.tries(), 3);
        assert!(!desk.server.log().contains("shop.example"), "{}", desk.server.log());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_fills_in_a_form_many_times_is_sent_one_mail() {
    let place = &places("leads_bomb")[0];
    let smtp = Smtp::open().await;
    let mut desk = open(place, &smtp).await;
    for _ in 0..10 {
        ask(&mut desk, "anna@shop.example").await;
    }
    tokio::time::sleep(std::time::Duration::from_millis(2_500)).await;
    assert_eq!((smtp.mails().len(), desk.count("select count(*) as n from outbox").await), (1, 1));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_withdraws_before_the_mail_leaves_gets_none() {
    let place = &places("leads_withdraw")[0];
    let mut desk = Desk::open(place).await;
    let lead = ask(&mut desk, "anna@shop.example").await;
    let asked = WithdrawConsentRequest { lead_id: lead, request_id: uuid(), ..Default::default() };
    let first = desk.client.withdraw_consent(asked.clone()).await.unwrap().into_inner();
    let again = desk.client.withdraw_consent(asked.clone()).await.unwrap().into_inner();
    assert_eq!((first.purposes.join(" ").as_str(), &again), ("all newsletter", &first));
    let other = WithdrawConsentRequest { request_id: uuid(), ..asked };
    let other = desk.client.withdraw_consent(other).await.unwrap().into_inner();
    assert!(other.purposes.is_empty(), "it was withdrawn before");
    let cancelled = "select count(*) as n from outbox where state = 'cancelled' and secret is null";
    assert_eq!(desk.count(cancelled).await, 1);
}
