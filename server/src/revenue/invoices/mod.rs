//! Invoices.

pub(super) mod convert;

use super::mirrors::{Mirrored, Table};
use takings_core::billing::facts::{Invoice, State};

impl Mirrored for Invoice {
    const TABLE: Table = Table::Invoices;
    const PAYERS: bool = true;

    fn of(state: State) -> Option<Invoice> {
        if let State::Invoice(it) = state { Some(it) } else { None }
    }

    fn depends(&self) -> Vec<&str> {
        Vec::new()
    }
}
