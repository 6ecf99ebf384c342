//! `bench backfill`: an account's past, fetched by the real binary from the make-believe Stripe.

use crate::load::start;
use crate::make_believe::{Account, plan};
use crate::place::Place;
use crate::target::Target;
use crate::wire::Wire;
use crate::{cpu, verdict};
use anyhow::Context;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};
use takings::v1::{Backfill, BackfillState, GetBackfillRequest, StartBackfillRequest};
use tokio::task::JoinSet;
use uuid::Uuid;

/// Stripe's limits, and the share of the first that a backfill is to reach.
const CAP: u32 = 100;
const ENDPOINT: u32 = 25;
const SHARE: f64 = 0.95;
/// A rate that nothing here comes near.
const WITHOUT: u32 = 100_000;
/// Lists that the server walks at the same time.
const ABREAST: usize = 4;
/// How often the account is asked what it has heard, and the server how far it is.
const GLANCE: Duration = Duration::from_millis(20);

/// How a backfill went, from its first request on.
struct Went {
    /// Until everything was listed and durable.
    took: Duration,
    objects: i64,
    requests: u64,
    /// For so long as many lists were left as are walked at the same time, and so many requests.
    steady: (Duration, u64),
    /// CPU-seconds of the server with its database, and of the make-believe Stripe.
    used: (f64, f64),
}

pub(crate) async fn run() -> anyhow::Result<()> {
    // A page holds 100 objects: ten seconds under the cap take about as many as these leave.
    let events = if crate::asked("--quick") { 20_000 } else { 150_000 };
    let mut account = Account::played(events)?;
    println!("a business of two years and {events} events, served by a process of its own");
    if let Some(sqlite) = Place::sqlite()? {
        measure(sqlite, &mut account, events).await?;
    }
    if let Some(postgres) = Place::postgres()? {
        measure(postgres, &mut account, events).await?;
    }
    Ok(())
}

async fn measure(mut place: Place, account: &mut Account, events: usize) -> anyhow::Result<()> {
    println!("\n{}", place.name);
    // Once, so that the make-believe Stripe has every page at hand.
    backfill(&mut place, account, events, (WITHOUT, WITHOUT)).await?;
    for (endpoint, name) in [(CAP, "no other limit"), (ENDPOINT, "25 an endpoint")] {
        let went = backfill(&mut place, account, events, (CAP, endpoint)).await?;
        let (steady, requests) = went.steady;
        let rate = requests as f64 / steady.as_secs_f64();
        println!(
            "  at most {CAP} requests/s, {name}: {rate:.1}/s while {ABREAST} lists were left \
             ({:.1} s), {:.2} of the cap, at least {SHARE} ({}); {:.1}/s over all {:.1} s",
            steady.as_secs_f64(),
            rate / f64::from(CAP),
            verdict(rate >= SHARE * f64::from(CAP)),
            went.requests as f64 / went.took.as_secs_f64(),
            went.took.as_secs_f64(),
        );
    }
    let went = backfill(&mut place, account, events, (WITHOUT, WITHOUT)).await?;
    let thousands = went.objects as f64 / 1000.0;
    let rate = went.objects as f64 / went.took.as_secs_f64();
    println!(
        "  without limits: {rate:.0} objects/s, {:.0} requests/s, {:.4} CPU-s per 1,000 objects, \
         and {:.4} of the make-believe Stripe",
        went.requests as f64 / went.took.as_secs_f64(),
        went.used.0 / thousands,
        went.used.1 / thousands
    );
    let bare = fetch_alone(account).await?;
    let bare_rate = went.objects as f64 / bare.took.as_secs_f64();
    println!(
        "  a loop that fetches these {} pages and throws them away: {bare_rate:.0} objects/s, \
         {:.4} CPU-s per 1,000, and {:.4}; ours is {:.2} as fast, at {:.1} times the CPU time",
        bare.requests,
        bare.used.0 / thousands,
        bare.used.1 / thousands,
        rate / bare_rate,
        went.used.0 / bare.used.0
    );
    Ok(())
}

/// One backfill into a fresh database, at so many requests a second in all and of an endpoint.
async fn backfill(
    place: &mut Place,
    account: &mut Account,
    events: usize,
    rates: (u32, u32),
) -> anyhow::Result<Went> {
    let server = Target::takings_with(&place.url(), &account.configuration(rates))?;
    let mut client = server.revenue().await?;
    let since_time = Some(prost_types::Timestamp { seconds: plan(events).start, nanos: 0 });
    let request = StartBackfillRequest { since_time, request_id: Uuid::new_v4().to_string() };
    let begun = client.start_backfill(request).await?.into_inner().backfill;
    let backfill_id = begun.context("no backfill")?.backfill_id;
    let before = account.total()?;
    while account.total()? == before {
        tokio::time::sleep(GLANCE / 10).await;
    }
    let mut watch = Watch::begin(place.used(&server), cpu::used(account.pid()), before);
    loop {
        tokio::time::sleep(GLANCE).await;
        let request = GetBackfillRequest { backfill_id: backfill_id.clone() };
        let state = client.get_backfill(request).await?.into_inner().backfill;
        let state = state.context("no backfill")?;
        watch.see(&state, account.total()?);
        if state.state() == BackfillState::Completed {
            let used = (place.used(&server), cpu::used(account.pid()));
            return watch.end(&state, used);
        }
    }
}

/// What is seen of a backfill on its way.
struct Watch {
    begun: Instant,
    used: (f64, f64),
    /// What the account had heard before it, and by the last glance.
    before: u64,
    heard: u64,
    steady: (Duration, u64),
}

impl Watch {
    fn begin(server: f64, stripe: f64, before: u64) -> Watch {
        let steady = (Duration::ZERO, 0);
        Watch { begun: start(), used: (server, stripe), before, heard: before, steady }
    }

    fn see(&mut self, state: &Backfill, heard: u64) {
        self.heard = heard;
        let left = state.kinds.iter().filter(|kind| !kind.completed).count();
        if left >= ABREAST {
            self.steady = (self.begun.elapsed(), heard - self.before);
        }
    }

    fn end(self, state: &Backfill, used: (f64, f64)) -> anyhow::Result<Went> {
        let skipped: i64 = state.kinds.iter().map(|kind| kind.skipped_count).sum();
        anyhow::ensure!(skipped == 0, "{skipped} objects were left out");
        Ok(Went {
            took: self.begun.elapsed(),
            objects: state.kinds.iter().map(|kind| kind.object_count).sum(),
            requests: self.heard - self.before,
            steady: self.steady,
            used: (used.0 - self.used.0, used.1 - self.used.1),
        })
    }
}

/// How fast the same pages come from as many connections where nothing is done with them.
struct Bare {
    took: Duration,
    requests: usize,
    /// CPU-seconds of this process, and of the make-believe Stripe.
    used: (f64, f64),
}

async fn fetch_alone(account: &mut Account) -> anyhow::Result<Bare> {
    let mut pages = account.heard()?;
    pages.retain(|target| target.contains("limit=100"));
    let (requests, pages, next) = (pages.len(), Arc::new(pages), Arc::new(AtomicUsize::new(0)));
    let (own, address) = (std::process::id(), account.http);
    let (begun, before) = (start(), (cpu::used(own), cpu::used(account.pid())));
    let mut tasks = JoinSet::new();
    for _ in 0..ABREAST {
        let (pages, next) = (pages.clone(), next.clone());
        tasks.spawn(async move {
            let mut wire = Wire::connect(address).await?;
            while let Some(page) = pages.get(next.fetch_add(1, Ordering::Relaxed)) {
                wire.get(page).await?;
            }
            anyhow::Ok(())
        });
    }
    while let Some(done) = tasks.join_next().await {
        done??;
    }
    let used = (cpu::used(own) - before.0, cpu::used(account.pid()) - before.1);
    Ok(Bare { took: begun.elapsed(), requests, used })
}
