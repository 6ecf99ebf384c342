//! A rebuild derives what became of leads again, and a verification tells where it differs.

use crate::common::door::now;
use crate::conversions::{customer, purchase, tell};
use crate::desk::{Desk, places, until, uuid};
use sea_orm::ConnectionTrait;
use takings::v1::*;
use takings_server::rebuild::{Report, rebuild};

/// What derived rows of leads there are, and where the leads stand.
async fn stored(desk: &Desk) -> [i64; 2] {
    let conversions = "select count(*) as n from lead_conversions where converted_at is not null";
    let customers = "select count(*) as n from leads where stage = 'customer'";
    [desk.count(conversions).await, desk.count(customers).await]
}

async fn differences(desk: &Desk, verify: bool) -> usize {
    let Report { leads, differences, unconverted, .. } =
        rebuild(&desk.database, verify).await.unwrap();
    assert_eq!((leads, unconverted), (2, 0));
    differences
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_verification_tells_where_leads_stand_elsewhere_and_a_rebuild_mends_it() {
    for place in places("leads_rebuilt") {
        let mut desk = Desk::open(&place).await;
        let lead = desk.capture("anna@shop.example").await.lead_id;
        desk.capture("ben@shop.example").await;
        let at = now() + 60;
        tell(&desk, &[customer("cus_1", "anna@shop.example", at)]).await;
        tell(&desk, &purchase("1", "cus_1", at).whole(None)).await;
        until("the lead is a customer, and nothing is marked", async || {
            let marks = "select count(*) as n from changed_people";
            stored(&desk).await == [1, 1] && desk.count(marks).await == 0
        })
        .await;
        assert_eq!(differences(&desk, true).await, 0, "on {}", place.kind());

        for broken in ["delete from lead_conversions", "update leads set stage = 'mql'"] {
            desk.database.write.execute_unprepared(broken).await.unwrap();
            let before = stored(&desk).await;
            let found = differences(&desk, true).await;
            assert_eq!(found, if broken.starts_with("delete") { 1 } else { 2 }, "{broken}");
            assert_eq!(stored(&desk).await, before, "a verification stores nothing");
            assert_eq!(differences(&desk, false).await, found);
            assert_eq!(stored(&desk).await, [1, 1]);
            assert_eq!(differences(&desk, true).await, 0);
        }
        let found = desk.get(&lead).await;
        assert_eq!((found.stage(), found.conversion.is_some()), (LeadStage::Customer, true));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_had_paid_before_and_is_marked_stands_as_the_facts_say() {
    for place in places("leads_marked") {
        let mut desk = Desk::open(&place).await;
        let at = now();
        tell(&desk, &[customer("cus_1", "anna@shop.example", at - 900)]).await;
        tell(&desk, &purchase("1", "cus_1", at - 800).whole(None)).await;
        let lead_id = desk.capture("anna@shop.example").await.lead_id;
        desk.capture("ben@shop.example").await;
        until("nothing is marked", async || {
            let marks = "select count(*) as n from changed_people";
            let paid = "select count(*) as n from leads where stage = 'customer'";
            desk.count(marks).await == 0 && desk.count(paid).await == 1
        })
        .await;
        let mark = MarkConversionRequest {
            lead_id,
            request_id: uuid(),
            ..MarkConversionRequest::default()
        };
        let marked = desk.client.mark_conversion(mark).await.unwrap().into_inner().lead.unwrap();
        assert!(marked.conversion.is_some_and(|it| !it.automatic));
        assert_eq!(differences(&desk, true).await, 0, "on {}", place.kind());
    }
}
