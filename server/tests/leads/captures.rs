//! Captures: one mailbox is one lead, and what is stored is what is read.

use crate::desk::{Desk, capture, places, uuid, why};
use takings::v1::*;
use tonic::Code;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_form_says_is_what_is_read_and_the_first_origin_stays() {
    for place in places("leads_capture") {
        let mut desk = Desk::open(&place).await;
        let profile = LeadProfile {
            name: "Anna Smith".into(),
            phone: "+49 30 1".into(),
            role: "Head of Sales".into(),
            company_size: Some(40),
            country: "DE".into(),
            attributes: [("plan".to_owned(), "pro".to_owned())].into(),
        };
        let campaign = Campaign {
            source: "google".into(),
            medium: "cpc".into(),
            name: "spring".into(),
            term: "shoes".into(),
            content: "b".into(),
        };
        let first = CaptureLeadRequest {
            profile: Some(profile.clone()),
            campaign: Some(campaign.clone()),
            referrer: "https://blog.example/shoes?mail=a@b.example".into(),
            ..capture("Anna@Shop.Example")
        };
        let made = desk.client.capture_lead(first).await.unwrap().into_inner();
        let lead = made.lead.unwrap();
        assert!(made.created);
        assert_eq!((lead.email.as_str(), lead.verdict()), ("Anna@shop.example", EmailVerdict::Ok));
        assert_eq!(lead.profile, Some(profile));
        assert_eq!(lead.campaign, Some(campaign.clone()));
        assert_eq!(
            (lead.source.as_str(), lead.referrer_host.as_str()),
            ("website", "blog.example")
        );
        assert_eq!(lead.stage(), LeadStage::Lead);
        let more = LeadProfile {
            role: "Owner".into(),
            attributes: [("team".to_owned(), "5".to_owned())].into(),
            ..Default::default()
        };
        let second = CaptureLeadRequest {
            source: "webinar".into(),
            profile: Some(more),
            ..capture("ANNA@shop.example")
        };
        let again = desk.client.capture_lead(second).await.unwrap().into_inner();
        let known = again.lead.unwrap();
        assert_eq!((again.created, &known.lead_id), (false, &lead.lead_id));
        let told = known.profile.unwrap();
        assert_eq!((told.name.as_str(), told.role.as_str()), ("Anna Smith", "Owner"));
        assert_eq!(told.attributes.len(), 2);
        assert_eq!((known.source.as_str(), known.campaign), ("website", Some(campaign)));
        let by_mailbox =
            GetLeadRequest { email: " anna@SHOP.example".into(), ..Default::default() };
        let found = desk.client.get_lead(by_mailbox).await.unwrap().into_inner().lead.unwrap();
        assert_eq!(found, desk.get(&lead.lead_id).await);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn addresses_that_differ_in_dots_plus_case_or_form_are_one_lead() {
    for place in places("leads_mailbox") {
        let mut desk = Desk::open(&place).await;
        let first = desk.capture("anna.smith@gmail.com").await.lead_id;
        for email in
            ["annasmith@gmail.com", "Anna.Smith@GMAIL.com", "a.n.n.a.smith+news@googlemail.com"]
        {
            assert_eq!(desk.capture(email).await.lead_id, first, "{email}");
        }
        let composed = desk.capture("jürgen@bücher.example").await.lead_id;
        let decomposed = desk.capture("ju\u{308}rgen@xn--bcher-kva.example").await.lead_id;
        assert_eq!(composed, decomposed);
        assert_ne!(desk.capture("annasmith@shop.example").await.lead_id, first);
        assert_eq!(desk.count("select count(*) as n from leads").await, 3);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn fifty_captures_at_once_are_one_lead() {
    for place in places("leads_at_once") {
        let desk = Desk::open(&place).await;
        let mut callers = tokio::task::JoinSet::new();
        for _ in 0..50 {
            let mut client = desk.client.clone();
            callers.spawn(async move {
                let answer = client.capture_lead(capture("anna@shop.example")).await.unwrap();
                let answer = answer.into_inner();
                (answer.created, answer.lead.unwrap().lead_id)
            });
        }
        let mut answers = Vec::new();
        while let Some(answer) = callers.join_next().await {
            answers.push(answer.unwrap());
        }
        assert_eq!(answers.iter().filter(|(created, _)| *created).count(), 1, "{}", place.kind());
        assert!(answers.iter().all(|(_, id)| *id == answers[0].1));
        assert_eq!(desk.count("select count(*) as n from leads").await, 1);
        assert_eq!(desk.count("select count(*) as n from lead_activities").await, 50);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_captures_in_any_order_the_earliest_is_the_origin() {
    let place = &places("leads_late")[0];
    let mut desk = Desk::open(place).await;
    let at = |seconds| Some(prost_types::Timestamp { seconds, nanos: 0 });
    let said = |source: &str, seconds| CaptureLeadRequest {
        source: source.into(),
        occurred_time: at(seconds),
        ..capture("anna@shop.example")
    };
    for (source, seconds) in [("second", 1_780_000_200), ("first", 1_780_000_100)] {
        desk.client.capture_lead(said(source, seconds)).await.unwrap();
    }
    let last = desk.client.capture_lead(said("third", 1_780_000_300)).await.unwrap();
    let lead = last.into_inner().lead.unwrap();
    assert_eq!((lead.source.as_str(), lead.captured_time), ("first", at(1_780_000_100)));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_update_changes_what_it_names_and_takes_no_mailbox_from_others() {
    for place in places("leads_update") {
        let mut desk = Desk::open(&place).await;
        let anna = desk.capture("anna@shop.example").await;
        desk.capture("bert@shop.example").await;
        let mask = |paths: &[&str]| {
            let paths = paths.iter().map(|it| (*it).to_owned()).collect();
            Some(prost_types::FieldMask { paths })
        };
        let update = UpdateLeadRequest {
            lead_id: anna.lead_id.clone(),
            profile: Some(LeadProfile { name: "Anna".into(), ..Default::default() }),
            request_id: uuid(),
            ..Default::default()
        };
        let named = desk.client.update_lead(update.clone()).await.unwrap().into_inner();
        assert_eq!(named.lead.unwrap().profile.unwrap().name, "Anna");
        let taken = UpdateLeadRequest {
            email: "BERT@shop.example".into(),
            request_id: uuid(),
            ..update.clone()
        };
        let status = desk.client.update_lead(taken).await.unwrap_err();
        assert_eq!(why(&status), (Code::AlreadyExists, "LEAD_EMAIL_TAKEN".into()));
        let moved = UpdateLeadRequest {
            email: "anna@office.example".into(),
            profile: None,
            update_mask: mask(&["email", "profile.name"]),
            request_id: uuid(),
            ..update
        };
        let lead = desk.client.update_lead(moved).await.unwrap().into_inner().lead.unwrap();
        assert_eq!(lead.email, "anna@office.example");
        assert_eq!(lead.profile.unwrap().name, "", "named and empty");
        let other = desk.capture("anna@shop.example").await;
        assert_ne!(other.lead_id, anna.lead_id, "the former mailbox is free");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn leads_are_listed_newest_first_by_stage_source_time_and_score() {
    for place in places("leads_list") {
        let mut desk = Desk::open(&place).await;
        let mut made = Vec::new();
        for number in 0..5 {
            let source = if number % 2 == 0 { "even" } else { "odd" };
            let request = CaptureLeadRequest {
                source: source.into(),
                newsletter_only: number == 0,
                ..capture(&format!("lead{number}@shop.example"))
            };
            made.push(desk.client.capture_lead(request).await.unwrap().into_inner().lead.unwrap());
        }
        for lead in &mut made[1..] {
            desk.act(&lead.lead_id, "form").await;
            *lead = desk.get(&lead.lead_id).await;
        }
        made.reverse();
        let mut list = async |asked: ListLeadsRequest| {
            desk.client.list_leads(asked).await.unwrap().into_inner()
        };
        let first = list(ListLeadsRequest { page_size: 2, ..Default::default() }).await;
        assert_eq!(first.leads, made[..2]);
        let token = first.next_page_token;
        let next =
            ListLeadsRequest { page_size: 2, page_token: token.clone(), ..Default::default() };
        assert_eq!(list(next).await.leads, made[2..4]);
        let ids = |leads: &[Lead]| leads.iter().map(|it| it.lead_id.clone()).collect::<Vec<_>>();
        let odd = list(ListLeadsRequest { source: "odd".into(), ..Default::default() }).await;
        assert_eq!(ids(&odd.leads), [made[1].lead_id.clone(), made[3].lead_id.clone()]);
        let stages = vec![LeadStage::Subscriber.into()];
        let subscribers = list(ListLeadsRequest { stages, ..Default::default() }).await;
        assert_eq!(ids(&subscribers.leads), [made[4].lead_id.clone()]);
        let scored = list(ListLeadsRequest {
            minimum_engagement: "49".into(),
            page_size: 3,
            ..Default::default()
        });
        let scored = scored.await;
        assert_eq!(ids(&scored.leads), ids(&made[..3]));
        assert!(scored.leads.iter().all(|it| it.score.as_ref().unwrap().label == "A1"));
        let rest = ListLeadsRequest {
            minimum_engagement: "49".into(),
            page_size: 3,
            page_token: scored.next_page_token,
            ..Default::default()
        };
        let rest = list(rest).await;
        assert_eq!((ids(&rest.leads), rest.next_page_token), (ids(&made[3..4]), String::new()));
        let none = ListLeadsRequest { minimum_fit: "21".into(), ..Default::default() };
        assert!(list(none).await.leads.is_empty());
        let other =
            ListLeadsRequest { source: "odd".into(), page_token: token, ..Default::default() };
        let status = desk.client.list_leads(other).await.unwrap_err();
        assert_eq!(why(&status), (Code::InvalidArgument, "INVALID_PAGE_TOKEN".into()));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_address_is_judged_with_codes_and_a_suggestion() {
    let place = &places("leads_validate")[0];
    let mut desk = Desk::open(place).await;
    let cases = [
        ("anna@shop.example", EmailVerdict::Ok, "", ""),
        ("anna@gmal.com", EmailVerdict::Risky, "typo", "anna@gmail.com"),
        ("anna@mailinator.com", EmailVerdict::Risky, "disposable", ""),
        ("x7@privaterelay.appleid.com", EmailVerdict::Ok, "relay", ""),
        ("info@gmail.com", EmailVerdict::Ok, "role free_provider", ""),
        ("anna@", EmailVerdict::Invalid, "domain_empty", ""),
    ];
    for (email, verdict, reasons, suggestion) in cases {
        let asked = ValidateEmailRequest { email: email.into(), skip_dns: false };
        let answer = desk.client.validate_email(asked).await.unwrap().into_inner();
        let found = answer.validation.unwrap();
        assert_eq!((found.verdict(), found.reasons.join(" ")), (verdict, reasons.to_owned()));
        assert_eq!((found.suggestion.as_str(), found.dns_checked), (suggestion, false), "{email}");
    }
}
