//! What `kill -9` loses: clicks whose ids were handed on, and which are not there afterwards.

use super::shop::{Mode, Shop};
use super::visitors::{CALLERS, click};
use crate::load::start;
use crate::place::Place;
use crate::verdict;
use crate::wire::Wire;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use tokio::task::JoinSet;
use tokio::time::{interval, sleep};

/// How often each visitor clicks: 1,000 clicks a second in all.
const PAUSE: Duration = Duration::from_millis(CALLERS as u64);
/// The oldest click that may be lost, in milliseconds before the kill.
const WINDOW: f64 = 50.0;

/// Ids, and when they were handed on.
type HandedOn = Arc<Mutex<Vec<(String, Instant)>>>;

/// Kills servers of a mode, and tells what was lost.
pub(super) async fn measure(place: &mut Place, mode: Mode) -> anyhow::Result<()> {
    let kills = if crate::asked("--quick") { 3 } else { 20 };
    let (mut clicks, mut ages) = (0, Vec::new());
    for kill in 0..kills {
        // Not always at the same moment between two commits.
        let span = Duration::from_millis(700 + 7 * kill);
        let (handed_on, lost) = one_kill(&place.url(), mode, span).await?;
        clicks += handed_on;
        ages.extend(lost);
    }
    ages.sort_by(f64::total_cmp);
    print!(
        "  {kills} times kill -9, {} with {} clicks/s offered: {} of {clicks} lost",
        mode.name(),
        1_000 * CALLERS / PAUSE.as_millis() as usize,
        ages.len()
    );
    match (mode, ages.first().zip(ages.last())) {
        (_, None) => println!(" ({})", verdict(true)),
        (Mode::Buffered, Some((youngest, oldest))) => println!(
            ", {youngest:.1} to {oldest:.1} ms before it, at most {WINDOW:.0} ms ({})",
            verdict(*oldest <= WINDOW)
        ),
        (Mode::Durable, Some(_)) => println!(", not one may be ({})", verdict(false)),
    }
    Ok(())
}

/// One kill after a while: how many ids were handed on, and the ages of those lost, in milliseconds.
async fn one_kill(url: &str, mode: Mode, span: Duration) -> anyhow::Result<(usize, Vec<f64>)> {
    let mut shop = Shop::open(url, mode).await?;
    let handed_on = HandedOn::default();
    let mut visitors = visit(shop.server.http, &handed_on).await?;
    sleep(span).await;
    shop.server.kill()?;
    let killed = start();
    while visitors.join_next().await.is_some() {}
    shop.server.child.wait()?;
    // What it had begun, PostgreSQL ends; and a new server finds what it left.
    shop.server = mode.serve(url)?;
    let stored = shop.ids().await?;
    let handed_on = handed_on.lock().map(|list| list.clone()).unwrap_or_default();
    let lost = handed_on.iter().filter(|(id, _)| !stored.contains(id));
    let ages = lost.map(|(_, at)| killed.saturating_duration_since(*at).as_secs_f64() * 1000.0);
    Ok((handed_on.len(), ages.collect()))
}

/// Visitors who click at a steady rate until the server is gone.
async fn visit(address: SocketAddr, handed_on: &HandedOn) -> anyhow::Result<JoinSet<()>> {
    let mut visitors = JoinSet::new();
    for number in 0..CALLERS {
        let (mut wire, handed_on) = (Wire::connect(address).await?, handed_on.clone());
        visitors.spawn(async move {
            sleep(PAUSE * number as u32 / CALLERS as u32).await;
            let mut ticks = interval(PAUSE);
            loop {
                ticks.tick().await;
                let Ok(id) = click(&mut wire).await else { return };
                let (at, Ok(mut list)) = (start(), handed_on.lock()) else { return };
                list.extend(id.map(|id| (id, at)));
            }
        });
    }
    Ok(visitors)
}
