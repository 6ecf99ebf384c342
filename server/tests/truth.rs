//! The simulator's account of a business is ours.

mod common;

use std::collections::{BTreeMap, BTreeSet};
use takings_simulator::{Plan, play};

#[tokio::test]
async fn mrr_is_what_the_simulator_says() {
    let story = play(&Plan::quarter(7));
    let folder = tempfile::tempdir().unwrap();
    let database = match std::env::var("PGURL") {
        Ok(url) => common::open(url).await,
        _ => common::sqlite(folder.path()).await,
    };
    let started = std::time::Instant::now();
    let bodies: Vec<&[u8]> = story.events.iter().map(|event| event.body.as_slice()).collect();
    let outcomes = common::ingest(&database, &bodies, 50).await;
    println!("took {:?}", started.elapsed());
    let report = takings_server::rebuild::rebuild(&database, true).await.unwrap();
    println!("{report:?} {}", takings_server::rebuild::state_hash(&database).await.unwrap());
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    outcomes.iter().for_each(|o| *counts.entry(o.as_str().into()).or_default() += 1);
    println!("{} events {counts:?}", story.events.len());
    for row in common::rows(
        &database,
        "select kind, reason, message from webhook_events where outcome='quarantined' limit 10",
    )
    .await
    {
        println!(
            "Q {:?} {:?}",
            row.try_get::<String>("", "kind"),
            row.try_get::<String>("", "message")
        );
    }
    let query = "select customer, currency, occurred_at/1000000 as at, kind, cast(sum(units) as bigint) as units
                 from mrr_movements group by 1,2,3,4 having sum(units) <> 0 order by 3,1,2";
    let mut ours = BTreeSet::new();
    for row in common::rows(&database, query).await {
        ours.insert((
            row.try_get::<i64>("", "at").unwrap(),
            row.try_get::<String>("", "customer").unwrap(),
            row.try_get::<String>("", "currency").unwrap(),
            row.try_get::<String>("", "kind").unwrap(),
            row.try_get::<i64>("", "units").unwrap() as i128,
        ));
    }
    let theirs: BTreeSet<_> = story
        .truth
        .movements
        .iter()
        .map(|m| {
            (
                m.at,
                m.customer.clone(),
                m.currency.clone(),
                format!("{:?}", m.kind).to_lowercase(),
                m.units,
            )
        })
        .collect();
    println!(
        "ours {} theirs {} same {}",
        ours.len(),
        theirs.len(),
        ours.intersection(&theirs).count()
    );
    for m in theirs.difference(&ours).take(12) {
        println!("- {m:?}");
    }
    for m in ours.difference(&theirs).take(12) {
        println!("+ {m:?}");
    }
    let mut marks: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for row in common::rows(&database, "select object, reason from unconfirmed").await {
        let reason: String = row.try_get("", "reason").unwrap();
        if reason != "fee_unknown" {
            marks.entry(row.try_get("", "object").unwrap()).or_default().insert(reason);
        }
    }
    let theirs: BTreeMap<String, BTreeSet<String>> = story
        .truth
        .unsettled
        .iter()
        .map(|(k, v)| (k.clone(), v.iter().map(|r| format!("{r:?}")).collect()))
        .collect();
    for (k, v) in &theirs {
        if k.starts_with("sub_") {
            println!("T {k} {v:?} ours {:?}", marks.get(k));
        }
    }
    for (k, v) in &marks {
        if !theirs.contains_key(k) {
            println!("O {k} {v:?}");
        }
    }
}
