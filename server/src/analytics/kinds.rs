//! The names of what is summed, as the units of work write them.

use super::rollups::{Sums, Totals, narrow};
use crate::error::Error;
use takings_core::billing::MovementKind;
use takings_core::metrics::Bridge;
use takings_core::money::Currency;
use takings_core::time::{Range, Timestamp};

/// Money received, without tax.
pub(super) const RECEIVED: [&str; 2] = ["payment", "one_off"];

/// Money given back, without tax: negative, positive where it came back.
pub(super) const REFUND: &str = "refund";

/// Money withdrawn by disputes, without tax: negative, positive where it was reinstated.
pub(super) const DISPUTE: &str = "dispute";

/// Everything that net revenue is made of.
pub(super) const REVENUE: [&str; 4] = ["payment", "one_off", "refund", "dispute"];

/// Customers made, less those deleted.
pub(super) const CUSTOMERS: &str = "customers";

/// The kinds of movement, in order.
pub(super) const MOVEMENTS: [&str; 5] =
    ["new", "reactivation", "expansion", "contraction", "churn"];

/// The sums of one currency.
pub(super) struct InCurrency<'a> {
    totals: &'a Totals,
    currency: &'a str,
}

impl Totals {
    /// The sums of one currency.
    pub(super) fn of<'a>(&'a self, currency: &'a Currency) -> InCurrency<'a> {
        InCurrency { totals: self, currency: currency.as_str() }
    }
}

impl InCurrency<'_> {
    /// The amount of some kinds inside a range.
    pub(super) fn amount(&self, range: Range, kinds: &[&str]) -> Result<i64, Error> {
        let inside = |kind: &&str| self.totals.inside(range, kind, self.currency).amount;
        narrow(kinds.iter().map(inside).sum())
    }

    /// The amount of one kind before an instant.
    pub(super) fn level(&self, at: Timestamp, kind: &str) -> Result<i64, Error> {
        narrow(self.totals.before(at, kind, self.currency).amount)
    }

    /// The amount of some kinds before an instant, however large.
    pub(super) fn levels(&self, at: Timestamp, kinds: &[&str]) -> i128 {
        kinds.iter().map(|kind| self.totals.before(at, kind, self.currency).amount).sum()
    }

    /// MRR at an instant, in units.
    pub(super) fn mrr(&self, at: Timestamp) -> Result<i64, Error> {
        narrow(self.movements(at).map(|sums| sums.amount).sum())
    }

    /// Customers with MRR in this currency at an instant.
    pub(super) fn subscribers(&self, at: Timestamp) -> Result<i64, Error> {
        narrow(self.movements(at).map(|sums| sums.subscribers).sum())
    }

    /// MRR from the start of a range to its end.
    pub(super) fn bridge(&self, range: Range) -> Result<Bridge, Error> {
        let [new, reactivation, expansion, contraction, churn] = self.moved(range)?;
        let lost = |(units, _): (i64, i64)| narrow(-i128::from(units));
        Ok(Bridge {
            start: self.mrr(range.start)?,
            new: new.0,
            reactivation: reactivation.0,
            expansion: expansion.0,
            contraction: lost(contraction)?,
            churn: lost(churn)?,
            fx: 0,
        })
    }

    /// Units and number of the movements inside a range, by kind, in the order of the kinds.
    pub(super) fn moved(&self, range: Range) -> Result<[(i64, i64); 5], Error> {
        let mut moved = [(0, 0); 5];
        for (of_kind, kind) in moved.iter_mut().zip(MovementKind::ALL) {
            let sums = self.totals.inside(range, kind.as_str(), self.currency);
            *of_kind = (narrow(sums.amount)?, narrow(sums.events)?);
        }
        Ok(moved)
    }

    fn movements(&self, at: Timestamp) -> impl Iterator<Item = Sums> {
        MOVEMENTS.iter().map(move |kind| self.totals.before(at, kind, self.currency))
    }
}
