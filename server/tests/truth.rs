//! The simulator's account of a business is ours.

mod common;

use std::collections::{BTreeMap, BTreeSet};
use takings_simulator::{ApiVersion, Plan, play};

fn diff<K: Ord + std::fmt::Debug, V: PartialEq + std::fmt::Debug>(
    name: &str,
    ours: &BTreeMap<K, V>,
    theirs: &BTreeMap<K, V>,
) -> usize {
    let keys: BTreeSet<&K> = ours.keys().chain(theirs.keys()).collect();
    let n = keys.len();
    let mut bad = 0;
    for k in keys {
        if ours.get(k) != theirs.get(k) {
            bad += 1;
            if bad <= 12 {
                println!("  {name} {k:?} ours {:?} theirs {:?}", ours.get(k), theirs.get(k));
            }
        }
    }
    println!("{name}: {n} keys, {bad} differ");
    bad
}

#[tokio::test]
async fn all_is_what_the_simulator_says() {
    let seed: u64 = std::env::var("SEED").ok().and_then(|s| s.parse().ok()).unwrap_or(7);
    for version in ApiVersion::ALL {
        println!("=== {version:?}");
        let plan = Plan::quarter(seed).in_version(version);
        let story = play(&plan);
        let folder = tempfile::tempdir().unwrap();
        let database = match std::env::var("PGURL") {
            Ok(url) => common::open(url).await,
            _ => common::sqlite(folder.path()).await,
        };
        let bodies: Vec<&[u8]> = story.events.iter().map(|event| event.body.as_slice()).collect();
        let outcomes = common::ingest(&database, &bodies, 50).await;
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
        let end = plan.end() * 1_000_000;
        let query = format!("select customer, currency, occurred_at/1000000 as at, kind, cast(sum(units) as bigint) as units
                 from mrr_movements where occurred_at < {end} group by 1,2,3,4 having sum(units) <> 0 order by 3,1,2");
        let mut ours = BTreeMap::new();
        for row in common::rows(&database, &query).await {
            ours.insert(
                (
                    row.try_get::<i64>("", "at").unwrap(),
                    row.try_get::<String>("", "customer").unwrap(),
                    row.try_get::<String>("", "currency").unwrap(),
                    row.try_get::<String>("", "kind").unwrap(),
                ),
                row.try_get::<i64>("", "units").unwrap() as i128,
            );
        }
        let theirs: BTreeMap<_, _> = story
            .truth
            .movements
            .iter()
            .map(|m| {
                (
                    (
                        m.at,
                        m.customer.clone(),
                        m.currency.clone(),
                        format!("{:?}", m.kind).to_lowercase(),
                    ),
                    m.units,
                )
            })
            .collect();
        diff("movements", &ours, &theirs);
        let mut ours = BTreeMap::new();
        for row in common::rows(&database, &format!("select account, currency, cast(sum(amount) as bigint) as amount from (
        select debit as account, currency, amount, occurred_at from revenue_entries union all select credit, currency, -amount, occurred_at from revenue_entries) t group by 1,2 having sum(amount)<>0")).await {
        ours.insert((row.try_get::<String>("", "account").unwrap(), row.try_get::<String>("", "currency").unwrap()), row.try_get::<i64>("", "amount").unwrap());
    }
        let theirs: BTreeMap<_, _> =
            story.truth.balances.clone().into_iter().filter(|(_, v)| *v != 0).collect();
        diff("balances", &ours, &theirs);
        for (name, kinds, theirs) in [
            ("gross", "'payment','one_off'", &story.truth.gross),
            ("net", "'payment','one_off','refund','dispute'", &story.truth.net),
        ] {
            let mut ours = BTreeMap::new();
            for row in common::rows(&database, &format!("select currency, occurred_at/86400000000 as day, cast(sum(amount) as bigint) as amount from measures where kind in ({kinds}) group by 1,2 having sum(amount)<>0")).await {
            ours.insert((row.try_get::<String>("", "currency").unwrap(), row.try_get::<i64>("", "day").unwrap()), row.try_get::<i64>("", "amount").unwrap());
        }
            let theirs: BTreeMap<_, _> =
                theirs.clone().into_iter().filter(|(_, v)| *v != 0).collect();
            diff(name, &ours, &theirs);
        }
        let mut marks: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        for row in common::rows(&database, "select object, reason from unconfirmed").await {
            let reason: String = row.try_get("", "reason").unwrap();
            if reason != "fee_unknown" {
                marks
                    .entry(row.try_get("", "object").unwrap())
                    .or_default()
                    .insert(reason.replace('_', ""));
            }
        }
        let theirs: BTreeMap<String, BTreeSet<String>> = story
            .truth
            .unsettled
            .iter()
            .map(|(k, v)| (k.clone(), v.iter().map(|r| format!("{r:?}").to_lowercase()).collect()))
            .collect();
        diff("marks", &marks, &theirs);
        let report = takings_server::rebuild::rebuild(&database, true).await.unwrap();
        println!("{report:?}");
    }
}
