//! Gross and net revenue: rows of their own, counted when money moves, without tax.

use super::amount::{Result, add, neg, part, sub};
use super::journal::{Entry, Journal};
use crate::money::Currency;
use crate::time::Timestamp;
use std::collections::BTreeMap;

/// What a revenue row counts. What is undone has the same kind and the opposite sign.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RevenueKind {
    /// Money received on an invoice, out of band included; applied credit is none.
    Payment,
    /// A sale without an invoice.
    OneOff,
    /// Money sent back.
    Refund,
    /// Money withdrawn by a dispute.
    Dispute,
}

impl RevenueKind {
    /// Every kind, in the order of declaration.
    pub const ALL: [RevenueKind; 4] =
        [RevenueKind::Payment, RevenueKind::OneOff, RevenueKind::Refund, RevenueKind::Dispute];

    /// The name in databases and answers.
    pub fn as_str(self) -> &'static str {
        match self {
            RevenueKind::Payment => "payment",
            RevenueKind::OneOff => "one_off",
            RevenueKind::Refund => "refund",
            RevenueKind::Dispute => "dispute",
        }
    }

    /// The kind of that name.
    pub fn parse(name: &str) -> Option<RevenueKind> {
        RevenueKind::ALL.into_iter().find(|kind| kind.as_str() == name)
    }

    /// Whether it counts towards gross revenue; every kind counts towards net revenue.
    pub fn is_gross(self) -> bool {
        matches!(self, RevenueKind::Payment | RevenueKind::OneOff)
    }
}

/// What a revenue row is: one per object, kind, currency and instant.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RevenueKey {
    /// The invoice payment, invoice, charge, refund or dispute.
    pub object: String,
    /// What it counts.
    pub kind: RevenueKind,
    /// Currency of the amount.
    pub currency: Currency,
    /// Business time.
    pub occurred: Timestamp,
}

/// Money with tax that came in, or went back; negative where that was undone.
#[derive(Clone, Copy, Debug)]
pub(super) struct Flow<'a> {
    pub(super) entry: Entry<'a>,
    pub(super) kind: RevenueKind,
    pub(super) delta: i64,
}

/// The shares without tax of amounts with tax: `round(cumulative * net / gross)` less the earlier
/// parts. Undoing takes back exactly what was given.
#[derive(Debug)]
pub(super) struct Series<'a> {
    net: i64,
    gross: i64,
    cumulative: i64,
    given: i64,
    /// Amount and share of what stands, per object, newest last.
    standing: BTreeMap<&'a str, Vec<(i64, i64)>>,
}

impl<'a> Series<'a> {
    pub(super) fn new(net: i64, gross: i64) -> Series<'a> {
        Series { net, gross, cumulative: 0, given: 0, standing: BTreeMap::new() }
    }

    /// The share of a further amount; of a negative one: of what it takes back.
    pub(super) fn share(&mut self, object: &'a str, delta: i64) -> Result<i64> {
        if delta >= 0 {
            let share = self.next(delta)?;
            self.standing.entry(object).or_default().push((delta, share));
            return Ok(share);
        }
        let mut rest = neg(delta)?;
        let mut taken = 0;
        while let Some((amount, share)) = self.standing.get_mut(object).and_then(Vec::pop) {
            let undone = amount.min(rest);
            let back = part(share, undone, amount)?;
            taken = sub(taken, back)?;
            rest = sub(rest, undone)?;
            if undone < amount {
                let left = (sub(amount, undone)?, sub(share, back)?);
                self.standing.entry(object).or_default().push(left);
                break;
            }
        }
        self.cumulative = sub(self.cumulative, sub(neg(delta)?, rest)?)?;
        self.given = add(self.given, taken)?;
        add(taken, self.next(neg(rest)?)?)
    }

    /// The share of what follows, whatever its sign.
    fn next(&mut self, delta: i64) -> Result<i64> {
        if delta == 0 {
            return Ok(0);
        }
        self.cumulative = add(self.cumulative, delta)?;
        let share = sub(part(self.cumulative, self.net, self.gross)?, self.given)?;
        self.given = add(self.given, share)?;
        Ok(share)
    }
}

/// Posts the revenue of one invoice or sale, whose parts without tax are `net / gross`; answers
/// the payments in their order, each with its share.
pub(super) fn post<'a>(
    journal: &mut Journal,
    (net, gross): (i64, i64),
    mut flows: Vec<Flow<'a>>,
) -> Result<Vec<(Flow<'a>, i64)>> {
    flows.sort_by_key(|flow| (flow.entry.second, flow.entry.object, flow.kind));
    let (mut received, mut returned) = (Series::new(net, gross), Series::new(net, gross));
    let mut payments = Vec::new();
    for flow in flows {
        if flow.kind.is_gross() {
            let share = received.share(flow.entry.object, flow.delta)?;
            journal.revenue(flow.entry, flow.kind, share)?;
            payments.push((flow, share));
        } else {
            let share = returned.share(flow.entry.object, flow.delta)?;
            journal.revenue(flow.entry, flow.kind, neg(share)?)?;
        }
    }
    Ok(payments)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_of_parts_sum_to_the_share_of_the_whole() {
        let mut series = Series::new(100, 119);
        let shares: Vec<i64> = (0..119).map(|_| series.share("a", 1).unwrap()).collect();
        assert_eq!(shares.iter().sum::<i64>(), 100);
        assert_eq!(series.share("a", -119), Ok(-100));
        assert_eq!(series.share("a", 119), Ok(100));
    }

    #[test]
    fn undoing_takes_back_what_was_given() {
        let mut series = Series::new(2, 3);
        assert_eq!(series.share("a", 1), Ok(1));
        assert_eq!(series.share("b", 1), Ok(0));
        assert_eq!(series.share("a", -1), Ok(-1));
        assert_eq!(series.share("c", 2), Ok(2));
        assert_eq!(series.share("a", -1), Ok(-1), "what never was given is taken as it comes");
    }
}
