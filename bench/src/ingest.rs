//! `bench ingest`: signed events through the HTTP door, on both databases.

use crate::load::{Went, post};
use crate::place::Place;
use crate::target::Target;
use crate::{cpu, customer, limit, right, verdict};
use std::sync::Arc;
use takings_simulator::{Delivery, Plan, Story, deliver, play};

/// Ours must cost no more than the limit divided by this.
const SHARE: f64 = 0.7;

pub(crate) async fn run() -> anyhow::Result<()> {
    let plan = Plan::two_years(1);
    let story = play(&plan);
    let bodies = padded(&story);
    let bytes: usize = bodies.iter().map(Vec::len).sum();
    println!("{} events of {} bytes on average", bodies.len(), bytes / bodies.len());
    if let Some(sqlite) = Place::sqlite()? {
        measure(sqlite, 0.13, (&plan, &story, &bodies)).await?;
    }
    if let Some(postgres) = Place::postgres()? {
        measure(postgres, 0.16, (&plan, &story, &bodies)).await?;
    }
    Ok(())
}

/// The story's bodies at the size of Stripe's own, about 5 KB: each carries another one in a field
/// that nobody reads.
fn padded(story: &Story) -> Vec<Vec<u8>> {
    let others = story.events.iter().cycle().skip(story.events.len() / 2);
    story.events.iter().zip(others).map(|(event, other)| pad(&event.body, &other.body)).collect()
}

fn pad(body: &[u8], with: &[u8]) -> Vec<u8> {
    let open = body.strip_suffix(b"}").unwrap_or(body);
    [open, b",\"padding\":", with, b"}"].concat()
}

async fn measure(
    mut place: Place,
    target: f64,
    (plan, story, bodies): (&Plan, &Story, &[Vec<u8>]),
) -> anyhow::Result<()> {
    println!("\n{}", place.name);
    let shared = Arc::new(bodies.to_vec());
    let mut at_16 = (0.0, 1.0);
    let quick = crate::asked("--quick");
    for callers in if quick { vec![16] } else { vec![1, 16, 64] } {
        let share = if callers == 1 { bodies.len() / 4 } else { bodies.len() };
        let part = Arc::new(shared[..share].to_vec());
        let (cost, batch) = one_run(&mut place, part, callers).await?;
        if callers == 16 {
            at_16 = (cost, batch);
        }
    }
    let door = door_alone(shared).await?;
    let (first, second) = (place.url(), place.url());
    let postmaster = place.postmaster();
    let size = at_16.1.round() as usize;
    let statements = limit::statements(&first, &second, postmaster, (bodies, size)).await?;
    let limit = door + statements;
    let (cost, allowed) = (at_16.0, limit / SHARE);
    println!(
        "  limit: door {door:.4} + statements {statements:.4} = {limit:.4} CPU-s per 1,000; ours \
         {cost:.4} is {:.2} of limit / {SHARE} = {allowed:.4} ({}); absolute target {:.2}: {}",
        cost / allowed,
        verdict(cost <= allowed),
        target,
        verdict(cost <= target)
    );
    if quick {
        return Ok(());
    }
    one_customer(&mut place, story).await?;
    deliveries(&mut place, plan, story).await
}

/// One load on a fresh database; answers CPU-seconds per 1,000 and the mean batch.
async fn one_run(
    place: &mut Place,
    bodies: Arc<Vec<Vec<u8>>>,
    callers: usize,
) -> anyhow::Result<(f64, f64)> {
    let events = bodies.len() as f64;
    let server = Target::takings(&place.url())?;
    let before = place.used(&server);
    let went: Went = post(server.http, bodies, callers).await?;
    let cost = (place.used(&server) - before) / events * 1000.0;
    let batch = mean_batch(server.http).await?;
    println!(
        "  {callers:>2} callers: {:>6.0} events/s, p50 {:>5.2} ms, p99 {:>6.2} ms, {cost:.4} CPU-s per \
         1,000, batches of {batch:.1}, {:.0} MiB",
        events / went.took.as_secs_f64(),
        went.percentile(0.5),
        went.percentile(0.99),
        cpu::memory(server.child.id())
    );
    Ok((cost, batch))
}

/// What the first and the last thousand of one customer's 10,000 events cost.
async fn one_customer(place: &mut Place, story: &Story) -> anyhow::Result<()> {
    let bodies = customer::updates(story, 10_000)?;
    let server = Target::takings(&place.url())?;
    let mut costs = Vec::new();
    for thousand in bodies.chunks(1000) {
        let before = place.used(&server);
        post(server.http, Arc::new(thousand.to_vec()), 16).await?;
        costs.push(place.used(&server) - before);
    }
    let (first, last) = (costs[0], costs[costs.len() - 1]);
    println!(
        "  one customer with 10,000 events: first thousand {first:.3} CPU-s, last {last:.3}: {:.2} \
         times, at most 2 ({})",
        last / first,
        verdict(last <= 2.0 * first)
    );
    Ok(())
}

/// CPU-seconds per 1,000 of a server that only verifies and parses.
async fn door_alone(bodies: Arc<Vec<Vec<u8>>>) -> anyhow::Result<f64> {
    let events = bodies.len() as f64;
    let server = limit::bare()?;
    let before = cpu::used(server.child.id());
    post(server.http, bodies, 16).await?;
    Ok((cpu::used(server.child.id()) - before) / events * 1000.0)
}

/// What the server's own metrics say.
pub(crate) async fn metrics(address: std::net::SocketAddr) -> anyhow::Result<String> {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let mut stream = tokio::net::TcpStream::connect(address).await?;
    stream.write_all(b"GET /metrics HTTP/1.1\r\nHost: bench\r\nConnection: close\r\n\r\n").await?;
    let mut text = String::new();
    stream.read_to_string(&mut text).await?;
    Ok(text)
}

/// The mean number of events in a transaction, from the server's own metrics.
async fn mean_batch(address: std::net::SocketAddr) -> anyhow::Result<f64> {
    let text = metrics(address).await?;
    if crate::asked("--queries") {
        queries(&text);
    }
    let value = |name: &str| {
        let line = text.lines().find(|line| line.starts_with(name)).unwrap_or_default();
        line.split_whitespace().last().and_then(|it| it.parse::<f64>().ok()).unwrap_or(1.0)
    };
    Ok(value("writer_batch_size_sum") / value("writer_batch_size_count"))
}

/// The share of right final states in three deliveries, without one call to Stripe.
async fn deliveries(place: &mut Place, plan: &Plan, story: &Story) -> anyhow::Result<()> {
    let messy =
        Delivery { seed: 1, duplicates: 1000, late: 500, places: 50, ..Delivery::default() };
    let shuffled = Delivery { seed: 1, shuffle: true, ..Delivery::default() };
    let ways = [("in order", Delivery::default()), ("messy", messy), ("shuffled", shuffled)];
    for (name, delivery) in ways {
        let bodies = deliver(&delivery, &story.events).into_iter().map(|it| it.body).collect();
        let url = place.url();
        let server = Target::takings(&url)?;
        post(server.http, Arc::new(bodies), 16).await?;
        tokio::time::sleep(std::time::Duration::from_secs(3)).await;
        let (right, all) = right::share(&url, &story.truth, plan.end()).await?;
        println!(
            "  {name}: {right} of {all} final states right ({:.3} %)",
            100.0 * right as f64 / all as f64
        );
    }
    Ok(())
}

/// Where the writer's time went, query by query.
pub(crate) fn queries(text: &str) {
    let sums = text.lines().filter_map(|line| line.strip_prefix("database_query_duration_sum"));
    let mut spent: Vec<(f64, &str)> = sums
        .filter_map(|line| Some((line.split_whitespace().last()?.parse().ok()?, line)))
        .collect();
    spent.sort_by(|a, b| b.0.total_cmp(&a.0));
    spent.iter().take(30).for_each(|(seconds, line)| {
        println!("    {seconds:>8.3} s {}", line.split('"').nth(1).unwrap_or_default());
    });
}
