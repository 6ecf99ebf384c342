//! Faults on demand.

use std::collections::VecDeque;
use std::time::Duration;

use super::problem::Problem;
use crate::dice::Dice;

/// What goes wrong with a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// 409 `lock_timeout`: nothing was done, and nothing is kept under the idempotency key.
    LockTimeout,
    /// 429: nothing was done.
    RateLimited,
    /// 500 before anything was done; under an idempotency key the 500 is replayed.
    ServerError,
    /// 500 though it was done; under an idempotency key the 500 is replayed.
    ServerErrorAfter,
    /// 502 with a page of HTML: nothing was done.
    BadGateway,
    /// 503: nothing was done.
    Unavailable,
    /// The answer takes so much longer.
    Slow(Duration),
    /// The connection ends before anything was done.
    DropBefore,
    /// The connection ends after it was done; a repeat under the same key gets the answer.
    DropAfter,
}

impl Fault {
    /// The answer that comes instead of an execution.
    pub(super) fn answer(self) -> Option<Problem> {
        Some(match self {
            Self::LockTimeout => Problem::new(
                409,
                "invalid_request_error",
                "This object cannot be accessed right now because another API request or Stripe \
                 process is currently accessing it.",
            )
            .code("lock_timeout"),
            Self::RateLimited => too_many(),
            Self::ServerError | Self::ServerErrorAfter => {
                Problem::new(500, "api_error", "An unknown error occurred.")
            }
            Self::Unavailable => Problem::new(503, "api_error", "Service unavailable."),
            Self::BadGateway | Self::Slow(_) | Self::DropBefore | Self::DropAfter => return None,
        })
    }
}

/// Too many requests.
pub(super) fn too_many() -> Problem {
    let message = "Request rate limit exceeded. Learn more about rate limits here \
        https://stripe.com/docs/rate-limits.";
    Problem::new(429, "invalid_request_error", message).code("rate_limit")
}

/// Which requests go wrong, and how.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Faults {
    seed: u64,
    chance: u64,
    kinds: Vec<Fault>,
    listed: Vec<(String, VecDeque<Fault>)>,
}

impl Faults {
    /// So many of 10,000 requests go wrong, in one of these ways.
    pub fn by_chance(seed: u64, basis_points: u64, kinds: &[Fault]) -> Self {
        Self { seed, chance: basis_points, kinds: kinds.to_vec(), listed: Vec::new() }
    }

    /// The next requests to an endpoint such as `POST /v1/refunds` go wrong in these ways, one
    /// after the other; later ones go well.
    #[must_use]
    pub fn then(mut self, endpoint: &str, faults: &[Fault]) -> Self {
        self.listed.push((endpoint.to_owned(), faults.iter().copied().collect()));
        self
    }
}

/// Deals out the faults.
pub(super) struct Dealer {
    plan: Faults,
    dice: Dice,
    pub(super) dealt: u64,
}

impl Dealer {
    pub(super) fn new(plan: Faults) -> Self {
        Self { dice: Dice::new(plan.seed), plan, dealt: 0 }
    }

    /// What goes wrong with the next request to an endpoint.
    pub(super) fn deal(&mut self, endpoint: &str) -> Option<Fault> {
        let listed = self.plan.listed.iter_mut().filter(|(name, _)| name == endpoint);
        let fault = listed.filter_map(|(_, faults)| faults.pop_front()).next();
        let fault = fault.or_else(|| self.by_chance());
        self.dealt += u64::from(fault.is_some());
        fault
    }

    fn by_chance(&mut self) -> Option<Fault> {
        if !self.dice.chance(self.plan.chance) || self.plan.kinds.is_empty() {
            return None;
        }
        let kinds = &self.plan.kinds;
        Some(kinds[self.dice.below(kinds.len() as u64) as usize])
    }
}
