//! `bench clicks`: visitors follow a link, next to a server that only sends them on and to the bare
//! inserts of the same clicks; and what `kill -9` loses of them.

mod limit;
mod lost;
pub(crate) mod shop;
mod visitors;

pub(crate) use limit::{REDIRECT_SERVER, serve_redirects};

use crate::load::Went;
use crate::place::Place;
use crate::{ingest, verdict};
use shop::{Mode, Shop};
use std::time::Duration;
use visitors::CALLERS;

const ROUNDS: usize = 5;

pub(crate) async fn run() -> anyhow::Result<()> {
    println!(
        "GET /r/{{code}} over {CALLERS} kept connections, every request of another visitor, named by \
         a trusted proxy;\nredirect only is a server on the same HTTP stack that answers alike and \
         keeps nothing."
    );
    if let Some(sqlite) = Place::sqlite()? {
        measure(sqlite).await?;
    }
    if let Some(postgres) = Place::postgres()? {
        measure(postgres).await?;
    }
    Ok(())
}

async fn measure(mut place: Place) -> anyhow::Result<()> {
    println!("\n{}", place.name);
    let span = Duration::from_millis(if crate::asked("--quick") { 300 } else { 2_000 });
    let bare = limit::redirect_only()?;
    let buffered = Shop::open(&place.url(), Mode::Buffered).await?;
    let durable = Shop::open(&place.url(), Mode::Durable).await?;
    let (mut alone, mut ours) = (Vec::new(), [Run::default(), Run::default()]);
    // In turns, so that all see the same weather.
    for _ in 0..ROUNDS {
        alone.push(visitors::follow(bare.http, span).await?.went);
        for (shop, run) in [&buffered, &durable].into_iter().zip(&mut ours) {
            run.add(shop, span).await?;
        }
    }
    let alone = Went::together(alone);
    println!("  redirect only: {}", shown(&alone));
    let [first, second] = ours;
    for (shop, run, least) in [(&buffered, first, 0.7), (&durable, second, 0.3)] {
        run.tell(shop, rate(&alone), least, &place.url()).await?;
    }
    let tracked = visitors::track(&durable, span).await?;
    println!("  TrackClick: {}", shown(&tracked));
    drop((bare, buffered, durable));
    for mode in [Mode::Buffered, Mode::Durable] {
        lost::measure(&mut place, mode).await?;
    }
    Ok(())
}

/// Calls a second, where each round took as long as `went` says.
fn rate(went: &Went) -> f64 {
    went.latencies.len() as f64 / went.took.as_secs_f64()
}

fn shown(went: &Went) -> String {
    let (middle, slow) = (went.percentile(0.5), went.percentile(0.99));
    format!("{:.0}/s, p50 {middle:.2} ms, p99 {slow:.2} ms", rate(went))
}

/// All rounds of a mode.
#[derive(Default)]
struct Run {
    rounds: Vec<Went>,
    /// Clicks whose ids were handed on.
    clicks: usize,
    /// Until the last of them was stored.
    until_stored: Duration,
}

impl Run {
    /// One more round, which ends when every click is stored.
    async fn add(&mut self, shop: &Shop, span: Duration) -> anyhow::Result<()> {
        let begun = crate::load::start();
        let load = visitors::follow(shop.server.http, span).await?;
        self.clicks += load.clicks;
        shop.stored(self.clicks).await?;
        self.until_stored += begun.elapsed();
        self.rounds.push(load.went);
        Ok(())
    }

    async fn tell(self, shop: &Shop, alone: f64, least: f64, url: &str) -> anyhow::Result<()> {
        let went = Went::together(self.rounds);
        let (share, name) = (rate(&went) / alone, shop.mode.name());
        let kept = 100.0 * self.clicks as f64 / went.latencies.len() as f64;
        println!(
            "  {name}: {}, {share:.2} of redirect only, at least {least} ({}); {kept:.1} % stored one \
             by one",
            shown(&went),
            verdict(share >= least)
        );
        if crate::asked("--queries") {
            ingest::queries(&ingest::metrics(shop.server.http).await?);
        }
        let bare = limit::inserts(shop, url).await?;
        let stored = self.clicks as f64 / self.until_stored.as_secs_f64();
        println!(
            "    stored {stored:.0}/s until the last, in batches of {:.1}; the bare inserts in the \
             same batches: {:.0}/s; ours is {:.2} of that",
            bare.batch,
            bare.rate,
            stored / bare.rate
        );
        // Visitors, server and database share this machine.
        let both = 1.0 / (1.0 / alone + 1.0 / bare.rate);
        println!(
            "    redirect only and then the bare insert: {both:.0}/s; ours is {:.2} of that",
            rate(&went) / both
        );
        Ok(())
    }
}
