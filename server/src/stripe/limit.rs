//! How fast Stripe may be asked: so many requests a second in all, and so many an endpoint.
//!
//! Every request takes the next free slot of both; slots lie evenly. Who wakes too late for its slot
//! comes closer to those after it, so the requests of the last second are counted besides. A 429
//! halves an endpoint's rate, which then grows back by a tenth a second.

use hyper::Method;
use std::collections::{HashMap, VecDeque};
use std::sync::Mutex;
use std::time::Duration;
use tokio::time::{Instant, sleep_until};

/// What of a second is left to a limit: whoever counts at the other end must never count more.
const SECOND: Duration = Duration::from_millis(1_020);
/// In so much time no more requests begin than a limit allows; what is left over is for the way.
const WINDOW: Duration = Duration::from_millis(1_010);
/// No pause between two requests grows beyond this.
const LONGEST: Duration = Duration::from_secs(1);

/// The two limits, in requests a second.
#[derive(Clone, Copy, Debug)]
pub struct Rates {
    /// Of all requests together.
    pub in_all: u32,
    /// Of each endpoint.
    pub endpoint: u32,
}

impl Default for Rates {
    fn default() -> Rates {
        Rates { in_all: 100, endpoint: 25 }
    }
}

/// Who may ask when.
pub(super) struct Limit {
    rates: Rates,
    lanes: Mutex<HashMap<String, Lane>>,
}

/// The slots of one endpoint, or of all together.
struct Lane {
    /// How far slots lie apart.
    apart: Duration,
    /// When that changed last.
    since: Instant,
    /// The next free slot.
    next: Instant,
    /// When the requests of the last second began.
    begun: VecDeque<Instant>,
}

impl Limit {
    pub(super) fn new(rates: Rates) -> Limit {
        Limit { rates, lanes: Mutex::default() }
    }

    /// Waits for the next slot of an endpoint.
    pub(super) async fn turn(&self, endpoint: &str) {
        let mut next = self.take(endpoint);
        while let Some(slot) = next {
            // A timer's shortest wait is a millisecond.
            if slot > Instant::now() {
                sleep_until(slot).await;
            }
            next = self.begin(endpoint);
        }
    }

    fn both<'a>(&self, endpoint: &'a str) -> [(&'a str, u32); 2] {
        [("", self.rates.in_all), (endpoint, self.rates.endpoint)]
    }

    /// The next slot that is free in both lanes.
    fn take(&self, endpoint: &str) -> Option<Instant> {
        let mut lanes = self.lanes.lock().ok()?;
        let now = Instant::now();
        let slots = self.both(endpoint).map(|(name, rate)| match lanes.get_mut(name) {
            Some(lane) => lane.take(now, rate),
            None => lanes.entry(name.to_owned()).or_insert(Lane::new(now, rate)).take(now, rate),
        });
        slots.into_iter().max()
    }

    /// Begins a request, unless the last second is full: then it answers until when.
    fn begin(&self, endpoint: &str) -> Option<Instant> {
        let mut lanes = self.lanes.lock().ok()?;
        let (now, both) = (Instant::now(), self.both(endpoint));
        let full = both.iter().filter_map(|(name, rate)| lanes.get_mut(*name)?.full(now, *rate));
        let until = full.max();
        if until.is_none() {
            for (name, _) in both {
                lanes.get_mut(name)?.begun.push_back(now);
            }
        }
        until
    }

    /// An endpoint answered 429.
    pub(super) fn lower(&self, endpoint: &str) {
        if let Ok(mut lanes) = self.lanes.lock()
            && let Some(lane) = lanes.get_mut(endpoint)
        {
            (lane.apart, lane.since) = ((lane.apart * 2).min(LONGEST), Instant::now());
        }
    }
}

impl Lane {
    fn new(now: Instant, rate: u32) -> Lane {
        Lane { apart: SECOND / rate.max(1), since: now, next: now, begun: VecDeque::new() }
    }

    /// Until when the last second is full, if it is.
    fn full(&mut self, now: Instant, rate: u32) -> Option<Instant> {
        while self.begun.front().is_some_and(|begun| *begun + WINDOW <= now) {
            self.begun.pop_front();
        }
        let oldest = self.begun.front().filter(|_| self.begun.len() >= rate.max(1) as usize);
        oldest.map(|oldest| *oldest + WINDOW)
    }

    fn take(&mut self, now: Instant, rate: u32) -> Instant {
        while now - self.since >= Duration::from_secs(1) && self.apart > SECOND / rate.max(1) {
            self.apart = (self.apart * 10 / 11).max(SECOND / rate.max(1));
            self.since += Duration::from_secs(1);
        }
        let slot = self.next.max(now);
        self.next = slot + self.apart;
        slot
    }
}

/// The name of an endpoint: one operation, whichever object it is about.
pub(super) fn endpoint(method: &Method, path: &str) -> String {
    let path = path.split('?').next().unwrap_or_default();
    let mut parts = path.trim_start_matches('/').split('/');
    let mut name = format!("{method} /{}", parts.next().unwrap_or_default());
    if name.ends_with("/checkout") || name.ends_with("/billing_portal") {
        name = format!("{name}/{}", parts.next().unwrap_or_default());
    }
    if parts.next().is_some() {
        name.push_str("/:id");
    }
    parts.fold(name, |name, part| format!("{name}/{part}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;
    use tokio::task::JoinSet;

    #[test]
    fn an_endpoint_is_one_operation() {
        for (path, name) in [
            ("/coupons/SPRING20", "GET /coupons/:id"),
            ("/invoices?limit=100", "GET /invoices"),
            ("/invoices/in_1/lines?limit=100", "GET /invoices/:id/lines"),
            ("/checkout/sessions", "GET /checkout/sessions"),
            ("/checkout/sessions/cs_1", "GET /checkout/sessions/:id"),
        ] {
            assert_eq!(endpoint(&Method::GET, path), name);
        }
    }

    #[tokio::test(start_paused = true)]
    async fn slots_lie_evenly_and_a_429_spreads_them() {
        let limit = Limit::new(Rates { in_all: 100, endpoint: 25 });
        let started = Instant::now();
        for _ in 0..101 {
            limit.turn("GET /coupons/:id").await;
        }
        let took = started.elapsed().as_millis();
        assert!((4_000..=4_250).contains(&took), "100 pauses at 25 a second: {took} ms");
        limit.lower("GET /coupons/:id");
        let started = Instant::now();
        for _ in 0..25 {
            limit.turn("GET /coupons/:id").await;
        }
        let took = started.elapsed().as_millis();
        assert!((1_700..=2_250).contains(&took), "half as fast, and growing: {took} ms");
        let started = Instant::now();
        for place in 0..101 {
            limit.turn(&format!("GET /{place}")).await;
        }
        let took = started.elapsed().as_millis();
        assert!((1_000..=1_150).contains(&took), "all endpoints together: {took} ms");
    }

    #[tokio::test(start_paused = true)]
    async fn who_wakes_late_makes_no_second_fuller() {
        let limit = Arc::new(Limit::new(Rates { in_all: 100, endpoint: 25 }));
        let mut asking = JoinSet::new();
        for _ in 0..120 {
            let limit = limit.clone();
            asking.spawn(async move {
                limit.turn("GET /coupons/:id").await;
                Instant::now()
            });
        }
        let mut begun = Vec::new();
        while !asking.is_empty() {
            tokio::time::advance(Duration::from_millis(61)).await;
            tokio::task::yield_now().await;
            while let Some(at) = asking.try_join_next() {
                begun.push(at.unwrap());
            }
        }
        begun.sort();
        let fullest = begun.windows(26).map(|it| it[25] - it[0]).min().unwrap();
        assert!(fullest >= Duration::from_secs(1), "26 within {fullest:?}");
        let took = begun[119] - begun[0];
        assert!(took < Duration::from_millis(6_000), "and the rate is kept: {took:?}");
    }
}
