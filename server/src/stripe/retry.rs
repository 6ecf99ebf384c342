//! When a request is tried again, and after how long.

use super::error::Error;
use super::transport::{NoAnswer, Response};
use std::time::Duration;
use uuid::Uuid;

/// How long and how often.
#[derive(Clone, Copy, Debug)]
pub struct Policy {
    /// Attempts in all.
    pub attempts: u32,
    /// The longest an attempt may take.
    pub attempt: Duration,
    /// The longest everything may take, pauses included.
    pub in_all: Duration,
    /// The longest first pause; each further one may be twice as long.
    pub first_pause: Duration,
    /// The longest pause that we choose; Stripe may ask for a longer one.
    pub longest_pause: Duration,
}

impl Default for Policy {
    fn default() -> Policy {
        Policy {
            attempts: 6,
            attempt: Duration::from_secs(20),
            in_all: Duration::from_secs(60),
            first_pause: Duration::from_millis(500),
            longest_pause: Duration::from_secs(8),
        }
    }
}

impl Policy {
    /// The pause after an attempt, counted from 1: between half and all of a length that doubles,
    /// so that those who failed together do not come back together; never less than Stripe asks.
    pub(super) fn pause(&self, attempt: u32, asked: Option<Duration>) -> Duration {
        let doubled = self.first_pause.saturating_mul(1 << attempt.saturating_sub(1).min(16));
        let longest = doubled.min(self.longest_pause);
        let chance = Uuid::new_v4().as_u64_pair().1 % 1024;
        let pause = longest / 2 + longest * (chance as u32) / 2048;
        pause.max(asked.unwrap_or_default())
    }
}

/// What an attempt has come to.
pub(super) enum Verdict {
    Done(Response),
    Stop(Error),
    Again {
        /// What to say if there is no further attempt.
        error: Error,
        /// The least pause.
        after: Option<Duration>,
    },
}

/// Judges an attempt. Stripe's own word on it wins; without one, what may be over in a moment is
/// tried again.
pub(super) fn judge(outcome: Result<Response, NoAnswer>) -> Verdict {
    let response = match outcome {
        Ok(response) => response,
        Err(why) => return Verdict::Again { error: Error::no_answer(&why), after: None },
    };
    if (200..300).contains(&response.status) {
        return Verdict::Done(response);
    }
    let error = Error::read(&response);
    let by_status = matches!(response.status, 409 | 429 | 500..);
    // A failure that is replayed under its key stays what it is.
    if response.head.replayed || !response.retry.should.unwrap_or(by_status) {
        return Verdict::Stop(error);
    }
    Verdict::Again { error, after: response.retry.after }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stripe::transport::{Head, Retry};

    fn response(status: u16, retry: Retry, replayed: bool) -> Response {
        let head = Head { replayed, ..Head::default() };
        Response { status, head, retry, body: "{}".into() }
    }

    fn again(status: u16, retry: Retry) -> bool {
        matches!(judge(Ok(response(status, retry, false))), Verdict::Again { .. })
    }

    #[test]
    fn what_may_be_over_in_a_moment_is_tried_again_unless_stripe_says_otherwise() {
        for status in [409, 429, 500, 502, 503, 504] {
            assert!(again(status, Retry::default()), "{status}");
            assert!(!again(status, Retry { should: Some(false), ..Retry::default() }), "{status}");
            let replayed = judge(Ok(response(status, Retry::default(), true)));
            assert!(matches!(replayed, Verdict::Stop(_)), "{status}");
        }
        for status in [302, 400, 401, 402, 403, 404] {
            assert!(!again(status, Retry::default()), "{status}");
            assert!(again(status, Retry { should: Some(true), ..Retry::default() }), "{status}");
        }
        assert!(matches!(judge(Err(NoAnswer::Late)), Verdict::Again { .. }));
    }

    #[test]
    fn pauses_double_vary_and_never_undercut_what_is_asked() {
        let policy = Policy::default();
        for (attempt, most) in [(1, 500), (2, 1_000), (4, 4_000), (6, 8_000), (60, 8_000)] {
            for _ in 0..100 {
                let pause = policy.pause(attempt, None).as_millis();
                assert!((most / 2..=most).contains(&pause), "{attempt}: {pause} ms");
            }
        }
        let first = policy.pause(6, None);
        assert!((0..100).any(|_| policy.pause(6, None) != first));
        assert_eq!(policy.pause(1, Some(Duration::from_secs(9))), Duration::from_secs(9));
    }
}
