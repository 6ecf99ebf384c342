//! Conversions: by themselves, when whoever has the mailbox pays at Stripe, in whatever order that is
//! learned.

use crate::common::door::{Door, now};
use crate::desk::{Desk, capture, places, until, uuid, why};
use crate::events::{Purchase, event};
use crate::partners::{BROWSER, link, partner, program};
use serde_json::json;
use takings::v1::affiliate_service_client::AffiliateServiceClient;
use takings::v1::*;
use tonic::Code;

/// What Stripe says of a customer.
pub fn customer(id: &str, email: &str, at: i64) -> Vec<u8> {
    let customer = json!({
        "id": id, "object": "customer", "created": at, "email": email, "name": "Anna Smith",
        "livemode": true, "balance": 0, "currency": "usd", "metadata": {},
    });
    event(&format!("{id}_created"), "customer.created", at, customer)
}

/// A purchase for 100 dollars.
pub fn purchase(n: &'static str, customer: &'static str, at: i64) -> Purchase<'static> {
    Purchase { n, customer, at, amount: 10_000 }
}

/// Sends events to the webhook door.
pub async fn tell(desk: &Desk, events: &[Vec<u8>]) {
    let mut door = Door::connect(desk.server.http).await.unwrap();
    for event in events {
        assert!(door.post(event).await.unwrap().acknowledges());
    }
}

async fn converted(desk: &mut Desk, lead: &str) -> Lead {
    for _ in 0..600 {
        let found = desk.get(lead).await;
        if found.conversion.is_some() {
            return found;
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    panic!("the lead never converted: {}", desk.server.log());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lead_a_click_a_checkout_and_an_invoice_are_one_funnel_and_attributed() {
    for place in places("leads_funnel") {
        let mut desk = Desk::open(&place).await;
        let mut affiliates = AffiliateServiceClient::new(desk.server.channel().await);
        let made = affiliates.create_program(program()).await.unwrap().into_inner();
        let program = made.program.unwrap().program_id;
        let made = affiliates.create_partner(partner(&program, "grace@partners.example")).await;
        let partner = made.unwrap().into_inner().partner.unwrap().partner_id;
        affiliates.create_affiliate_link(link(&partner, "anna")).await.unwrap();
        let page = desk.ask("GET", "/r/anna", &[BROWSER], "").await;
        let location = page.header("location");
        let click = location.split_once("tk_click=").unwrap().1.split(['&', '#']).next().unwrap();
        until("the click is stored", async || {
            desk.count("select count(*) as n from clicks").await == 1
        })
        .await;
        let asked = CaptureLeadRequest { click_id: click.into(), ..capture("anna@shop.example") };
        let lead = desk.client.capture_lead(asked).await.unwrap().into_inner().lead.unwrap();
        assert_eq!(lead.click_id, click);
        // Stripe tells whole seconds: a sale of the click's own second would lie before it.
        tokio::time::sleep(std::time::Duration::from_millis(1_100)).await;
        let at = now();
        let mut events = vec![customer("cus_1", "Anna@Shop.example", at)];
        // The session names no click: the lead is all that tells who brought the customer.
        events.extend(purchase("1", "cus_1", at).whole(None));
        tell(&desk, &events).await;
        let lead = converted(&mut desk, &lead.lead_id).await;
        let conversion = lead.conversion.clone().unwrap();
        assert!(conversion.automatic);
        assert_eq!((conversion.customer_id.as_str(), lead.stage()), ("cus_1", LeadStage::Customer));
        let asked = ListLeadStagesRequest { lead_id: lead.lead_id.clone() };
        let way = desk.client.list_lead_stages(asked).await.unwrap().into_inner().transitions;
        let rules: Vec<&str> = way.iter().map(|it| it.rule.as_str()).collect();
        assert_eq!(rules, ["captured", "checkout_started", "paid"]);
        let earned = ListCommissionsRequest { partner_id: partner, ..Default::default() };
        until("the partner has earned", async || {
            let mut affiliates = affiliates.clone();
            let found = affiliates.list_commissions(earned.clone()).await.unwrap().into_inner();
            let amounts =
                found.commissions.iter().map(|it| it.amount.as_ref().unwrap().amount_minor);
            amounts.collect::<Vec<_>>() == [2_000]
        })
        .await;
        let metrics = desk.ask("GET", "/metrics", &[], "").await.body;
        assert!(metrics.contains("lead_conversion_rate 1"), "{metrics}");
        crate::common::process::verified_hash(&place);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn in_whatever_order_it_is_learned_the_lead_converts_at_the_first_payment() {
    let place = &places("leads_orders")[0];
    let mut desk = Desk::open(place).await;
    let at = now();
    let captured = Some(prost_types::Timestamp { seconds: at - 1_000, nanos: 0 });
    let mut instants = Vec::new();
    for (number, order) in [[0, 1, 2], [2, 0, 1], [1, 2, 0], [2, 1, 0]].into_iter().enumerate() {
        let (n, id) = [("1", "cus_1"), ("2", "cus_2"), ("3", "cus_3"), ("4", "cus_4")][number];
        let email = format!("lead{number}@shop.example");
        let mut lead = String::new();
        for part in order {
            match part {
                0 => {
                    let asked = CaptureLeadRequest { occurred_time: captured, ..capture(&email) };
                    let answer = desk.client.capture_lead(asked).await.unwrap().into_inner();
                    lead = answer.lead.unwrap().lead_id;
                }
                1 => tell(&desk, &[customer(id, &email, at - 900)]).await,
                _ => tell(&desk, &purchase(n, id, at - 500).whole(None)).await,
            }
            tokio::time::sleep(std::time::Duration::from_millis(2_200)).await;
        }
        let lead = converted(&mut desk, &lead).await;
        instants.push(lead.conversion.unwrap().converted_time.unwrap().seconds - at);
    }
    assert_eq!(instants, [-500; 4]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_has_begun_a_checkout_is_about_to_buy() {
    for place in places("leads_checkout") {
        let mut desk = Desk::open(&place).await;
        let lead = desk.capture("anna@shop.example").await.lead_id;
        let at = now();
        let session = json!({
            "id": "cs_open", "object": "checkout.session", "created": at, "mode": "payment",
            "status": "expired", "payment_status": "unpaid", "customer": "cus_1",
            "amount_total": 10_000, "currency": "usd", "discounts": [],
        });
        let expired = event("cs_open", "checkout.session.expired", at, session);
        tell(&desk, &[customer("cus_1", "anna@shop.example", at), expired]).await;
        for _ in 0..300 {
            if desk.get(&lead).await.stage() == LeadStage::Opportunity {
                break;
            }
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        }
        let found = desk.get(&lead).await;
        assert_eq!((found.stage(), found.conversion), (LeadStage::Opportunity, None));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_had_paid_before_is_a_customer_and_no_conversion() {
    let place = &places("leads_customers")[0];
    let mut desk = Desk::open(place).await;
    let at = now();
    tell(&desk, &[customer("cus_1", "anna@shop.example", at - 900)]).await;
    tell(&desk, &purchase("1", "cus_1", at - 800).whole(None)).await;
    let lead = desk.capture("anna@shop.example").await.lead_id;
    for _ in 0..200 {
        if desk.get(&lead).await.stage() == LeadStage::Customer {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    let found = desk.get(&lead).await;
    assert_eq!((found.stage(), found.conversion), (LeadStage::Customer, None));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_marked_conversion_stands_until_payments_say_better() {
    for place in places("leads_marked") {
        let mut desk = Desk::open(&place).await;
        let at = now();
        let time = |seconds| Some(prost_types::Timestamp { seconds, nanos: 0 });
        let asked =
            CaptureLeadRequest { occurred_time: time(at - 900), ..capture("anna@shop.example") };
        let lead = desk.client.capture_lead(asked).await.unwrap().into_inner().lead.unwrap();
        let mark = MarkConversionRequest {
            lead_id: lead.lead_id.clone(),
            customer_id: "crm-7".into(),
            converted_time: time(at - 1_000),
            request_id: uuid(),
        };
        let status = desk.client.mark_conversion(mark.clone()).await.unwrap_err();
        assert_eq!(why(&status), (Code::InvalidArgument, "INVALID_RANGE".into()));
        let mark =
            MarkConversionRequest { converted_time: time(at - 100), request_id: uuid(), ..mark };
        let marked = desk.client.mark_conversion(mark.clone()).await.unwrap().into_inner();
        let again = desk.client.mark_conversion(mark).await.unwrap().into_inner();
        assert_eq!(again, marked);
        let conversion = marked.lead.unwrap().conversion.unwrap();
        assert_eq!((conversion.customer_id.as_str(), conversion.automatic), ("crm-7", false));
        tell(&desk, &[customer("cus_1", "anna@shop.example", at - 50)]).await;
        tell(&desk, &purchase("1", "cus_1", at - 50).whole(None)).await;
        for _ in 0..400 {
            if desk.get(&lead.lead_id).await.conversion.unwrap().automatic {
                break;
            }
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        }
        let conversion = desk.get(&lead.lead_id).await.conversion.unwrap();
        assert_eq!((conversion.customer_id.as_str(), conversion.automatic), ("cus_1", true));
    }
}
