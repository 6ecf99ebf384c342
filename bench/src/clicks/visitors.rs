//! Visitors who are all different: in number 64 at a time, each on a kept connection.

use super::shop::{CODE, Shop};
use crate::load::{Went, start};
use crate::wire::Wire;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;
use takings::v1::TrackClickRequest;
use tokio::task::JoinSet;

pub(crate) const CALLERS: usize = 64;
/// The first visitor's address: 11.0.0.0.
const FIRST: u32 = 11 << 24;

static VISITORS: AtomicU32 = AtomicU32::new(FIRST);

/// How visitors were sent on.
pub(super) struct Load {
    pub(super) went: Went,
    /// How many with the id of a click.
    pub(super) clicks: usize,
}

/// A visitor whom nobody has seen: an address, and what the browser calls itself.
fn visitor() -> (String, String) {
    let number = VISITORS.fetch_add(1, Ordering::Relaxed);
    let agent = format!(
        "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) \
         Chrome/{}.0.0.0 Safari/537.36",
        100 + number % 40
    );
    (Ipv4Addr::from_bits(number).to_string(), agent)
}

/// Follows the link once, as a new visitor; answers the click's id, where one is handed on.
pub(super) async fn click(wire: &mut Wire) -> anyhow::Result<Option<String>> {
    let (address, agent) = visitor();
    let headers = format!("x-forwarded-for: {address}\r\nuser-agent: {agent}\r\n");
    let location = wire.follow(&format!("/r/{CODE}"), &headers).await?;
    Ok(location.split_once("tk_click=").map(|(_, id)| id.to_owned()))
}

/// Follows the link for a while.
pub(super) async fn follow(address: SocketAddr, span: Duration) -> anyhow::Result<Load> {
    let begun = start();
    let mut tasks = JoinSet::new();
    for _ in 0..CALLERS {
        let mut wire = Wire::connect(address).await?;
        tasks.spawn(async move {
            let (mut latencies, mut clicks) = (Vec::new(), 0);
            while begun.elapsed() < span {
                let asked = start();
                clicks += usize::from(click(&mut wire).await?.is_some());
                latencies.push(asked.elapsed());
            }
            anyhow::Ok((latencies, clicks))
        });
    }
    let (mut latencies, mut clicks) = (Vec::new(), 0);
    while let Some(done) = tasks.join_next().await {
        let (some, handed_on) = done??;
        latencies.extend(some);
        clicks += handed_on;
    }
    latencies.sort();
    Ok(Load { went: Went { took: begun.elapsed(), latencies }, clicks })
}

/// Has the same told over gRPC by as many redirectors.
pub(super) async fn track(shop: &Shop, span: Duration) -> anyhow::Result<Went> {
    let begun = start();
    let mut tasks = JoinSet::new();
    for _ in 0..CALLERS {
        let mut client = shop.server.affiliate().await?;
        tasks.spawn(async move {
            let mut latencies = Vec::new();
            while begun.elapsed() < span {
                let (ip_address, user_agent) = visitor();
                let code = CODE.to_owned();
                let request =
                    TrackClickRequest { code, ip_address, user_agent, ..Default::default() };
                let asked = start();
                client.track_click(request).await?;
                latencies.push(asked.elapsed());
            }
            anyhow::Ok(latencies)
        });
    }
    let mut latencies = Vec::new();
    while let Some(done) = tasks.join_next().await {
        latencies.extend(done??);
    }
    latencies.sort();
    Ok(Went { took: begun.elapsed(), latencies })
}
