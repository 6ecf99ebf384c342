//! Clicks that are too old to bring anybody: counted, and dropped.

use crate::desk::{Desk, NOW, desks};
use takings::v1::affiliate_service_server::AffiliateService;
use takings::v1::*;
use takings_core::time::Timestamp;
use takings_server::jobs::drop_clicks;
use tonic::Request;

const DAY: i64 = 86_400;

/// How many clicks count, of how many visitors, and how many do not.
async fn counts(desk: &Desk, partner: &str) -> [i64; 3] {
    let asked = GetPartnerAnalyticsRequest { partner_id: partner.into(), ..Default::default() };
    let answer = desk.api.get_partner_analytics(Request::new(asked)).await.unwrap().into_inner();
    let funnel = answer.totals.unwrap();
    [funnel.click_count, funnel.unique_click_count, funnel.rejected_click_count]
}

#[tokio::test]
async fn old_clicks_are_counted_and_dropped_but_for_those_that_brought_somebody() {
    for (desk, place) in desks("old_clicks").await {
        let anna = desk.partner("Anna").await;
        let link = desk.link(&anna).await;
        let midnight = (NOW - 450 * DAY) / DAY * DAY;
        for second in [midnight + 1, midnight + 2, midnight + DAY] {
            desk.click(&link, &anna, second, "valid").await;
        }
        desk.click(&link, &anna, midnight + 3, "bot_ua").await;
        let brought = desk.click(&link, &anna, midnight + 4, "valid").await;
        let young = desk.click(&link, &anna, NOW - 10 * DAY, "valid").await;
        desk.run("update clicks set visitor = 'one' where clicked_at % 86400000000 <= 2000000")
            .await;
        let touch = format!(
            "insert into touches (program, source_id, customer, id, partner, link, kind, touched_at,
                                  told_by, batch)
             values ('{}', 1, 'cus_1', '{brought}', '{anna}', '{link}', 'link', 0, 'in_1', 1)",
            desk.program
        );
        desk.run(&touch).await;
        let leads = desk.click(&link, &anna, midnight + 5, "valid").await;
        desk.run(&format!(
            "insert into leads (id, source, campaign, referrer_host, click, verdict, reasons, stage,
                                unsubscribe_hash, captured_at, recorded_at, updated_at)
             values ('lead_1', '', '', '', '{leads}', 'ok', '', 'lead', '', 0, 0, 0)"
        ))
        .await;
        let before = counts(&desk, &anna).await;
        let now = Timestamp::from_secs(NOW);
        assert_eq!(drop_clicks(&desk.database, 500, now).await.unwrap(), 0, "none is so old");
        assert_eq!(drop_clicks(&desk.database, 400, now).await.unwrap(), 4, "{}", place.kind());
        let mut kept = vec![brought, leads, young];
        kept.sort();
        assert_eq!(desk.texts("select id from clicks order by id").await, kept);
        let after = counts(&desk, &anna).await;
        assert_eq!((before[0], before[2]), (after[0], after[2]), "{before:?}");
        assert_eq!(after, [6, 3, 1], "a visitor of two clicks of a day is one");
        let days = "select count(*) from click_counts where outcome = 'valid'";
        assert_eq!(desk.number(days).await, 2);
        assert_eq!(drop_clicks(&desk.database, 400, now).await.unwrap(), 0, "nothing is left");
    }
}

/// Lets the database keep every click of an instant or later.
fn keep_from(place: &str, second: i64) -> String {
    let at = second * 1_000_000;
    match place {
        "SQLite" => format!(
            "create trigger keep before delete on clicks when old.clicked_at >= {at}
             begin select raise(abort, 'kept'); end"
        ),
        _ => format!(
            "create function refuse() returns trigger language plpgsql
                 as $$ begin raise exception 'kept'; end $$;
             create trigger keep before delete on clicks for each row
                 when (old.clicked_at >= {at}) execute function refuse()"
        ),
    }
}

#[tokio::test]
async fn a_day_of_a_link_is_dropped_by_itself_so_that_nobody_waits_for_all_of_them() {
    for (desk, place) in desks("old_days").await {
        let anna = desk.partner("Anna").await;
        let link = desk.link(&anna).await;
        let first = (NOW - 450 * DAY) / DAY * DAY;
        for day in 0..6 {
            desk.click(&link, &anna, first + day * DAY + 7, "valid").await;
        }
        let (now, fourth) = (Timestamp::from_secs(NOW), first + 4 * DAY);
        desk.run(&keep_from(place.kind(), fourth)).await;
        drop_clicks(&desk.database, 400, now).await.unwrap_err();
        let left = "select count(*) from clicks";
        assert_eq!(desk.number(left).await, 2, "the days before are done on {}", place.kind());
        assert_eq!(desk.number("select count(*) from click_counts").await, 4);
    }
}

#[tokio::test]
async fn no_click_is_dropped_that_can_still_bring_somebody() {
    for (mut desk, place) in desks("long_window").await {
        let long = ProgramTerms { attribution_window_days: Some(300), ..crate::desk::terms() };
        desk.program = desk.make_program(long).await;
        let anna = desk.partner("Anna").await;
        let link = desk.link(&anna).await;
        desk.click(&link, &anna, NOW - 250 * DAY, "valid").await;
        desk.click(&link, &anna, NOW - 350 * DAY, "valid").await;
        let now = Timestamp::from_secs(NOW);
        assert_eq!(drop_clicks(&desk.database, 30, now).await.unwrap(), 1, "{}", place.kind());
    }
}
