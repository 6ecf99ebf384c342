//! How long a job goes on before those behind it have their turn.

use std::time::Duration;
use tokio::time::Instant;

/// Long enough for what comes in between two turns, short enough for whoever waits.
const TURN: Duration = Duration::from_secs(30);

/// How long a job goes on with what waits; where time is up, what is left is taken up by the next.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Span(Option<Instant>);

impl Span {
    /// Until nothing is left: a command, or a rebuild, which nobody is behind.
    pub(crate) const WHOLE: Span = Span(None);

    /// One turn, from now on.
    pub(crate) fn turn() -> Span {
        Span(Some(Instant::now() + TURN))
    }

    /// Whether it is over.
    pub(crate) fn is_over(self) -> bool {
        self.0.is_some_and(|until| Instant::now() >= until)
    }

    /// One that is over once something was done.
    #[cfg(test)]
    pub(crate) fn of_one_step() -> Span {
        Span(Some(Instant::now()))
    }
}
