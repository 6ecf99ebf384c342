//! The past that no event tells any more.

use crate::common::place::Place;
use crate::common::story::plan;
use crate::house::undisturbed;
use crate::house::{DAY, House, deliver, derived, differences, movements, present, settled};
use sea_orm::ConnectionTrait;
use std::collections::BTreeMap;
use std::time::Duration;
use takings::v1::analytics_service_server::AnalyticsService;
use takings::v1::{ListMrrMovementsRequest, MovementKind, MrrMovement};
use takings_server::analytics::AnalyticsApi;
use takings_server::revenue::observe::observed;
use takings_server::revenue::sync::{self, Backfill, KINDS, begin, sweep};
use takings_simulator::{Key, Plan, Stripe};
use tonic::Request;
use uuid::Uuid;

async fn run_open(house: &House) -> Backfill {
    let open = sync::open(&house.app).await.unwrap().expect("an open backfill");
    sync::run(&house.app, &open.id).await.unwrap();
    let done = sync::find(&house.app, &open.id).await.unwrap().unwrap();
    assert!(done.finished_at.is_some() && done.kinds.iter().all(|kind| kind.skipped == 0));
    done
}

/// From day 10 to day 70 nothing arrives at all.
#[tokio::test]
async fn after_sixty_silent_days_everything_stands_as_it_would() {
    let plan = plan(7);
    let mut house = House::new(Place::sqlite(), &plan, plan.start + 10 * DAY).await;
    let mut all = house.news();
    deliver(house.database(), &all).await;
    house.stripe.set_now(plan.start + 10 * DAY + 120);
    sweep(&house.app).await.unwrap();

    house.stripe.set_now(plan.start + 70 * DAY);
    all.extend(house.news());
    let swept = sweep(&house.app).await.unwrap();
    assert_eq!(
        swept.since,
        house.stripe.now() - 30 * DAY + 3_600,
        "the gap is not known to be whole"
    );
    let done = run_open(&house).await;
    println!("{} events; fetched: {:?}", all.len(), counts(&done));

    let (_folder, whole) = undisturbed(&all).await;
    let [ours, theirs] = house.both_present(&whole).await;
    let differ = differences(&ours, &theirs);
    assert!(differ.is_empty(), "{}", differ.join("\n"));
    settled(house.database()).await;
}

fn counts(backfill: &Backfill) -> Vec<(&str, i64)> {
    backfill.kinds.iter().map(|kind| (kind.kind.as_str(), kind.objects)).collect()
}

#[tokio::test]
async fn a_backfill_alone_knows_what_every_event_would_have_told() {
    let plan = plan(7);
    let mut house = House::new(Place::sqlite(), &plan, plan.end()).await;
    begin(&house.app, plan.start - DAY, Uuid::new_v4()).await.unwrap();
    run_open(&house).await;
    let (_folder, whole) = undisturbed(&house.news()).await;
    let [ours, mut theirs] = house.both_present(&whole).await;
    theirs.retain(|name, _| !is_gone(&house.stripe, name));
    let differ = differences(&ours, &theirs);
    assert!(differ.is_empty(), "{}", differ.join("\n"));
    settled(house.database()).await;
    let (ours, theirs) = (movements(house.database()).await, movements(&whole).await);
    let same = ours.iter().filter(|(key, units)| theirs.get(*key) == Some(units)).count();
    println!("{} movements reconstructed, {} true ones, {same} alike", ours.len(), theirs.len());
    let (begun, began) = (beginnings(&ours), beginnings(&theirs));
    assert!(begun.keys().eq(began.keys()), "everybody begins who began: {begun:?} {began:?}");
    // Nothing tells for how long a subscription waited for its first payment.
    let waited = |key: &&String| began[*key] - begun[*key];
    let early: Vec<_> = begun.keys().filter(|key| waited(key) != 0).collect();
    println!("{} of {} begin before they had paid", early.len(), begun.len());
    assert!(early.iter().all(|key| (1..3_600).contains(&(waited(key) / 1_000_000))), "{early:?}");
    let is_early = |key: &str| early.iter().any(|it| key.starts_with(it.as_str()));
    let unknown: Vec<_> =
        ours.keys().filter(|key| !theirs.contains_key(*key) && !is_early(key)).collect();
    assert!(unknown.is_empty(), "nothing moves when nothing moved: {unknown:?}");
    marked(&house).await;
}

/// When each customer's MRR begins, by customer and currency.
fn beginnings(movements: &BTreeMap<String, String>) -> BTreeMap<String, i64> {
    let new = movements.keys().filter_map(|key| key.strip_suffix(" new"));
    let begins = new.filter_map(|key| key.rsplit_once(' '));
    begins.map(|(whose, at)| (whose.to_owned(), at.parse().unwrap())).collect()
}

/// Whether it is a customer that was deleted: no list shows one.
fn is_gone(stripe: &Stripe, name: &str) -> bool {
    let Some(id) = name.strip_prefix("customers ") else { return false };
    let (_, shown) = stripe.call("GET", &format!("customers/{id}"), "");
    shown["deleted"] == true
}

/// Every movement but the ends of subscriptions is known to be implied, not seen.
async fn marked(house: &House) {
    let api = AnalyticsApi::new(house.app.clone());
    let asked = Request::new(ListMrrMovementsRequest { page_size: 1_000, ..Default::default() });
    let page = api.list_mrr_movements(asked).await.unwrap().into_inner();
    // A discount's end lies in the future, and is nothing that was missed.
    let past = |it: &MrrMovement| it.occurred_time.unwrap().seconds <= house.stripe.now();
    for it in page.mrr_movements.into_iter().filter(past) {
        let begins = matches!(it.kind(), MovementKind::New | MovementKind::Expansion);
        assert!(it.reconstructed || !begins, "{it:?}");
        assert!(!it.reconstructed || it.kind() != MovementKind::Churn, "{it:?}");
    }
}

#[tokio::test]
async fn what_an_event_has_said_counts_once() {
    let plan = plan(7);
    let mut house = House::new(Place::sqlite(), &plan, plan.end()).await;
    let news = house.news();
    deliver(house.database(), &news).await;
    let before = settled(house.database()).await;
    let mut shown = 0;
    for path in ["customers", "subscriptions", "refunds", "payouts"] {
        let (_, list) = house.stripe.call("GET", path, "limit=100");
        let objects: Vec<_> = list["data"]
            .as_array()
            .unwrap()
            .iter()
            .filter_map(|it| it.as_object().cloned())
            .collect();
        observed(&house.app, house.stripe.now(), &objects).await.unwrap();
        shown += objects.len();
    }
    println!("{shown} objects shown again");
    assert!(shown > 40, "{shown}");
    assert_eq!(settled(house.database()).await, before);
}

#[tokio::test]
async fn a_backfill_among_webhooks_ends_as_webhooks_alone_do() {
    let plan = plan(7);
    let mut house = House::new(Place::sqlite(), &plan, plan.start + 60 * DAY).await;
    let first = house.news();
    let (sent, late) = first.split_at(first.len() / 2);
    deliver(house.database(), sent).await;
    begin(&house.app, plan.start - DAY, Uuid::new_v4()).await.unwrap();
    tokio::join!(run_open(&house), deliver(house.database(), late));
    house.stripe.set_now(plan.end());
    let rest = house.news();
    deliver(house.database(), &rest).await;

    let all = [first, rest].concat();
    let (_folder, whole) = undisturbed(&all).await;
    let [ours, theirs] = house.both_present(&whole).await;
    let differ = differences(&ours, &theirs);
    assert!(differ.is_empty(), "{}", differ.join("\n"));
    let differ = differences(&derived(house.database()).await, &derived(&whole).await);
    assert!(differ.is_empty(), "{}", differ.join("\n"));
    settled(house.database()).await;
}

fn asked(stripe: &Stripe) -> u64 {
    stripe.requests().get("*").map_or(0, |counted| counted.total)
}

#[tokio::test]
async fn a_backfill_that_is_cut_off_repeats_at_most_a_page_of_each_list() {
    let plan = Plan { events: 4_000, ..Plan::two_years(3) };
    let whole = House::new(Place::sqlite(), &plan, plan.end()).await;
    begin(&whole.app, plan.start - DAY, Uuid::new_v4()).await.unwrap();
    run_open(&whole).await;
    let needed = asked(&whole.stripe);

    let mut house = House::new(Place::sqlite(), &plan, plan.end()).await;
    let id = begin(&house.app, plan.start - DAY, Uuid::new_v4()).await.unwrap();
    let mut cuts = 0;
    for at in [3, 5, 7, 9] {
        let (app, named) = (house.app.clone(), id.clone());
        let work = tokio::spawn(async move { sync::run(&app, &named).await });
        let enough = asked(&house.stripe) + at;
        while asked(&house.stripe) < enough && !work.is_finished() {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        if !work.is_finished() {
            work.abort();
            cuts += 1;
        }
        let _ = work.await;
        house = house.restart().await;
    }
    run_open(&house).await;
    let requests = asked(&house.stripe);
    println!("{needed} requests undisturbed, {requests} with {cuts} cuts");
    assert!(cuts >= 2, "{cuts}");
    // At a cut each of four lists has a page that is being stored and one on its way.
    assert!(requests <= needed + cuts * 4 * 2, "{requests}");
    let now = house.stripe.now();
    let (ours, theirs) =
        (present(house.database(), now).await, present(whole.database(), now).await);
    assert!(differences(&ours, &theirs).is_empty(), "{}", differences(&ours, &theirs).join("\n"));
}

#[tokio::test]
async fn a_list_that_the_key_may_not_read_keeps_no_other_from_being_walked() {
    let plan = plan(7);
    let house = House::new(Place::sqlite(), &plan, plan.end()).await;
    let may: Vec<String> =
        KINDS.iter().map(|kind| format!("{}:read", kind.path.trim_start_matches('/'))).collect();
    let may: Vec<&str> =
        may.iter().map(String::as_str).filter(|it| !it.starts_with("invoices:")).collect();
    house.stripe.allow(&[Key::restricted("sk_live_4711", &may)]);
    let id = begin(&house.app, plan.start - DAY, Uuid::new_v4()).await.unwrap();
    let refused = sync::run(&house.app, &id).await.unwrap_err();
    assert!(refused.message().contains("invoices:read"), "{refused:?}");
    let half = sync::find(&house.app, &id).await.unwrap().unwrap();
    let open: Vec<&str> = half
        .kinds
        .iter()
        .filter(|kind| kind.finished == 0)
        .map(|kind| kind.kind.as_str())
        .collect();
    assert_eq!((open, half.finished_at), (vec!["invoice"], None));
    house.stripe.allow(&[Key::secret("sk_live_4711")]);
    run_open(&house).await;
}

#[tokio::test]
async fn a_list_whose_place_was_deleted_is_walked_from_its_top() {
    let plan = plan(7);
    let house = House::new(Place::sqlite(), &plan, plan.end()).await;
    let id = begin(&house.app, plan.start - DAY, Uuid::new_v4()).await.unwrap();
    let gone = "update backfill_kinds set cursor_id = 'cus_gone' where kind = 'customer'";
    house.database().write.execute_unprepared(gone).await.unwrap();
    run_open(&house).await;
    let customers = sync::find(&house.app, &id).await.unwrap().unwrap();
    let customers = customers.kinds.iter().find(|kind| kind.kind == "customer").unwrap();
    assert!(customers.objects > 0, "{customers:?}");
}
