//! The real binary by itself: it sweeps, fetches, and says how far it is.

use crate::common::door::Door;
use crate::common::place::Place;
use crate::common::process::{Takings, command, verified_hash};
use crate::house::{DAY, counting};
use std::time::{Duration, Instant};
use takings::v1::{
    BackfillState, GetBackfillRequest, GetSyncStatusRequest, StartBackfillRequest, SyncStatus,
};
use takings_simulator::{Plan, Stripe};
use tokio::net::TcpListener;
use uuid::Uuid;

#[tokio::test]
async fn a_server_finds_by_itself_what_no_webhook_brought() {
    let plan = Plan::small(7);
    let stripe = Stripe::played(&plan, plan.start + 25 * DAY);
    let served = stripe.serve(TcpListener::bind(("127.0.0.1", 0)).await.unwrap()).unwrap();
    let url = served.url();
    let environment = [
        ("TAKINGS__STRIPE__API_KEY", "sk_live_4711"),
        ("TAKINGS__STRIPE__API_URL", url.as_str()),
        ("TAKINGS__STRIPE__SWEEP_INTERVAL_SECONDS", "1"),
    ];
    let place = Place::sqlite();
    let server = Takings::start_with(&place, &environment);
    let events = stripe.events();
    let events = counting(events.iter().filter(|it| it.created < stripe.now() - 60));
    let status = wait(&server, |it| it.healed_event_count == events).await;
    assert_eq!(status.complete_through_time.unwrap().seconds, stripe.now() - 60);
    assert!(status.sweep_failure.is_empty(), "{status:?}");
    let metrics = Door::connect(server.http).await.unwrap().get("/metrics").await.unwrap();
    assert_eq!(metrics.status, 200);

    let mut client = server.revenue().await;
    let since_time = Some(prost_types::Timestamp { seconds: plan.start, nanos: 0 });
    let request_id = Uuid::new_v4().to_string();
    let begun = client.start_backfill(StartBackfillRequest { since_time, request_id }).await;
    let id = begun.unwrap().into_inner().backfill.unwrap().backfill_id;
    let done = |it: &SyncStatus| {
        it.backfill.as_ref().is_some_and(|it| it.state() == BackfillState::Completed)
    };
    wait(&server, done).await;
    let answer = client.get_backfill(GetBackfillRequest { backfill_id: id }).await.unwrap();
    let backfill = answer.into_inner().backfill.unwrap();
    let all: i64 = backfill.kinds.iter().map(|kind| kind.object_count).sum();
    assert!(backfill.kinds.iter().all(|kind| kind.completed && kind.skipped_count == 0));
    assert!(all > 50 && backfill.failure.is_empty(), "{backfill:?}");
    server.kill();

    // By hand, with nothing new to find.
    let hash = verified_hash(&place);
    let mut by_hand = command(&place.url, &environment);
    by_hand.args(["backfill", "--since", "2024-10-01"]);
    let output = tokio::task::spawn_blocking(move || by_hand.output()).await.unwrap().unwrap();
    let said = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success(), "{said}{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(said.lines().count(), backfill.kinds.len(), "{said}");
    assert!(said.contains("subscription"), "{said}");
    assert_eq!(verified_hash(&place), hash, "what is known already stays as it is");
}

/// Waits until the server says so.
async fn wait(server: &Takings, enough: impl Fn(&SyncStatus) -> bool) -> SyncStatus {
    let mut client = server.revenue().await;
    let until = Instant::now() + Duration::from_secs(60);
    loop {
        let answer = client.get_sync_status(GetSyncStatusRequest {}).await.unwrap();
        let status = answer.into_inner().sync_status.unwrap();
        if enough(&status) {
            return status;
        }
        assert!(Instant::now() < until, "not within a minute: {status:?}\n{}", server.log());
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}
