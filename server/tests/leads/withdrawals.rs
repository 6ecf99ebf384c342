//! Who is not to be written to, and who cannot be.

use crate::consents::{CONFIRM, ask, open, open_with};
use crate::desk::{Desk, capture, newsletter, places, until, uuid, why};
use crate::smtp::Smtp;
use sea_orm::ConnectionTrait;
use takings::v1::*;
use tonic::Code;

fn path(lead: &Lead) -> String {
    lead.unsubscribe_url.trim_start_matches("http://leads.example").to_owned()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_unsubscribes_without_having_agreed_to_anything_is_heard() {
    for place in places("leads_all") {
        let mut desk = Desk::open(&place).await;
        let lead = desk.capture("anna@shop.example").await;
        assert!(lead.consents.is_empty());
        for _ in 0..2 {
            assert_eq!(desk.ask("POST", &path(&lead), &[], "").await.status, 200);
        }
        let told = desk.get(&lead.lead_id).await.consents;
        assert_eq!(told.len(), 1, "{told:?}");
        assert_eq!((told[0].purpose.as_str(), told[0].state()), ("all", ConsentState::Withdrawn));
        let agreed = ConsentRequest { purpose: "all".into(), ..newsletter() };
        let asked = CaptureLeadRequest { consent: Some(agreed), ..capture("anna@shop.example") };
        let status = desk.client.capture_lead(asked).await.unwrap_err();
        assert_eq!(why(&status), (Code::InvalidArgument, "INVALID_FIELD".into()));
        let again = ask(&mut desk, "anna@shop.example").await;
        assert_eq!(desk.consent(&again, "newsletter").await.state(), ConsentState::Requested);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_is_given_another_address_has_agreed_to_nothing_by_it() {
    for place in places("leads_new_address") {
        let smtp = Smtp::open().await;
        let mut desk = open(&place, &smtp).await;
        let lead = ask(&mut desk, "anna@shop.example").await;
        until("a mail arrives", async || !smtp.mails().is_empty()).await;
        let first = smtp.mails()[0].after(CONFIRM);
        let confirm = |token: &str| ConfirmLeadRequest {
            token: token.into(),
            request_id: uuid(),
            ..Default::default()
        };
        desk.client.confirm_lead(confirm(&first)).await.unwrap();
        let second = ConsentRequest { purpose: "product".into(), ..newsletter() };
        let asked = CaptureLeadRequest { consent: Some(second), ..capture("anna@shop.example") };
        desk.client.capture_lead(asked).await.unwrap();
        until("another mail arrives", async || smtp.mails().len() == 2).await;
        let moved = UpdateLeadRequest {
            lead_id: lead.clone(),
            email: "bert@shop.example".into(),
            request_id: uuid(),
            ..Default::default()
        };
        desk.client.update_lead(moved.clone()).await.unwrap();
        for purpose in ["newsletter", "product"] {
            let state = desk.consent(&lead, purpose).await.state();
            assert_eq!(state, ConsentState::Withdrawn, "{purpose}");
        }
        let token = smtp.mails()[1].after(CONFIRM);
        let status = desk.client.confirm_lead(confirm(&token)).await.unwrap_err();
        assert_eq!(why(&status), (Code::FailedPrecondition, "TOKEN_REFUSED".into()));
        // The same mailbox written otherwise is no other.
        let agreed = ask(&mut desk, "bert@shop.example").await;
        until("a third mail arrives", async || smtp.mails().len() == 3).await;
        let token = smtp.mails()[2].after(CONFIRM);
        desk.client.confirm_lead(confirm(&token)).await.unwrap();
        let same =
            UpdateLeadRequest { email: "BERT@shop.example".into(), request_id: uuid(), ..moved };
        desk.client.update_lead(same).await.unwrap();
        assert_eq!(desk.consent(&agreed, "newsletter").await.state(), ConsentState::Confirmed);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_text_that_has_changed_is_asked_for_anew() {
    let place = &places("leads_new_text")[0];
    let smtp = Smtp::open().await;
    let mut desk = open(place, &smtp).await;
    let lead = ask(&mut desk, "anna@shop.example").await;
    let mut texts = Vec::new();
    for mails in 1..=2 {
        until("a mail arrives", async || smtp.mails().len() == mails).await;
        let token = smtp.mails()[mails - 1].after(CONFIRM);
        let asked = ConfirmLeadRequest { token, request_id: uuid(), ..Default::default() };
        desk.client.confirm_lead(asked).await.unwrap();
        texts.push(desk.consent(&lead, "newsletter").await.text_hash);
        let earlier = "update consent_facts set happened_at = happened_at - 700000000";
        desk.database.write.execute_unprepared(earlier).await.unwrap();
        let changed = ConsentRequest { text: "Yes, write to me daily.".into(), ..newsletter() };
        let asked = CaptureLeadRequest { consent: Some(changed), ..capture("anna@shop.example") };
        desk.client.capture_lead(asked).await.unwrap();
    }
    assert_ne!(texts[0], texts[1]);
    let asked = "select count(*) as n from outbox";
    assert_eq!(desk.count(asked).await, 2, "what is confirmed is not asked for again");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_wrong_password_of_ours_loses_no_mail() {
    let place = &places("leads_login")[0];
    let smtp = Smtp::open().await;
    smtp.refuse_logins(Some("535 5.7.8 not you"));
    let url = format!("smtp://shop:secret@{}", smtp.address);
    let mut desk = open_with(place, &smtp, &[("TAKINGS__LEADS__SMTP_URL", &url)]).await;
    ask(&mut desk, "anna@shop.example").await;
    let waits = "select count(*) as n from outbox where state = 'waiting' and failure = '535'";
    until("the refusal is noted", async || desk.count(waits).await == 1).await;
    assert!(smtp.logins() >= 1);
    let log = desk.server.log();
    assert!(log.contains("leads.smtp_url") && !log.contains("secret"), "{log}");
    smtp.refuse_logins(None);
    desk.database.write.execute_unprepared("update outbox set next_at = 0").await.unwrap();
    until("the mail arrives", async || smtp.mails().len() == 1).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_mail_that_cannot_be_read_holds_up_no_other() {
    let place = &places("leads_unreadable")[0];
    let mut desk = Desk::open(place).await;
    ask(&mut desk, "anna@shop.example").await;
    let spoilt = "update outbox set secret = 'AAAA', next_at = 0";
    desk.database.write.execute_unprepared(spoilt).await.unwrap();
    drop(desk);
    let smtp = Smtp::open().await;
    let mut desk = open(place, &smtp).await;
    ask(&mut desk, "bert@shop.example").await;
    until("the other arrives", async || smtp.mails().len() == 1).await;
    let waits =
        "select count(*) as n from outbox where state = 'waiting' and failure = 'unreadable'";
    assert_eq!(desk.count(waits).await, 1, "it may be readable once a key is put back");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_withdrawal_comes_after_what_a_faster_clock_has_noted() {
    let place = &places("leads_skew")[0];
    let mut desk = Desk::open(place).await;
    let lead_id = ask(&mut desk, "anna@shop.example").await;
    let ahead = "update consent_facts set happened_at = happened_at + 60000000";
    desk.database.write.execute_unprepared(ahead).await.unwrap();
    let asked =
        WithdrawConsentRequest { lead_id, request_id: uuid(), ..WithdrawConsentRequest::default() };
    let withdrawn = desk.client.withdraw_consent(asked).await.unwrap().into_inner();
    assert_eq!(withdrawn.purposes, ["all", "newsletter"]);
    let after = "select count(*) as n from consent_facts w, consent_facts r
                 where w.happened = 'withdrawn' and w.purpose = 'newsletter'
                   and r.happened = 'requested' and w.happened_at > r.happened_at";
    assert_eq!(desk.count(after).await, 1);
    let waits = "select count(*) as n from outbox where state = 'waiting'";
    assert_eq!(desk.count(waits).await, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_mail_that_waits_behind_others_does_not_leave_once_it_is_withdrawn() {
    for place in places("leads_behind") {
        let smtp = Smtp::open().await;
        smtp.let_through(0);
        let mut desk = open(&place, &smtp).await;
        ask(&mut desk, "first@shop.example").await;
        until("a mail is on its way", async || smtp.tries() == 1).await;
        // They are due together, in the next turn.
        ask(&mut desk, "second@shop.example").await;
        let [withdrawn, moved] = ["third@shop.example", "fourth@shop.example"];
        let (withdrawn, moved) = (ask(&mut desk, withdrawn).await, ask(&mut desk, moved).await);
        smtp.release(1);
        until("the next is on its way", async || smtp.tries() == 2).await;
        let asked =
            WithdrawConsentRequest { lead_id: withdrawn, request_id: uuid(), ..Default::default() };
        desk.client.withdraw_consent(asked).await.unwrap();
        let asked = UpdateLeadRequest {
            lead_id: moved,
            email: "fifth@shop.example".into(),
            request_id: uuid(),
            ..Default::default()
        };
        desk.client.update_lead(asked).await.unwrap();
        smtp.release(10);
        let waits = "select count(*) as n from outbox where state = 'waiting'";
        until("nothing waits", async || desk.count(waits).await == 0).await;
        let to: Vec<String> = smtp.mails().into_iter().flat_map(|mail| mail.to).collect();
        assert_eq!(to.len(), 2, "{to:?}");
        assert!(to[1].contains("second@"), "{to:?}");
        let sent = "select count(*) as n from consent_facts where happened = 'sent'";
        assert_eq!(desk.count(sent).await, 2);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn only_who_guesses_tokens_is_limited_and_forms_ask_for_what_is_configured() {
    let place = &places("leads_misses")[0];
    let mut desk = Desk::open_with(place, &[("TAKINGS__LEADS__FORMS_PER_MINUTE", "5")]).await;
    let lead = desk.capture("anna@shop.example").await;
    for _ in 0..12 {
        assert_eq!(desk.ask("POST", &path(&lead), &[], "").await.status, 200, "one click each");
    }
    let guess = format!("/revenue/leads/unsubscribe/{}", "0".repeat(64));
    let mut statuses = Vec::new();
    for _ in 0..12 {
        statuses.push(desk.ask("GET", &guess, &[], "").await.status);
    }
    assert_eq!(statuses.last(), Some(&429), "{statuses:?}");
    let desk = Desk::open(place).await;
    let strange =
        "email=bert@shop.example&consent_text=Yes&consent_purpose=win-1000-at-evil-example";
    let page = desk.submit(strange).await;
    assert!(page.status == 400 && page.body.contains("leads.purposes"), "{page:?}");
    let campaign = "email=bert@shop.example&utm_campaign=carl@shop.example";
    assert_eq!(desk.submit(campaign).await.status, 202, "no form is lost");
    let named = "select count(*) as n from leads where campaign like '%@%'";
    assert_eq!(desk.count(named).await, 0);
}
