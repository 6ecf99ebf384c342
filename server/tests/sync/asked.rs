//! What is asked for wrongly.

use crate::common::place::Place;
use crate::common::process::{Takings, run};
use crate::house::{DAY, House};
use prost_types::Timestamp;
use takings::v1::revenue_service_server::RevenueService;
use takings::v1::{GetBackfillRequest, GetSyncStatusRequest, StartBackfillRequest};
use takings_simulator::Plan;
use tonic::{Code, Request, Status};
use tonic_types::StatusExt;
use uuid::Uuid;

fn reason(status: &Status) -> String {
    status.get_details_error_info().map(|info| info.reason).unwrap_or_default()
}

fn since(seconds: i64, request_id: &str) -> StartBackfillRequest {
    let since_time = Some(Timestamp { seconds, nanos: 0 });
    StartBackfillRequest { since_time, request_id: request_id.into() }
}

#[tokio::test]
async fn a_backfill_is_asked_for_once_and_in_the_past() {
    let plan = Plan::small(7);
    let house = House::new(Place::sqlite(), &plan, plan.start + DAY).await;
    let api = house.api();
    let (act, now) = (Uuid::new_v4().to_string(), takings_server::app::now().secs());
    for (request, code, expected) in [
        (StartBackfillRequest::default(), Code::InvalidArgument, "INVALID_FIELD"),
        (since(now + DAY, &act), Code::InvalidArgument, "INVALID_RANGE"),
        (since(i64::MAX, &act), Code::InvalidArgument, "INVALID_RANGE"),
        (since(1, "today"), Code::InvalidArgument, "INVALID_REQUEST_ID"),
    ] {
        let status = api.start_backfill(Request::new(request)).await.unwrap_err();
        assert_eq!((status.code(), reason(&status).as_str()), (code, expected));
    }
    let begin = |request| api.start_backfill(Request::new(request));
    let begun = begin(since(plan.start, &act)).await.unwrap().into_inner();
    let again = begin(since(plan.start, &act)).await.unwrap().into_inner();
    let id = begun.backfill.unwrap().backfill_id;
    assert_eq!(again.backfill.unwrap().backfill_id, id);
    let other = begin(since(plan.start + 1, &act)).await.unwrap_err();
    assert_eq!(reason(&other), "REQUEST_ID_REUSED");
    let named =
        |backfill_id: &str| Request::new(GetBackfillRequest { backfill_id: backfill_id.into() });
    assert!(api.get_backfill(named(&id)).await.is_ok());
    let missing = api.get_backfill(named("bf_4711")).await.unwrap_err();
    assert_eq!((missing.code(), reason(&missing).as_str()), (Code::NotFound, "BACKFILL_NOT_FOUND"));
}

#[tokio::test]
async fn without_a_key_nothing_is_fetched_and_that_is_said() {
    let place = Place::sqlite();
    let server = Takings::start(&place);
    let mut client = server.revenue().await;
    let request = since(1_700_000_000, &Uuid::new_v4().to_string());
    let status = client.start_backfill(request).await.unwrap_err();
    assert_eq!(reason(&status), "STRIPE_NOT_CONFIGURED");
    let answer = client.get_sync_status(GetSyncStatusRequest {}).await.unwrap().into_inner();
    assert!(!answer.sync_status.unwrap().stripe_configured);
    drop(server);
    for (day, said) in [
        ("2024-01-01", "TAKINGS__STRIPE__API_KEY"),
        ("2024-02-30", "YYYY-MM-DD"),
        ("yesterday", "YYYY-MM-DD"),
        ("2999-01-01", "in the future"),
    ] {
        let output = run(&place, &["backfill", "--since", day]);
        let text = String::from_utf8(output.stderr).unwrap();
        assert!(!output.status.success() && text.contains(said), "{day}: {text}");
    }
}
