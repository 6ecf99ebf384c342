//! Sales as commissions see them: money that came in, what of it went back, what is disputed.

use crate::ledger::LedgerError;
use crate::ledger::amount::{part, sub, sum};
use crate::money::Currency;
use crate::time::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// An amount that came to something, or, negative, was taken back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Change {
    /// When.
    pub at: Timestamp,
    /// How much.
    pub amount: i64,
}

/// What a dispute says from an instant on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DisputeState {
    /// It is open, inquiries included: the commission is held.
    Open,
    /// The money is lost.
    Lost,
    /// It was won, prevented, or closed without a loss.
    Released,
}

/// A dispute of a sale's money.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SaleDispute {
    /// Its id.
    pub id: String,
    /// How much is disputed, in the sale's currency.
    pub amount: i64,
    /// From when on it is in which state, ascending.
    pub states: Vec<(Timestamp, DisputeState)>,
}

impl SaleDispute {
    /// Its state at the end of an instant.
    pub fn at(&self, instant: Timestamp) -> Option<DisputeState> {
        let known = self.states.iter().rev().find(|(at, _)| *at <= instant);
        known.map(|(_, state)| *state)
    }
}

/// A sale: one payment of an invoice, or one charge without an invoice.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sale {
    /// The invoice payment, the charge, or the invoice where nothing seen says how it was paid.
    pub id: String,
    /// What was sold: the invoice, the Checkout session or the charge. Its parts count as one.
    pub order: String,
    /// Whose it is.
    pub customer: Option<String>,
    /// When it was first paid.
    pub paid_at: Timestamp,
    /// When the period that it pays for begins.
    pub period_start: Timestamp,
    /// The currency of every amount in it.
    pub currency: Currency,
    /// What came in, tax included: the most of it that there was.
    pub captured: i64,
    /// What of it commissions are counted on: without tax; negative where it did not come after all.
    pub base: Vec<Change>,
    /// What was refunded, tax included; a refund that failed is taken back.
    pub refunds: Vec<Change>,
    /// What is or was disputed.
    pub disputes: Vec<SaleDispute>,
    /// It did not move through Stripe.
    pub out_of_band: bool,
    /// It is of the first order of its customer.
    pub new_customer: bool,
}

impl Sale {
    /// The order in which sales are counted.
    pub fn place(&self) -> (Timestamp, &str) {
        (self.paid_at, &self.id)
    }

    /// Whose it is; a sale of nobody is its own customer.
    pub fn owner(&self) -> &str {
        self.customer.as_deref().unwrap_or(&self.order)
    }

    /// The base at the end of an instant.
    pub fn base_at(&self, instant: Timestamp) -> Result<i64, LedgerError> {
        Ok(sum_until(&self.base, instant)?.max(0))
    }

    /// The base in the end.
    pub fn whole_base(&self) -> Result<i64, LedgerError> {
        self.base_at(Timestamp(i64::MAX))
    }

    /// Whether it stands in the end: a charge that failed after all left nothing of it.
    pub fn stands(&self) -> bool {
        self.base.iter().map(|change| i128::from(change.amount)).sum::<i128>() > 0
    }

    /// What went back by the end of an instant, tax included: refunds that stand and disputes that
    /// are lost, at most what came in.
    pub fn returned_at(&self, instant: Timestamp) -> Result<i64, LedgerError> {
        let refunded = sum_until(&self.refunds, instant)?.max(0);
        let lost = self.disputes.iter().filter(|it| it.at(instant) == Some(DisputeState::Lost));
        let lost = sum(lost.map(|dispute| dispute.amount))?;
        Ok(refunded.saturating_add(lost).clamp(0, self.captured.max(0)))
    }

    /// What is left of the base at the end of an instant.
    pub fn net_at(&self, instant: Timestamp) -> Result<i64, LedgerError> {
        let base = self.base_at(instant)?;
        sub(base, part(base, self.returned_at(instant)?, self.captured)?)
    }

    /// Whether money of it ever went back, or is or was disputed.
    pub fn may_have_returned(&self) -> bool {
        !self.refunds.is_empty() || !self.disputes.is_empty()
    }

    /// Whether all of it went back by the end of an instant.
    pub fn is_returned(&self, instant: Timestamp) -> Result<bool, LedgerError> {
        Ok(self.captured > 0 && self.returned_at(instant)? >= self.captured)
    }

    /// Whether a dispute of it is open at the end of an instant.
    pub fn is_disputed(&self, instant: Timestamp) -> bool {
        self.disputes.iter().any(|it| it.at(instant) == Some(DisputeState::Open))
    }

    /// Every instant at which something of it changes; none is before the first payment, because
    /// nothing can go back that had not come.
    pub fn instants(&self) -> BTreeSet<Timestamp> {
        let changes = self.base.iter().chain(&self.refunds).map(|change| change.at);
        let states = self.disputes.iter().flat_map(|it| &it.states).map(|(at, _)| *at);
        changes.chain(states).map(|at| at.max(self.paid_at)).collect()
    }
}

/// What went back of a sale of which somebody tells how much did in all by some instant: `told` is
/// taken into what is known of it, in any order. Of two amounts by one instant the greater holds; a
/// smaller amount by a later one says that money did not go back after all.
///
/// Every instant keeps its row, one that changes nothing included, so that the running sum of the rows
/// is what was told.
pub fn returned_by(known: &[Change], told: Change) -> Vec<Change> {
    let mut levels: BTreeMap<Timestamp, i64> = BTreeMap::new();
    let mut sum = 0_i64;
    for change in known {
        sum = sum.saturating_add(change.amount);
        levels.insert(change.at, sum);
    }
    let level = levels.entry(told.at).or_insert(told.amount);
    *level = told.amount.max(*level);
    let mut before = 0;
    let change = |(at, level): (Timestamp, i64)| {
        let amount = level.saturating_sub(std::mem::replace(&mut before, level));
        Change { at, amount }
    };
    levels.into_iter().map(change).collect()
}

fn sum_until(changes: &[Change], instant: Timestamp) -> Result<i64, LedgerError> {
    sum(changes.iter().filter(|change| change.at <= instant).map(|change| change.amount))
}

/// Says of every sale whether it is of its customer's first order. `sales` must hold all sales of
/// every customer in it.
pub fn mark_new_customers(sales: &mut [Sale]) {
    let mut first: BTreeMap<String, (Timestamp, String, String)> = BTreeMap::new();
    for sale in sales.iter().filter(|sale| sale.stands()) {
        let place = (sale.paid_at, sale.id.clone(), sale.order.clone());
        let known = first.entry(sale.owner().to_owned()).or_insert_with(|| place.clone());
        if place < *known {
            *known = place;
        }
    }
    for sale in sales {
        sale.new_customer = first.get(sale.owner()).is_some_and(|it| it.2 == sale.order);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_secs(second)
    }

    fn sale(id: &str, customer: Option<&str>, second: i64) -> Sale {
        Sale {
            id: id.into(),
            order: format!("order_{id}"),
            customer: customer.map(str::to_owned),
            paid_at: at(second),
            period_start: at(second),
            currency: Currency::parse("usd").unwrap(),
            captured: 120,
            base: vec![Change { at: at(second), amount: 100 }],
            refunds: vec![],
            disputes: vec![],
            out_of_band: false,
            new_customer: false,
        }
    }

    #[test]
    fn refunds_and_lost_disputes_together_return_no_more_than_came_in() {
        let mut sale = sale("a", None, 10);
        sale.refunds = vec![
            Change { at: at(20), amount: 60 },
            Change { at: at(30), amount: -60 },
            Change { at: at(40), amount: 30 },
        ];
        sale.disputes = vec![SaleDispute {
            id: "dp_1".into(),
            amount: 120,
            states: vec![(at(50), DisputeState::Open), (at(60), DisputeState::Lost)],
        }];
        let returned = [10, 20, 30, 40, 50, 60].map(|it| sale.returned_at(at(it)).unwrap());
        assert_eq!(returned, [0, 60, 0, 30, 30, 120]);
        assert_eq!(sale.net_at(at(20)), Ok(50));
        assert!(sale.is_disputed(at(55)) && !sale.is_disputed(at(60)));
        assert!(sale.is_returned(at(60)).unwrap());
    }

    #[test]
    fn refunds_told_as_sums_come_in_any_order() {
        let told = [(20, 30), (40, 80), (30, 30), (40, 60), (50, 70)];
        let told = told.map(|(second, amount)| Change { at: at(second), amount });
        let rows = |order: &[usize]| {
            let known = order.iter().fold(Vec::new(), |it, place| returned_by(&it, told[*place]));
            known.iter().map(|it| (it.at.secs(), it.amount)).collect::<Vec<_>>()
        };
        let expected = [(20, 30), (30, 0), (40, 50), (50, -10)];
        for order in [[0, 1, 2, 3, 4], [4, 3, 2, 1, 0], [2, 4, 0, 3, 1], [1, 3, 4, 0, 2]] {
            assert_eq!(rows(&order), expected, "{order:?}");
        }
        assert_eq!(rows(&[0, 0, 1, 1, 2, 3, 4, 4]), expected, "told twice");
    }

    #[test]
    fn nothing_goes_back_before_it_came() {
        let mut sale = sale("a", None, 10);
        sale.refunds = vec![Change { at: at(8), amount: 60 }];
        assert_eq!(sale.instants().into_iter().collect::<Vec<_>>(), [at(10)]);
        assert_eq!(sale.returned_at(at(10)), Ok(60));
    }

    #[test]
    fn only_the_first_order_of_a_customer_is_a_new_customers() {
        let mut part = sale("z", Some("cus_1"), 30);
        part.order = "order_b".into();
        let mut sales = vec![sale("a", Some("cus_1"), 20), sale("b", Some("cus_1"), 10), part];
        sales.push(sale("c", None, 40));
        mark_new_customers(&mut sales);
        let new: Vec<bool> = sales.iter().map(|it| it.new_customer).collect();
        assert_eq!(new, [false, true, true, true]);
    }
}
