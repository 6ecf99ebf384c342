//! Callers that post signed events over kept connections.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};
use takings_server::app::now;
use takings_server::http::Client;
use takings_simulator::sign;

/// The secret of every measurement.
pub(crate) const SECRET: &str = "whsec_bench";

/// How a load went.
pub(crate) struct Went {
    pub(crate) took: Duration,
    pub(crate) latencies: Vec<Duration>,
}

impl Went {
    /// All rounds as one.
    pub(crate) fn together(rounds: Vec<Went>) -> Went {
        let took = rounds.iter().map(|round| round.took).sum();
        let mut latencies: Vec<_> = rounds.into_iter().flat_map(|round| round.latencies).collect();
        latencies.sort();
        Went { took, latencies }
    }

    /// The latency that a share of the calls stayed below.
    pub(crate) fn percentile(&self, share: f64) -> f64 {
        let place = (self.latencies.len() as f64 * share) as usize;
        let place = place.min(self.latencies.len().saturating_sub(1));
        self.latencies.get(place).map_or(0.0, Duration::as_secs_f64) * 1000.0
    }
}

/// Posts every body once, from `callers` connections at the same time.
pub(crate) async fn post(
    address: SocketAddr,
    bodies: Arc<Vec<Vec<u8>>>,
    callers: usize,
) -> anyhow::Result<Went> {
    let next = Arc::new(AtomicUsize::new(0));
    let started = start();
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..callers {
        let (bodies, next) = (bodies.clone(), next.clone());
        tasks.spawn(async move {
            let mut client = Client::connect(address).await?;
            let mut latencies = Vec::new();
            while let Some(body) = bodies.get(next.fetch_add(1, Ordering::Relaxed)) {
                let signature = sign(SECRET, now().secs(), body);
                let begun = start();
                let status = client.webhook(&signature, body.clone()).await?;
                anyhow::ensure!(status == 200, "answered {status}");
                latencies.push(begun.elapsed());
            }
            Ok(latencies)
        });
    }
    let mut latencies = Vec::new();
    while let Some(done) = tasks.join_next().await {
        latencies.extend(done??);
    }
    latencies.sort();
    Ok(Went { took: started.elapsed(), latencies })
}

#[expect(clippy::disallowed_methods, reason = "a measurement")]
pub(crate) fn start() -> Instant {
    Instant::now()
}
