//! Disputes.

pub(super) mod convert;

use super::mirrors::{Mirrored, Table};
use takings_core::billing::facts::{Dispute, State};

impl Mirrored for Dispute {
    const TABLE: Table = Table::Disputes;

    fn of(state: State) -> Option<Dispute> {
        if let State::Dispute(it) = state { Some(it) } else { None }
    }

    fn depends(&self) -> Vec<&str> {
        self.charge.iter().chain(&self.payment_intent).map(String::as_str).collect()
    }
}
