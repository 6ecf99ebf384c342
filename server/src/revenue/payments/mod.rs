//! Payments: charges, in Stripe's words.

pub(super) mod convert;

use super::mirrors::{Mirrored, Table};
use takings_core::billing::facts::{Charge, State};

impl Mirrored for Charge {
    const TABLE: Table = Table::Payments;

    fn of(state: State) -> Option<Charge> {
        if let State::Charge(it) = state { Some(it) } else { None }
    }

    fn depends(&self) -> Vec<&str> {
        self.payment_intent.iter().map(String::as_str).collect()
    }
}
