//! Looks at a story.
use std::collections::BTreeMap;
use takings_simulator::{ApiVersion, Plan, play};
fn main() {
    let mut args = std::env::args().skip(1);
    let which = args.next().unwrap_or_default();
    let seed = args.next().map_or(1, |s| s.parse().unwrap_or(1));
    let version = ApiVersion::ALL[args.next().map_or(5, |s| s.parse().unwrap_or(5))];
    let plan = match which.as_str() {
        "two" => Plan::two_years(seed),
        "quarter" => Plan::quarter(seed),
        _ => Plan::small(seed),
    }
    .in_version(version);
    let story = play(&plan);
    if args.next().is_some() {
        for e in &story.events {
            println!("{}", String::from_utf8_lossy(&e.body));
        }
        return;
    }
    println!(
        "events {} last day {}",
        story.events.len(),
        (story.events.last().map_or(0, |e| e.created) - plan.start) / 86400
    );
    let mut kinds: BTreeMap<&str, (usize, usize)> = BTreeMap::new();
    for e in &story.events {
        let k = kinds.entry(&e.kind).or_default();
        k.0 += 1;
        k.1 += e.body.len();
    }
    for (k, (n, bytes)) in kinds {
        println!("{n:6} {:6} {k}", bytes / n);
    }
    let mut month: BTreeMap<i64, usize> = BTreeMap::new();
    for e in &story.events {
        *month.entry((e.created - plan.start) * 12 / (plan.end() - plan.start)).or_default() += 1;
    }
    println!("{month:?}");
    println!("{:#?}", story.truth.balances);
    let mut moves: BTreeMap<_, usize> = BTreeMap::new();
    for m in &story.truth.movements {
        *moves.entry((m.kind, m.currency.clone())).or_default() += 1;
    }
    println!("{moves:?}");
    let mut labels: BTreeMap<_, usize> = BTreeMap::new();
    for set in story.truth.unsettled.values() {
        for l in set {
            *labels.entry(l).or_default() += 1;
        }
    }
    println!("{labels:?} customers {}", story.truth.mrr.len());
}
