//! What has to be derived again after sales, touches or decisions have changed.

use super::TouchKey;
use crate::ingest::Key;
use std::collections::{BTreeMap, BTreeSet};
use takings_core::time::Timestamp;

/// Before every instant: all that a customer has bought is derived again.
const ALWAYS: Timestamp = Timestamp(i64::MIN);

/// Customers, with the instants of sales that have changed; sales that are no more; programs.
#[derive(Clone, Debug, Default)]
pub(crate) struct Affected {
    customers: BTreeMap<Key, BTreeSet<Timestamp>>,
    gone: BTreeSet<Key>,
    programs: BTreeSet<String>,
}

impl Affected {
    /// A sale of a customer has changed, or was paid then.
    pub(crate) fn sale(&mut self, customer: Key, paid_at: Timestamp) {
        self.customers.entry(customer).or_default().insert(paid_at);
    }

    /// Everything of a customer may have changed.
    pub(crate) fn whole(&mut self, customer: Key) {
        self.sale(customer, ALWAYS);
    }

    /// A program has to be looked at, whether or not a touch names it.
    pub(crate) fn program(&mut self, program: String) {
        self.programs.insert(program);
    }

    /// A customer's sale is no more.
    pub(super) fn gone(&mut self, sale: Key, customer: Key, paid_at: Timestamp) {
        self.gone.insert(sale);
        self.sale(customer, paid_at);
    }

    /// A touch has come or gone.
    pub(super) fn touch(&mut self, key: &TouchKey) {
        self.whole((key.source, key.customer.clone()));
        if !key.program.is_empty() {
            self.program(key.program.clone());
        }
    }

    /// Whether nothing has changed.
    pub(crate) fn is_empty(&self) -> bool {
        self.customers.is_empty()
    }

    /// The customers, in the order in which they are locked.
    pub(crate) fn customers(&self) -> impl Iterator<Item = &Key> {
        self.customers.keys()
    }

    /// The instants of a customer's sales that have changed.
    pub(crate) fn instants(&self, customer: &Key) -> impl Iterator<Item = Timestamp> {
        self.customers.get(customer).into_iter().flatten().copied().filter(|at| *at != ALWAYS)
    }

    /// From when on a customer's sales are derived again.
    pub(crate) fn since(&self, customer: &Key) -> Timestamp {
        self.customers.get(customer).and_then(BTreeSet::first).copied().unwrap_or(ALWAYS)
    }

    /// Sales that are no more.
    pub(crate) fn gone_sales(&self) -> &BTreeSet<Key> {
        &self.gone
    }

    /// Programs that were named.
    pub(crate) fn programs(&self) -> &BTreeSet<String> {
        &self.programs
    }
}
