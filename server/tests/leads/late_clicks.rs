//! A lead names a click, and the click is told of before or after.

use crate::common::door::now;
use crate::conversions::{customer, purchase, tell};
use crate::desk::{Desk, capture, places, until};
use crate::partners::{click, link, partner, program};
use takings::v1::affiliate_service_client::AffiliateServiceClient;
use takings::v1::*;

const CLICK: &str = "clk_0190f3c1a2b47c3d8e5f60718293a4b5";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_click_that_a_lead_names_brings_the_customer_whenever_it_is_learned() {
    for late in [true, false] {
        for place in places("leads_late_click") {
            let mut desk = Desk::open(&place).await;
            let mut affiliates = AffiliateServiceClient::new(desk.server.channel().await);
            let made = affiliates.create_program(program()).await.unwrap().into_inner();
            let asked = partner(&made.program.unwrap().program_id, "grace@partners.example");
            let made = affiliates.create_partner(asked).await.unwrap().into_inner();
            let partner = made.partner.unwrap().partner_id;
            affiliates.create_affiliate_link(link(&partner, "anna")).await.unwrap();
            let at = now();
            let time = |seconds| Some(prost_types::Timestamp { seconds, nanos: 0 });
            let clicked = TrackClickRequest {
                click_id: CLICK.into(),
                click_time: time(at - 900),
                ..click("anna", "203.0.113.1")
            };
            if !late {
                affiliates.track_click(clicked.clone()).await.unwrap();
            }
            let asked = CaptureLeadRequest {
                click_id: CLICK.into(),
                occurred_time: time(at - 600),
                ..capture("anna@shop.example")
            };
            let lead = desk.client.capture_lead(asked).await.unwrap().into_inner().lead.unwrap();
            let mut events = vec![customer("cus_1", "anna@shop.example", at)];
            events.extend(purchase("1", "cus_1", at).whole(None));
            tell(&desk, &events).await;
            until("the lead has converted", async || {
                desk.count("select count(*) as n from lead_conversions").await == 1
                    && desk.count("select count(*) as n from changed_people").await == 0
            })
            .await;
            if late {
                assert_eq!(desk.count("select count(*) as n from commissions").await, 0);
                affiliates.track_click(clicked).await.unwrap();
            }
            let earned = format!(
                "select cast(coalesce(sum(amount), 0) as bigint) as n from commissions
                 where partner = '{partner}'"
            );
            until("the partner has earned", async || desk.count(&earned).await == 2_000).await;
            let found = desk.get(&lead.lead_id).await;
            assert_eq!(found.stage(), LeadStage::Customer, "late: {late} on {}", place.kind());
            crate::common::process::verified_hash(&place);
        }
    }
}
