//! Subscriptions.

pub(super) mod convert;

use super::mirrors::{Mirrored, Table, Worth};
use takings_core::billing::facts::{State, Subscription};

impl Mirrored for Subscription {
    const TABLE: Table = Table::Subscriptions;
    const WORTH: Option<Worth> = Some(Worth::OfSubscription);

    fn of(state: State) -> Option<Subscription> {
        if let State::Subscription(it) = state { Some(it) } else { None }
    }

    fn depends(&self) -> Vec<&str> {
        let items = self.items.iter();
        let of_items = items.flat_map(|item| std::iter::once(&item.id).chain(&item.discounts));
        self.discounts.iter().chain(of_items).map(String::as_str).collect()
    }
}
