//! A past that is implied is the same in whatever order its observations come.

use crate::common::{self, dice::Dice, dice::count};
use crate::house::{DAY, deliver, movements, settled};
use std::collections::{BTreeMap, BTreeSet};
use takings_core::stripe::observe;
use takings_server::db::Database;
use takings_server::ingest::{Entry, Unit, transact};
use takings_server::sources::Sources;
use takings_simulator::{Plan, Stripe};

#[tokio::test]
async fn an_implied_past_is_the_same_in_any_order() {
    let plan = Plan::small(11);
    let stripe = Stripe::played(&plan, plan.start + 25 * DAY);
    let shown = list(&stripe, "subscriptions", "status=all&limit=100");
    let second = stripe.now();
    stripe.set_now(plan.end());
    let events = stripe.events();
    // No creation arrives, and of the rest only every other event.
    let told: Vec<_> = events
        .iter()
        .enumerate()
        .filter(|(place, it)| place % 2 == 0 && !it.kind.ends_with("subscription.created"))
        .map(|(_, it)| it.body.as_slice())
        .collect();
    let (mut hashes, mut pasts) = (BTreeSet::new(), BTreeSet::new());
    for seed in 0..count(8, 200) as u64 {
        let folder = tempfile::tempdir().unwrap();
        let database = common::sqlite(folder.path()).await;
        let source = Sources::new(database.clone()).number("stripe:default:live").await.unwrap();
        let fetched = shown.iter().map(|object| {
            Entry::fetched(source, second, observe(object.as_object().unwrap()).unwrap())
        });
        let mut entries: Vec<Entry> =
            told.iter().map(|body| common::entry(source, body)).chain(fetched).collect();
        Dice::new(seed).shuffle(&mut entries);
        take_in(&database, &entries, 1 + seed as usize * 5).await;
        hashes.insert(settled(&database).await);
        pasts.insert(movements(&database).await);
    }
    println!("{} events and {} objects shown: {} state", told.len(), shown.len(), hashes.len());
    assert_eq!((hashes.len(), pasts.len()), (1, 1), "{pasts:?}");
    // Where a coupon's event did not come, nobody knows what its customer pays; where a first
    // payment's did not, the making stands for it.
    let earliest = |all: &BTreeMap<String, String>| {
        all.keys().filter(|key| key.ends_with(" new")).cloned().collect::<BTreeSet<_>>()
    };
    let folder = tempfile::tempdir().unwrap();
    let whole = common::sqlite(folder.path()).await;
    deliver(&whole, &events).await;
    let (ours, theirs) = (earliest(pasts.first().unwrap()), earliest(&movements(&whole).await));
    let right = ours.intersection(&theirs).count();
    println!("{right} of {} customers begin when they began", theirs.len());
    assert!(right * 10 > theirs.len() * 6, "{ours:?} {theirs:?}");
}

async fn take_in(database: &Database, entries: &[Entry], batch: usize) {
    for chunk in entries.chunks(batch) {
        let unit = Unit { shard: 0 };
        transact(database, async |tx| unit.ingest(tx, chunk).await).await.unwrap();
    }
}

fn list(stripe: &Stripe, path: &str, form: &str) -> Vec<serde_json::Value> {
    stripe.call("GET", path, form).1["data"].as_array().unwrap().clone()
}
