//! A lead whom a robot's click brought speaks against the click's partner.

use crate::common::door::now;
use crate::desk::{Desk, capture, places, until, uuid};
use crate::partners::{click, link, partner, program};
use takings::v1::affiliate_service_client::AffiliateServiceClient;
use takings::v1::*;
use tonic::transport::Channel;

const ROBOT: &str = "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)";

/// A program in which one lead may come without a click, and a partner with the link `anna`.
async fn open(affiliates: &mut AffiliateServiceClient<Channel>) -> Partner {
    let mut asked = program();
    asked.terms.as_mut().unwrap().max_leads_without_click = Some(1);
    let program = affiliates.create_program(asked).await.unwrap().into_inner().program.unwrap();
    let asked = partner(&program.program_id, "grace@partners.example");
    let made = affiliates.create_partner(asked).await.unwrap().into_inner().partner.unwrap();
    affiliates.create_affiliate_link(link(&made.partner_id, "anna")).await.unwrap();
    made
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lead_by_a_robots_click_is_one_without_a_click() {
    for place in places("leads_clickless") {
        let mut desk = Desk::open(&place).await;
        let mut affiliates = AffiliateServiceClient::new(desk.server.channel().await);
        let made = open(&mut affiliates).await;
        let mut tracker = affiliates.clone();
        let mut clicks = async |address: &str, agent: &str| {
            let asked = TrackClickRequest { user_agent: agent.into(), ..click("anna", address) };
            tracker.track_click(asked).await.unwrap().into_inner().click_id
        };
        let robots = clicks("203.0.113.1", ROBOT).await;
        let persons = clicks("203.0.113.2", &click("anna", "").user_agent).await;
        for (email, click_id) in
            [("robot@shop.example", robots), ("anna@shop.example", persons.clone())]
        {
            let asked = CaptureLeadRequest { click_id, ..capture(email) };
            desk.client.capture_lead(asked).await.unwrap();
        }
        let clickless = "select count(*) as n from leads where unclicked_partner is not null";
        until("a click is judged", async || desk.count(clickless).await == 1).await;
        let told = ProcessConversionRequest {
            program_id: made.program_id.clone(),
            conversion_id: "order-1".into(),
            customer_id: "buyer-1".into(),
            partner_id: made.partner_id.clone(),
            paid_amount: Some(Money { amount_minor: 10_000, currency_code: "USD".into() }),
            paid_time: Some(prost_types::Timestamp { seconds: now() - 60, nanos: 0 }),
            request_id: uuid(),
            ..Default::default()
        };
        let answer = affiliates.process_conversion(told).await.unwrap().into_inner();
        assert_eq!(answer.commissions[0].state(), CommissionState::Held);
        let asked = ListFraudSignalsRequest { partner_id: made.partner_id, ..Default::default() };
        let found = affiliates.list_fraud_signals(asked).await.unwrap().into_inner().signals;
        let kinds: Vec<FraudKind> = found.iter().map(FraudSignal::kind).collect();
        assert_eq!(kinds, [FraudKind::LeadsWithoutClicks]);
        assert!(found[0].evidence.starts_with("2 leads"), "{}", found[0].evidence);
        let earlier = CaptureLeadRequest {
            click_id: persons,
            occurred_time: Some(prost_types::Timestamp { seconds: now() - 900, nanos: 0 }),
            ..capture("robot@shop.example")
        };
        desk.client.capture_lead(earlier).await.unwrap();
        assert_eq!(desk.count(clickless).await, 0, "an earlier capture says more");
    }
}
