//! What a question is about, once its defaults are filled in.

use takings_core::money::Currency;
use takings_core::time::{Range, Timestamp};

/// A range of business time, what may be used for it, and in which currency.
#[derive(Clone, Copy, Debug)]
pub(super) struct Scope {
    /// Business time.
    pub(super) range: Range,
    /// The last recorded instant that may be used; `None`: everything recorded.
    pub(super) known: Option<Timestamp>,
    /// The only currency asked for; `None`: every one.
    pub(super) currency: Option<Currency>,
}

impl Scope {
    /// Whether a currency is asked for.
    pub(super) fn lets(&self, currency: Currency) -> bool {
        self.currency.is_none_or(|only| only == currency)
    }
}
