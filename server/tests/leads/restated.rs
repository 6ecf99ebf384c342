//! What is learned later, or taken back, restates what became of a lead.

use crate::common::door::now;
use crate::conversions::{customer, purchase, tell};
use crate::desk::{Desk, capture, places, until, uuid};
use crate::events::{Purchase, event};
use crate::partners::{click, link, partner, program};
use prost_types::Timestamp;
use sea_orm::ConnectionTrait;
use serde_json::json;
use std::time::Duration;
use takings::v1::affiliate_service_client::AffiliateServiceClient;
use takings::v1::*;
use takings_migrations::{Migrator, MigratorTrait};
use takings_server::db::Database;
use tokio::task::JoinSet;

fn time(seconds: i64) -> Option<Timestamp> {
    Some(Timestamp { seconds, nanos: 0 })
}

/// A capture of so many seconds ago.
async fn captured(desk: &mut Desk, email: &str, at: i64) -> Lead {
    let asked = CaptureLeadRequest { occurred_time: time(at), ..capture(email) };
    desk.client.capture_lead(asked).await.unwrap().into_inner().lead.unwrap()
}

async fn stands(desk: &Desk, lead_id: &str, stage: LeadStage, customer: &str) {
    let (client, lead_id) = (desk.client.clone(), lead_id.to_owned());
    until(&format!("the lead stands as {stage:?} of {customer}"), async move || {
        let asked = GetLeadRequest { lead_id: lead_id.clone(), ..Default::default() };
        let lead = client.clone().get_lead(asked).await.unwrap().into_inner().lead.unwrap();
        let id = lead.conversion.as_ref().map_or("", |it| it.customer_id.as_str());
        lead.stage() == stage && id == customer
    })
    .await;
}

fn by_email(email: &str) -> Option<PersonKey> {
    let key = Some(person_key::Key::Email(email.to_owned()));
    Some(PersonKey { key, ..PersonKey::default() })
}

/// A bank debit of an order, as it stood so many seconds after it was taken for paid.
fn debit(of: &Purchase<'_>, later: i64, status: &str) -> Vec<u8> {
    let paid = status == "succeeded";
    let charge = json!({
        "id": format!("py_{}", of.n), "object": "charge", "created": of.at,
        "customer": of.customer, "amount": of.amount, "paid": paid, "captured": paid,
        "amount_captured": if paid { of.amount } else { 0 }, "status": status, "currency": "usd",
        "payment_intent": format!("pi_{}", of.n),
    });
    event(&format!("{}_{status}", of.n), &format!("charge.{status}"), of.at + later, charge)
}

/// The Checkout session of that order.
fn order(of: &Purchase<'_>) -> Vec<u8> {
    let session = json!({
        "id": format!("cs_{}", of.n), "object": "checkout.session", "created": of.at,
        "mode": "payment", "status": "complete", "payment_status": "paid",
        "customer": of.customer, "payment_intent": format!("pi_{}", of.n),
        "amount_total": of.amount, "currency": "usd", "discounts": [],
    });
    event(&format!("{}_order", of.n), "checkout.session.completed", of.at, session)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_payment_that_failed_makes_nobody_a_customer_whenever_that_is_learned() {
    for place in places("leads_debit") {
        let mut desk = Desk::open(&place).await;
        let at = now() - 600;
        let lead = captured(&mut desk, "anna@shop.example", at - 60).await.lead_id;
        let paid = purchase("1", "cus_1", at);
        tell(&desk, &[customer("cus_1", "anna@shop.example", at)]).await;
        tell(&desk, &[order(&paid), debit(&paid, 0, "succeeded")]).await;
        stands(&desk, &lead, LeadStage::Customer, "cus_1").await;
        let mark = MarkConversionRequest {
            lead_id: lead.clone(),
            customer_id: "crm-7".into(),
            converted_time: time(at + 30),
            request_id: uuid(),
        };
        let marked = desk.client.mark_conversion(mark).await.unwrap().into_inner().lead.unwrap();
        assert_eq!(marked.conversion.unwrap().customer_id, "cus_1", "Stripe's word goes before");
        tell(&desk, &[debit(&paid, 60, "failed")]).await;
        stands(&desk, &lead, LeadStage::Customer, "crm-7").await;
        let other = captured(&mut desk, "bert@shop.example", at - 60).await.lead_id;
        let bounced = purchase("2", "cus_2", at);
        tell(&desk, &[customer("cus_2", "bert@shop.example", at)]).await;
        tell(&desk, &[order(&bounced), debit(&bounced, 0, "succeeded")]).await;
        stands(&desk, &other, LeadStage::Customer, "cus_2").await;
        tell(&desk, &[debit(&bounced, 60, "failed")]).await;
        stands(&desk, &other, LeadStage::Opportunity, "").await;
        let asked = GetLeadAnalyticsRequest::default();
        let counted = desk.client.get_lead_analytics(asked).await.unwrap().into_inner();
        let total = counted.total.unwrap();
        let converted = total.converted.unwrap();
        assert_eq!((converted.part, converted.whole), (1, 2), "neither was a customer before");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_customer_who_takes_another_address_is_still_who_the_lead_became() {
    for place in places("leads_moved") {
        let mut desk = Desk::open(&place).await;
        let at = now() - 600;
        let moved = |id: &str, email: &str| {
            let customer = json!({
                "id": id, "object": "customer", "created": at, "email": email,
                "livemode": true, "balance": 0, "currency": "usd", "metadata": {},
            });
            event(&format!("{id}_moved"), "customer.updated", at + 100, customer)
        };
        for (n, id, late) in [("1", "cus_1", false), ("2", "cus_2", true)] {
            let (old, new) = (format!("{id}@old.example"), format!("{id}@new.example"));
            let lead = captured(&mut desk, &old, at - 60).await.lead_id;
            let first = [customer(id, &old, at), moved(id, &new)];
            let (told, later) =
                if late { (&first[1..], &first[..1]) } else { (&first[..], &[][..]) };
            tell(&desk, told).await;
            tell(&desk, &purchase(n, id, at + 10).whole(None)).await;
            tell(&desk, later).await;
            stands(&desk, &lead, LeadStage::Customer, id).await;
            let found = ExportPersonRequest { person: by_email(&old) };
            let json = desk.client.export_person(found).await.unwrap().into_inner().json;
            assert!(json.contains(&new), "{json}");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_earlier_capture_that_is_learned_late_restates_who_brought_the_customer() {
    for place in places("leads_late_capture") {
        let mut desk = Desk::open(&place).await;
        let mut affiliates = AffiliateServiceClient::new(desk.server.channel().await);
        let made = affiliates.create_program(program()).await.unwrap().into_inner();
        let program = made.program.unwrap().program_id;
        let made = affiliates.create_partner(partner(&program, "grace@partners.example")).await;
        let partner_id = made.unwrap().into_inner().partner.unwrap().partner_id;
        affiliates.create_affiliate_link(link(&partner_id, "anna")).await.unwrap();
        let tracked = affiliates.track_click(click("anna", "203.0.113.2")).await.unwrap();
        let click_id = tracked.into_inner().click_id;
        tokio::time::sleep(Duration::from_millis(1_100)).await;
        let asked = CaptureLeadRequest { click_id, ..capture("anna@shop.example") };
        desk.client.capture_lead(asked).await.unwrap();
        tokio::time::sleep(Duration::from_millis(1_100)).await;
        let at = now();
        tell(&desk, &[customer("cus_1", "anna@shop.example", at)]).await;
        tell(&desk, &purchase("1", "cus_1", at).whole(None)).await;
        let earned = async |minor: i64| {
            let asked =
                ListCommissionsRequest { partner_id: partner_id.clone(), ..Default::default() };
            let found = affiliates.clone().list_commissions(asked).await.unwrap().into_inner();
            let amounts = found.commissions.iter().map(|it| it.amount.as_ref().unwrap());
            amounts.map(|it| it.amount_minor).sum::<i64>() == minor
        };
        until("the partner has earned", async || earned(2_000).await).await;
        // The person had filled in a form before the click: no click brought the lead.
        captured(&mut desk, "anna@shop.example", at - 3_600).await;
        until("nobody brought the customer", async || earned(0).await).await;
        assert_eq!(desk.count("select count(*) as n from touches").await, 0);
        crate::common::process::verified_hash(&place);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_checkout_counts_since_the_capture_whatever_was_begun_before() {
    let place = &places("leads_sessions")[0];
    let mut desk = Desk::open(place).await;
    let at = now() - 600;
    let session = |n: &str, at: i64, kind: &str, status: &str| {
        let session = json!({
            "id": format!("cs_{n}"), "object": "checkout.session", "created": at, "mode": "payment",
            "status": status, "payment_status": "unpaid", "customer": "cus_1",
            "amount_total": 100, "currency": "usd", "discounts": [],
        });
        event(&format!("{n}_session"), kind, at, session)
    };
    let old = session("old", at - 1_000, "checkout.session.expired", "expired");
    tell(&desk, &[customer("cus_1", "anna@shop.example", at - 2_000), old]).await;
    let lead = captured(&mut desk, "anna@shop.example", at).await.lead_id;
    until("nothing is marked", async || {
        desk.count("select count(*) as n from changed_people").await == 0
    })
    .await;
    assert_eq!(desk.get(&lead).await.stage(), LeadStage::Lead);
    tell(&desk, &[session("new", at + 60, "checkout.session.completed", "complete")]).await;
    stands(&desk, &lead, LeadStage::Opportunity, "").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn captures_in_any_order_leave_the_same_lead() {
    let place = &places("leads_late_forms")[0];
    let mut desk = Desk::open(place).await;
    let at = now() - 1_000;
    let form = |email: &str, second: i64, role: &str, newsletter_only: bool| CaptureLeadRequest {
        occurred_time: time(at + second),
        newsletter_only,
        profile: Some(LeadProfile { role: role.into(), ..Default::default() }),
        ..capture(email)
    };
    let mut found = Vec::new();
    for (number, order) in
        [[0, 1, 2, 3], [1, 3, 2, 0], [3, 2, 1, 0], [0, 3, 1, 2]].into_iter().enumerate()
    {
        let email = format!("lead{number}@shop.example");
        let forms = [
            form(&email, 5, "Student", true),
            form(&email, 10, "Analyst", false),
            form(&email, 15, "Head of Sales", false),
            form(&email, 20, "", false),
        ];
        for place in order {
            desk.client.capture_lead(forms[place].clone()).await.unwrap();
        }
        let asked = GetLeadRequest { email, ..Default::default() };
        let lead = desk.client.get_lead(asked).await.unwrap().into_inner().lead.unwrap();
        let asked = ListLeadStagesRequest { lead_id: lead.lead_id.clone() };
        let way = desk.client.list_lead_stages(asked).await.unwrap().into_inner().transitions;
        let steps =
            way.iter().map(|it| (it.rule.clone(), it.transition_time.unwrap().seconds - at));
        let role = lead.profile.unwrap().role;
        found.push((role, lead.captured_time.unwrap().seconds - at, steps.collect::<Vec<_>>()));
    }
    let steps = vec![("subscribed".to_owned(), 5), ("captured".to_owned(), 10)];
    assert!(found.iter().all(|it| *it == ("Head of Sales".into(), 5, steps.clone())), "{found:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_is_erased_while_forms_arrive_is_not_kept_again() {
    for place in places("leads_erased_meanwhile") {
        let mut desk = Desk::open(&place).await;
        for round in 0..12 {
            let email = format!("anna{round}@shop.example");
            desk.capture(&email).await;
            let mut callers = JoinSet::new();
            for _ in 0..6 {
                let (mut client, asked) = (desk.client.clone(), capture(&email));
                callers.spawn(async move { client.capture_lead(asked).await.map(drop) });
            }
            let asked = ErasePersonRequest { person: by_email(&email), request_id: uuid() };
            desk.client.erase_person(asked).await.unwrap();
            callers.join_all().await;
        }
        let kept =
            desk.count("select count(*) as n from leads where email_index is not null").await;
        assert_eq!(kept, 0, "on {}", place.kind());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_was_a_customer_before_that_was_told_apart_still_is() {
    for place in places("leads_payers_upgrade") {
        let options = crate::common::options(place.url.clone());
        let database = Database::open(&options).await.unwrap();
        Migrator::up(&database.write, Some(19)).await.unwrap();
        let mut text = String::new();
        for (lead, mailbox) in [("lead_new", "'a'"), ("lead_known", "'b'"), ("lead_gone", "null")] {
            text += &format!(
                "insert into leads (id, email_index, source, campaign, referrer_host, verdict,
                     reasons, stage, unsubscribe_hash, captured_at, recorded_at, updated_at)
                 values ('{lead}', {mailbox}, 'web', '', '', 'ok', '', 'customer', '{lead}', 5, 5, 5);
                 insert into lead_steps (id, lead, stepped_at, recorded_at, rule, stage)
                 values ('{lead}:paid', '{lead}', 7, 7, 'paid', 'customer');"
            );
        }
        text +=
            "insert into lead_conversions (lead, revision, converted_at, automatic, recorded_at)
                 values ('lead_new', 1, 7, 1, 7);
                 insert into people (subject, email_index) values ('lead:lead_new', 'a');
                 insert into people (subject, email_index) values ('lead:lead_gone', null)";
        database.write.execute_unprepared(&text).await.unwrap();
        Migrator::up(&database.write, None).await.unwrap();
        let all = "select lead || ' ' || cast(paid_at as text) || ' ' ||
                          coalesce(cast(converted_at as text), '-') as it
                   from lead_conversions order by lead";
        let found = crate::common::rows(&database, all).await;
        let found: Vec<String> = found.iter().map(|row| row.try_get("", "it").unwrap()).collect();
        assert_eq!(found, ["lead_gone 7 -", "lead_known 7 -", "lead_new 7 7"]);
        let marked = "select email_index as it from changed_people order by 1";
        let marked = crate::common::rows(&database, marked).await;
        assert_eq!(marked.len(), 2, "on {}", place.kind());
        let people = crate::common::rows(&database, "select subject as it from people").await;
        assert_eq!(people.len(), 1);
    }
}
