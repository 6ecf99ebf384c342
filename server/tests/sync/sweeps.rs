//! Events that no webhook brought.

use crate::common::dice::Dice;
use crate::common::place::Place;
use crate::common::story::{plan, table_counts};
use crate::house::{DAY, House, counting, deliver, settled, undisturbed};
use takings::v1::GetSyncStatusRequest;
use takings::v1::revenue_service_server::RevenueService;
use takings_server::revenue::sync::sweep;
use takings_simulator::{ApiVersion, Fault, Faults, Plan};
use tokio::time::{Duration, sleep, timeout};
use tonic::Request;

#[tokio::test]
async fn lost_events_come_back_with_the_next_sweep_on_sqlite() {
    lose_and_sweep(Place::sqlite()).await;
}

#[tokio::test]
async fn lost_events_come_back_with_the_next_sweep_on_postgresql() {
    let name = "lost_events_come_back_with_the_next_sweep_on_postgresql";
    let Some(place) = Place::postgres(name) else { return };
    lose_and_sweep(place).await;
}

/// Every tenth event is lost, and a sweep comes every ten days.
async fn lose_and_sweep(place: Place) {
    let plan = plan(7);
    let mut house = House::new(place, &plan, plan.start).await;
    let (mut dice, mut lost) = (Dice::new(7), 0);
    let mut all = Vec::new();
    for step in 1..=10 {
        house.stripe.set_now(plan.start + step * 10 * DAY);
        let news = house.news();
        let (dropped, sent): (Vec<_>, Vec<_>) =
            news.iter().cloned().partition(|_| dice.below(10) == 0);
        deliver(house.database(), &sent).await;
        // What is younger than the margin is looked for by the next sweep.
        house.stripe.set_now(plan.start + step * 10 * DAY + 120);
        let swept = sweep(&house.app).await.unwrap();
        lost += counting(&dropped);
        assert_eq!(swept.healed, lost, "after {} days", step * 10);
        assert_eq!(swept.through, house.stripe.now() - 60);
        all.extend(news);
    }
    let (_folder, whole) = undisturbed(&all).await;
    assert_eq!(settled(house.database()).await, settled(&whole).await);
    println!("{}: {lost} of {} events were lost and came back", house.place.kind(), all.len());
    assert!(lost > 40, "{lost}");

    let asked = Request::new(GetSyncStatusRequest {});
    let answer = house.api().get_sync_status(asked).await.unwrap();
    let status = answer.into_inner().sync_status.unwrap();
    assert!(status.stripe_configured && status.backfill.is_none(), "{status:?}");
    assert_eq!(status.healed_event_count, lost);
    assert_eq!(status.complete_through_time.unwrap().seconds, house.stripe.now() - 60);
    assert_eq!(
        status.complete_since_time.unwrap().seconds,
        plan.start + 10 * DAY + 120 - 30 * DAY + 3_600
    );
}

#[tokio::test]
async fn events_in_the_accounts_older_shape_change_nothing_where_webhooks_brought_them() {
    let plan = Plan::small(7);
    let mut house = House::new(Place::sqlite(), &plan, plan.start + 29 * DAY).await;
    let news = house.news();
    deliver(house.database(), &news).await;
    let (before, hash) = (table_counts(house.database()).await, settled(house.database()).await);
    house.stripe.tell_events_in(ApiVersion::Basil);
    house.stripe.set_now(plan.start + 29 * DAY + 120);
    let first = sweep(&house.app).await.unwrap();
    assert_eq!((first.listed, first.healed), (i64::try_from(news.len()).unwrap(), 0));
    let mut after = table_counts(house.database()).await;
    after.insert("sweeps".into(), 0);
    assert_eq!(after, before, "a sweep without a loss stores something");
    assert_eq!(settled(house.database()).await, hash);
}

#[tokio::test]
async fn a_sweep_that_breaks_off_goes_on_where_it_was() {
    let plan = Plan::small(7);
    let mut house = House::new(Place::sqlite(), &plan, plan.start + 29 * DAY + 120).await;
    let news = house.news();
    let faults = [Fault::BadGateway; 6];
    let broken = Faults::default().then("GET /v1/events", &faults);
    let mut early = Vec::new();
    for at in [3, 9, 20] {
        let (stripe, faults) = (house.stripe.clone(), broken.clone());
        let count = asked(&house) + at;
        let breaking = async move {
            while stripe.requests().get("GET /v1/events").map_or(0, |it| it.total) < count {
                sleep(Duration::from_millis(1)).await;
            }
            stripe.fail(faults);
        };
        let (result, ()) =
            tokio::join!(timeout(Duration::from_secs(2), sweep(&house.app)), breaking);
        assert!(!matches!(result, Ok(Ok(_))), "the sweep came to its end");
        house.stripe.fail(Faults::default());
        early.push(asked(&house));
    }
    let swept = sweep(&house.app).await.unwrap();
    assert_eq!(swept.healed, counting(&news));
    let (_folder, whole) = undisturbed(&news).await;
    assert_eq!(settled(house.database()).await, settled(&whole).await);
    println!("{} events; requests by each end: {early:?}, {}", news.len(), asked(&house));
}

fn asked(house: &House) -> u64 {
    house.stripe.requests().get("GET /v1/events").map_or(0, |it| it.total)
}
