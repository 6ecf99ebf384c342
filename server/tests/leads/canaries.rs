//! Persons whose names sing: every RPC, form, mail and webhook hears of them, and nothing that is
//! kept, logged, measured or refused repeats them.

use crate::common::canaries::{Canaries, House};
use crate::common::contract::Contract;
use crate::common::door::{Door, now};
use crate::consents::{CONFIRM, open_with};
use crate::conversions::{customer, tell};
use crate::desk::{Desk, activity, capture, newsletter, score, until, uuid};
use crate::smtp::Smtp;
use sea_orm::ConnectionTrait;
use std::fmt::Debug;
use takings::v1::person_key::Key;
use takings::v1::*;
use tonic::{Response, Status};

const EMAIL: &str = "Canary.Smith+news@shop.example";
/// One more mailbox, whose dots and ending do not count.
const OTHER: &str = "Ca.Nary.Wren+x@googlemail.com";
const PHONE: &str = "+49 5550 17734";
const ADDRESS: &str = "203.0.113.177";
const AGENT: &str = "Canaryfox/4.2";

/// What of them must not be found, and words that stand for whatever else they say of themselves.
const WORDS: [&str; 9] = [
    "Canary.Smith",
    "Ca.Nary.Wren",
    "canarywren",
    "5550 17734",
    "555017734",
    ADDRESS,
    AGENT,
    "Canary Smith",
    "canary-secret",
];

fn person(key: Key) -> Option<PersonKey> {
    Some(PersonKey { key: Some(key), source: String::new() })
}

fn profile() -> LeadProfile {
    LeadProfile {
        name: "Canary Smith".into(),
        phone: PHONE.into(),
        role: "Keeper of canary-secret".into(),
        attributes: [("canary-secret field".into(), "canary-secret value".into())].into(),
        ..Default::default()
    }
}

fn form() -> CaptureLeadRequest {
    let consent = ConsentRequest {
        form_url: "https://shop.example/?a=canary-secret".into(),
        ip_address: ADDRESS.into(),
        user_agent: AGENT.into(),
        ..newsletter()
    };
    CaptureLeadRequest {
        profile: Some(profile()),
        referrer: "https://search.example/?q=canary-secret".into(),
        consent: Some(consent),
        ..capture(EMAIL)
    }
}

/// A desk that logs all it can, whose mails go to a mail server, behind a proxy.
async fn noisy(house: &House, smtp: &Smtp) -> Desk {
    let loud = [
        ("TAKINGS__LOG__FILTER", "debug"),
        ("TAKINGS__HTTP__TRUSTED_PROXIES", r#"["127.0.0.0/8"]"#),
    ];
    open_with(&house.place, smtp, &loud).await
}

/// A lead lives: captured, asked, confirmed, active, moved, changed, scored, converted, read.
async fn live(desk: &mut Desk, smtp: &Smtp) -> String {
    let lead = desk.client.capture_lead(form()).await.unwrap().into_inner().lead.unwrap().lead_id;
    let other = CaptureLeadRequest { email: OTHER.into(), request_id: uuid(), ..form() };
    desk.client.capture_lead(other).await.unwrap();
    until("both mails arrive", async || smtp.mails().len() == 2).await;
    let mails = smtp.mails();
    let mail = mails.iter().find(|it| it.to[0].to_lowercase().contains("smith")).unwrap();
    let confirm = ConfirmLeadRequest {
        token: mail.after(CONFIRM),
        ip_address: ADDRESS.into(),
        user_agent: AGENT.into(),
        request_id: uuid(),
    };
    desk.client.confirm_lead(confirm).await.unwrap();
    let page = RecordLeadActivityRequest {
        attributes: [("path".to_owned(), "/?a=canary-secret".to_owned())].into(),
        mail_click: Some(MailClick {
            message_id: "m1".into(),
            link: "https://shop.example/?a=canary-secret".into(),
            link_count: 3,
            delivered_time: Some(prost_types::Timestamp { seconds: now() - 60, nanos: 0 }),
            ip_address: ADDRESS.into(),
        }),
        ..activity(&lead, "click")
    };
    desk.client.record_lead_activity(page).await.unwrap();
    let back = AdvanceLeadStageRequest {
        lead_id: lead.clone(),
        to_stage: LeadStage::Subscriber.into(),
        actor: "crm".into(),
        reason: "canary-secret asked for it".into(),
        request_id: uuid(),
        ..Default::default()
    };
    desk.client.advance_lead_stage(back).await.unwrap();
    let update = UpdateLeadRequest {
        lead_id: lead.clone(),
        email: format!("second.{EMAIL}"),
        profile: Some(profile()),
        request_id: uuid(),
        ..Default::default()
    };
    desk.client.update_lead(update).await.unwrap();
    tell(desk, &[customer("cus_1", &format!("second.{EMAIL}"), now())]).await;
    lead
}

/// Whatever reads is asked.
async fn read(desk: &mut Desk, lead: &str) {
    let client = &mut desk.client;
    let named = GetLeadRequest { email: OTHER.into(), ..Default::default() };
    client.get_lead(named).await.unwrap();
    let all = ListLeadsRequest { include_score: true, ..Default::default() };
    assert_eq!(client.list_leads(all).await.unwrap().into_inner().leads.len(), 2);
    let asked = ValidateEmailRequest { email: EMAIL.into(), skip_dns: false };
    client.validate_email(asked).await.unwrap();
    client.score_lead(score(lead)).await.unwrap();
    client.list_lead_stages(ListLeadStagesRequest { lead_id: lead.into() }).await.unwrap();
    client.get_lead_analytics(GetLeadAnalyticsRequest::default()).await.unwrap();
    let asked = ExportPersonRequest { person: person(Key::Email(OTHER.into())) };
    let json = client.export_person(asked).await.unwrap().into_inner().json;
    for word in ["Canary Smith", "canary-secret", PHONE, ADDRESS, AGENT] {
        assert!(json.contains(word), "{word} is held: {json}");
    }
    let model = client.get_scoring_model(GetScoringModelRequest::default()).await.unwrap();
    let model = model.into_inner().model;
    client
        .update_scoring_model(UpdateScoringModelRequest { model, request_id: uuid() })
        .await
        .unwrap();
}

/// And whatever ends.
async fn end(desk: &mut Desk, lead: &str) {
    let sold = MarkConversionRequest {
        lead_id: lead.into(),
        customer_id: "crm-4711".into(),
        request_id: uuid(),
        ..Default::default()
    };
    desk.client.mark_conversion(sold).await.unwrap();
    let leave = WithdrawConsentRequest { lead_id: lead.into(), ..Default::default() };
    let leave = WithdrawConsentRequest { request_id: uuid(), ..leave };
    desk.client.withdraw_consent(leave).await.unwrap();
    let erase = ErasePersonRequest { person: person(Key::Email(OTHER.into())), request_id: uuid() };
    desk.client.erase_person(erase).await.unwrap();
}

/// All that a refusal says.
fn said<T: Debug>(answer: Result<Response<T>, Status>) -> String {
    let status = answer.unwrap_err();
    format!("{status:?} {status} {}", String::from_utf8_lossy(status.details()))
}

/// What refusals say of leads that cannot be, and name a person.
async fn refuse_leads(desk: &mut Desk, lead: &str) -> Vec<String> {
    let client = &mut desk.client;
    let wrong = format!("{EMAIL}@");
    let long = LeadProfile { name: "canary-secret ".repeat(500), ..profile() };
    let consent = ConsentRequest { ip_address: "canary-secret".into(), ..newsletter() };
    let captures = [
        capture(&wrong),
        capture(OTHER),
        CaptureLeadRequest { profile: Some(long.clone()), ..form() },
        CaptureLeadRequest { consent: Some(consent), ..form() },
    ];
    let update =
        || UpdateLeadRequest { lead_id: lead.into(), request_id: uuid(), ..Default::default() };
    let updates = [
        UpdateLeadRequest { email: wrong.clone(), ..update() },
        UpdateLeadRequest { email: OTHER.into(), ..update() },
        UpdateLeadRequest { profile: Some(long), ..update() },
    ];
    let mut heard = Vec::new();
    for asked in captures {
        heard.push(said(client.capture_lead(asked).await));
    }
    for asked in updates {
        heard.push(said(client.update_lead(asked).await));
    }
    for email in [wrong, format!("stranger.{EMAIL}")] {
        heard.push(said(client.get_lead(GetLeadRequest { email, ..Default::default() }).await));
    }
    heard
}

/// What refusals say of acts that cannot be, and name a person.
async fn refuse_acts(desk: &mut Desk, lead: &str) -> Vec<String> {
    let client = &mut desk.client;
    let attributes = (0..2_000).map(|it| (format!("canary-secret {it}"), "x".into())).collect();
    let record = RecordLeadActivityRequest { attributes, ..activity(lead, "page") };
    let advance = AdvanceLeadStageRequest {
        lead_id: lead.into(),
        to_stage: LeadStage::Lead.into(),
        actor: "crm".into(),
        reason: "canary-secret ".repeat(500),
        request_id: uuid(),
        ..Default::default()
    };
    let confirm = ConfirmLeadRequest {
        token: "canary-secret".into(),
        ip_address: ADDRESS.into(),
        user_agent: AGENT.into(),
        request_id: uuid(),
    };
    let mut heard = vec![
        said(client.record_lead_activity(record).await),
        said(client.advance_lead_stage(advance).await),
        said(client.confirm_lead(confirm).await),
    ];
    for email in [format!("{EMAIL}@"), format!("stranger.{EMAIL}")] {
        let person = person(Key::Email(email));
        let asked = ExportPersonRequest { person: person.clone() };
        heard.push(said(client.export_person(asked).await));
        let asked = ErasePersonRequest { person, request_id: uuid() };
        heard.push(said(client.erase_person(asked).await));
    }
    heard
}

/// Forms of the web, right and wrong, from behind a proxy, and webhooks that cannot be read; answers
/// what they are told.
async fn post(desk: &Desk) -> Vec<String> {
    let headers = [
        ("content-type", "application/x-www-form-urlencoded"),
        ("x-forwarded-for", ADDRESS),
        ("user-agent", AGENT),
        ("referer", "https://shop.example/?a=canary-secret"),
    ];
    let rest = "name=Canary+Smith&phone=555017734&plan=canary-secret&consent_purpose=newsletter";
    let mut told = Vec::new();
    for (email, status) in [
        ("form.Canary.Smith%40shop.example", 202),
        ("Canary.Smith%40%40shop.example", 400),
        ("Ca.Nary.Wren%40gmail.com", 202),
    ] {
        let body = format!("email={email}&{rest}&consent_text=Yes");
        let page = desk.ask("POST", "/revenue/leads", &headers, body).await;
        assert_eq!(page.status, status, "{page:?}");
        told.push(page.body);
    }
    for page in ["confirm", "unsubscribe"] {
        let path = format!("/revenue/leads/{page}/canary-secret");
        for method in ["GET", "POST"] {
            told.push(desk.ask(method, &path, &headers, "").await.body);
        }
    }
    let mut door = Door::connect(desk.server.http).await.unwrap();
    let cut = customer("cus_2", EMAIL, now());
    for body in [&cut[..cut.len() - 9], EMAIL.as_bytes()] {
        told.push(door.post(body).await.unwrap().body.to_string());
    }
    told
}

/// Every RPC of the service was answered at least once.
fn all_were_called(metrics: &str) {
    for method in Contract::read().methods("LeadService") {
        let answered = |line: &&str| {
            line.starts_with("grpc_requests_total{")
                && line.contains(&format!("\"{method}\""))
                && line.contains("code=\"ok\"")
        };
        assert!(metrics.lines().any(|line| answered(&line)), "{method} was never called here");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_rpc_form_mail_or_webhook_leaves_a_readable_word_of_a_person_anywhere() {
    let canaries = Canaries::of(&WORDS);
    for house in House::all() {
        let smtp = Smtp::open().await;
        let mut desk = noisy(&house, &smtp).await;
        let lead = live(&mut desk, &smtp).await;
        read(&mut desk, &lead).await;
        smtp.refuse(Some("550 5.1.1 Canary.Smith: nobody here"));
        end(&mut desk, &lead).await;
        let mut told = refuse_leads(&mut desk, &lead).await;
        told.extend(refuse_acts(&mut desk, &lead).await);
        told.extend(post(&desk).await);
        for told in told {
            canaries.are_silent_in("an answer", told.as_bytes());
        }
        let dead = "select count(*) as n from outbox where state = 'dead'";
        until("a mail is given up", async || desk.count(dead).await > 0).await;
        let metrics = desk.ask("GET", "/metrics", &[], "").await.body;
        all_were_called(&metrics);
        canaries.are_silent_in("metrics", metrics.as_bytes());
        Contract::read().call_all(&desk.server.channel().await, EMAIL).await;
        let Desk { server, database, .. } = desk;
        let log = server.kill();
        assert!(log.contains("DEBUG"), "{log}");
        canaries.are_silent_in("log", log.as_bytes());
        let contents = house.contents();
        for (name, bytes) in &contents {
            canaries.are_silent_in(name, bytes);
        }
        // Whoever listens would hear one.
        let plant = "insert into privacy (name, value) values ('planted', 'for CANARY-SECRET')";
        database.write.execute_unprepared(plant).await.unwrap();
        let contents = house.contents();
        let heard = contents.iter().filter(|(_, bytes)| !canaries.heard(bytes).is_empty());
        let heard: Vec<&str> = heard.map(|(name, _)| name.as_str()).collect();
        println!("{}: planted, it sings in {heard:?} of {}", house.place.kind(), contents.len());
        assert!(!heard.is_empty());
    }
}
