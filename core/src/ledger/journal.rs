//! Where targets are collected and netted before they become books.

use super::amount::{Result, add, neg, sub};
use super::revenue::{RevenueKey, RevenueKind};
use super::transfer::{NetKey, Posting, TransferKey, TransferKind};
use super::{Account, Books, Links};
use crate::billing::facts::Seconds;
use crate::money::Currency;
use crate::time::Timestamp;
use crate::unconfirmed::{Mark, Reason};
use std::collections::{BTreeMap, BTreeSet};

/// To what, when and by which observation something is posted.
#[derive(Clone, Copy, Debug)]
pub(super) struct Entry<'a> {
    pub(super) object: &'a str,
    pub(super) currency: Currency,
    pub(super) second: Seconds,
    pub(super) event: &'a str,
}

/// A side of a posting: how much on which account.
pub(super) type Side = (Account, i64);

/// Targets under way.
#[derive(Debug, Default)]
pub(super) struct Journal {
    transfers: BTreeMap<NetKey, Net>,
    revenue: BTreeMap<RevenueKey, Net>,
    marks: BTreeSet<Mark>,
    links: Links,
}

/// A sum, and the smallest event id of those that gave it.
#[derive(Debug, Default)]
struct Net {
    amount: i64,
    event: Option<String>,
}

impl Net {
    fn add(&mut self, amount: i64, event: &str) -> Result<()> {
        self.amount = add(self.amount, amount)?;
        if self.event.as_deref().is_none_or(|known| event < known) {
            self.event = Some(event.to_owned());
        }
        Ok(())
    }

    fn posting(self, amount: i64) -> Posting {
        Posting { amount, observation: self.event.unwrap_or_default() }
    }
}

impl Journal {
    /// Debits and credits an amount; a negative one the other way round.
    pub(super) fn post(
        &mut self,
        entry: Entry<'_>,
        kind: TransferKind,
        debit: Account,
        credit: Account,
        amount: i64,
    ) -> Result<()> {
        if amount == 0 || debit == credit {
            return Ok(());
        }
        let key = TransferKey {
            object: entry.object.to_owned(),
            kind,
            debit,
            credit,
            currency: entry.currency,
            occurred: Timestamp::from_secs(entry.second),
        };
        let (key, amount) =
            if amount > 0 { key.signed(amount) } else { swap(key).signed(neg(amount)?) };
        self.transfers.entry(key).or_default().add(amount, entry.event)
    }

    /// Posts a change: what grows under `kind`, what shrinks as its mirror.
    pub(super) fn step(
        &mut self,
        entry: Entry<'_>,
        kind: TransferKind,
        debit: Account,
        credit: Account,
        delta: i64,
    ) -> Result<()> {
        let kind = if delta < 0 { kind.undone() } else { kind };
        self.post(entry, kind, debit, credit, delta)
    }

    /// Posts several debits against several credits of the same sum, matched in order.
    pub(super) fn spread(
        &mut self,
        entry: Entry<'_>,
        kind: TransferKind,
        debits: &[Side],
        credits: &[Side],
    ) -> Result<()> {
        let mut left = opposed(debits, credits)?;
        let mut right = opposed(credits, debits)?;
        let (mut i, mut j) = (0, 0);
        while i < left.len() && j < right.len() {
            let amount = left[i].1.min(right[j].1);
            self.post(entry, kind, left[i].0.clone(), right[j].0.clone(), amount)?;
            left[i].1 = sub(left[i].1, amount)?;
            right[j].1 = sub(right[j].1, amount)?;
            i += usize::from(left[i].1 == 0);
            j += usize::from(right[j].1 == 0);
        }
        Ok(())
    }

    /// Adds to gross or net revenue.
    pub(super) fn revenue(
        &mut self,
        entry: Entry<'_>,
        kind: RevenueKind,
        amount: i64,
    ) -> Result<()> {
        let key = RevenueKey {
            object: entry.object.to_owned(),
            kind,
            currency: entry.currency,
            occurred: Timestamp::from_secs(entry.second),
        };
        self.revenue.entry(key).or_default().add(amount, entry.event)
    }

    /// Marks an object as not settled.
    pub(super) fn mark(&mut self, object: &str, reason: Reason) {
        self.marks.insert(Mark { object: object.to_owned(), reason });
    }

    /// Says which invoice an object belongs to.
    pub(super) fn link(&mut self, object: &str, invoice: &str) {
        self.links.invoices.insert(object.to_owned(), invoice.to_owned());
    }

    pub(super) fn set_customer(&mut self, customer: Option<&str>) {
        self.links.customer = customer.map(str::to_owned);
    }

    /// What was collected, without what came to nothing.
    pub(super) fn into_books(self) -> Result<Books> {
        let mut books = Books { marks: self.marks, links: self.links, ..Books::default() };
        for (key, net) in self.transfers {
            if let Some((key, amount)) = key.transfer(net.amount)? {
                books.transfers.insert(key, net.posting(amount));
            }
        }
        for (key, net) in self.revenue.into_iter().filter(|(_, net)| net.amount != 0) {
            let amount = net.amount;
            books.revenue.insert(key, net.posting(amount));
        }
        Ok(books)
    }
}

fn swap(key: TransferKey) -> TransferKey {
    TransferKey { debit: key.credit, credit: key.debit, ..key }
}

/// The positive amounts of one side, and the negative ones of the other turned round.
fn opposed(own: &[Side], other: &[Side]) -> Result<Vec<Side>> {
    let own = own.iter().filter(|(_, amount)| *amount > 0).cloned().map(Ok);
    let other = other.iter().filter(|(_, amount)| *amount < 0);
    own.chain(other.map(|(account, amount)| Ok((account.clone(), neg(*amount)?)))).collect()
}
