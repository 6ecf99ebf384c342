//! Refunds.

pub(super) mod convert;

use super::mirrors::{Mirrored, Table};
use takings_core::billing::facts::{Refund, State};

impl Mirrored for Refund {
    const TABLE: Table = Table::Refunds;

    fn of(state: State) -> Option<Refund> {
        if let State::Refund(it) = state { Some(it) } else { None }
    }

    fn depends(&self) -> Vec<&str> {
        self.charge.iter().chain(&self.payment_intent).map(String::as_str).collect()
    }
}
