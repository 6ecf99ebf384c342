//! How often may be asked, and how often it was.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use tokio::time::Instant;

/// How many requests a second are answered; none is no limit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Limits {
    /// Of the whole account.
    pub account: Option<usize>,
    /// Of each endpoint, such as `GET /v1/invoices/{id}`.
    pub endpoint: Option<usize>,
}

/// How often something was asked for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Requests {
    /// In all, refused ones included.
    pub total: u64,
    /// Of these refused by a limit.
    pub refused: u64,
    /// The most in any one second, refused ones included.
    pub peak: usize,
}

/// The key under which all requests together are counted.
pub(super) const ALL: &str = "*";
const SECOND: Duration = Duration::from_secs(1);

#[derive(Default)]
struct Window {
    counted: Requests,
    /// Every request of the last second, and which of them were answered.
    recent: VecDeque<(Instant, bool)>,
}

#[derive(Default)]
pub(super) struct Counter {
    pub(super) limits: Limits,
    windows: BTreeMap<String, Window>,
}

impl Counter {
    /// Counts a request; says which limit refuses it, if one does.
    pub(super) fn count(&mut self, endpoint: &str, now: Instant) -> Option<&'static str> {
        let limits = [
            (ALL, self.limits.account, "global-rate"),
            (endpoint, self.limits.endpoint, "endpoint-rate"),
        ];
        let mut refused = None;
        for (name, limit, reason) in limits {
            let window = self.window(name, now);
            let answered = window.recent.iter().filter(|(_, answered)| *answered).count();
            if limit.is_some_and(|limit| answered >= limit) {
                refused = refused.or(Some(reason));
            }
        }
        for (name, _, _) in limits {
            let window = self.window(name, now);
            window.recent.push_back((now, refused.is_none()));
            window.counted.total += 1;
            window.counted.refused += u64::from(refused.is_some());
            window.counted.peak = window.counted.peak.max(window.recent.len());
        }
        refused
    }

    fn window(&mut self, name: &str, now: Instant) -> &mut Window {
        let window = self.windows.entry(name.to_owned()).or_default();
        while window.recent.front().is_some_and(|(at, _)| now.duration_since(*at) >= SECOND) {
            window.recent.pop_front();
        }
        window
    }

    pub(super) fn counted(&self) -> BTreeMap<String, Requests> {
        self.windows.iter().map(|(name, window)| (name.clone(), window.counted)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_limit_refuses_what_is_too_much_within_a_second_and_forgets_it_after() {
        let limits = Limits { account: Some(3), endpoint: Some(2) };
        let mut counter = Counter { limits, ..Counter::default() };
        let start = Instant::now();
        let at = |millis| start + Duration::from_millis(millis);
        for (endpoint, millis, refused) in [
            ("a", 0, None),
            ("a", 10, None),
            ("a", 20, Some("endpoint-rate")),
            ("b", 30, None),
            ("b", 40, Some("global-rate")),
            ("a", 1_005, None),
        ] {
            assert_eq!(counter.count(endpoint, at(millis)), refused, "{endpoint} at {millis}");
        }
        let counted = counter.counted();
        assert_eq!(counted["a"], Requests { total: 4, refused: 1, peak: 3 });
        assert_eq!(counted[ALL].peak, 5);
    }
}
