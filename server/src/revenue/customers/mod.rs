//! Customers.

pub(super) mod convert;

use super::mirrors::{Mirrored, Table, Worth};
use takings_core::billing::facts::{Customer, State};

impl Mirrored for Customer {
    const TABLE: Table = Table::Customers;
    const WORTH: Option<Worth> = Some(Worth::OfCustomer);

    fn of(state: State) -> Option<Customer> {
        if let State::Customer(it) = state { Some(it) } else { None }
    }

    fn depends(&self) -> Vec<&str> {
        self.discount.iter().map(String::as_str).collect()
    }
}
