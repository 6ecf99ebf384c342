//! `bench burst`: many events at once, and what they leave open looked up within Stripe's limits.

use crate::load::{post, start};
use crate::make_believe::{Account, plan};
use crate::place::Place;
use crate::target::Target;
use crate::verdict;
use sea_orm::{ConnectionTrait, Statement};
use std::sync::Arc;
use std::time::{Duration, Instant};
use takings_server::db::{Database, Options};
use takings_simulator::Stripe;

/// Stripe's limits: of the account, and of each endpoint.
const IN_ALL: u32 = 100;
const ENDPOINT: u32 = 25;
/// How long after a mark is made it is looked up.
const PATIENCE: &str = "1";
const CALLERS: usize = 16;
const GLANCE: Duration = Duration::from_millis(100);
/// Nothing takes so long.
const LONGEST: Duration = Duration::from_secs(1_200);

/// What is open and can be asked for: marks, terms that customers wait for, objects that events
/// named. Whether an old price includes its tax nobody can look up.
const OPEN: &str =
    "select (select count(*) from unconfirmed where reason <> 'inclusive_tax_unknown')
     + (select count(*) from waiting) + (select count(*) from wanted) as n";

pub(crate) async fn run() -> anyhow::Result<()> {
    let events = if crate::asked("--quick") { 1_000 } else { 10_000 };
    let bodies = bodies(events);
    println!(
        "{} events at once; Stripe answers {IN_ALL} requests a second, {ENDPOINT} of each endpoint",
        bodies.len()
    );
    if let Some(sqlite) = Place::sqlite()? {
        measure(sqlite, events, bodies.clone()).await?;
    }
    if let Some(postgres) = Place::postgres()? {
        measure(postgres, events, bodies).await?;
    }
    Ok(())
}

/// What the account tells by webhooks: equal plans give equal stories.
fn bodies(events: usize) -> Arc<Vec<Vec<u8>>> {
    let plan = plan(events);
    let events = Stripe::played(&plan, plan.end()).events();
    Arc::new(events.into_iter().map(|event| event.body).collect())
}

async fn measure(mut place: Place, events: usize, bodies: Arc<Vec<Vec<u8>>>) -> anyhow::Result<()> {
    println!("\n{}", place.name);
    let mut account = Account::played(events)?;
    account.limit(IN_ALL, ENDPOINT)?;
    let url = place.url();
    let mut configuration = account.configuration((IN_ALL, ENDPOINT)).to_vec();
    configuration.push(("TAKINGS__STRIPE__LOOK_UP_AFTER_SECONDS", PATIENCE.to_owned()));
    let server = Target::takings_with(&url, &configuration)?;
    let database = Database::open(&Options::new(url)).await?;
    let begun = start();
    let went = post(server.http, bodies, CALLERS).await?;
    let (marks, asked) = (open(&database).await?, account.total()?);
    println!(
        "  taken in within {:.1} s; then {marks} points were open, and {asked} requests were made",
        went.took.as_secs_f64()
    );
    drained(&database, begun).await?;
    tell(&mut account, begun.elapsed())
}

async fn open(database: &Database) -> anyhow::Result<i64> {
    let select = Statement::from_string(database.kind.into(), OPEN);
    let row = database.read.query_one_raw(select).await?;
    Ok(row.map(|row| row.try_get("", "n")).transpose()?.unwrap_or(0))
}

/// Waits until nothing is open.
async fn drained(database: &Database, begun: Instant) -> anyhow::Result<()> {
    loop {
        let left = open(database).await?;
        if left == 0 {
            return Ok(());
        }
        anyhow::ensure!(begun.elapsed() < LONGEST, "{left} points are open after {LONGEST:?}");
        tokio::time::sleep(GLANCE).await;
    }
}

/// What the account has counted, and how long that takes at least.
fn tell(account: &mut Account, took: Duration) -> anyhow::Result<()> {
    let (mut refused, mut least) = (0, 0.0_f64);
    for it in account.requests()? {
        let limit = if it.name == "*" { IN_ALL } else { ENDPOINT };
        println!(
            "    {:<36} {:>6} requests, at most {:>3} in a second, {} refused",
            it.name, it.total, it.peak, it.refused
        );
        refused += if it.name == "*" { it.refused } else { 0 };
        least = least.max(it.total as f64 / f64::from(limit));
    }
    let took = took.as_secs_f64();
    println!(
        "  nothing open {took:.1} s after the first event; the limits leave {least:.1} s at least: \
         {:.2} times; {refused} refused, 0 wanted ({})",
        took / least,
        verdict(refused == 0)
    );
    Ok(())
}
