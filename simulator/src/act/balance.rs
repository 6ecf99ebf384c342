//! The balance the account has with Stripe: fees, settlement currencies, rates.

use crate::calendar::day;
use crate::exact::share;
use crate::model::{Moved, Txn};
use crate::world::World;

/// A rate of one is so many millionths.
const MILLION: i64 = 1_000_000;

/// What became of an amount on the way to the balance.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Settled {
    pub(crate) currency: &'static str,
    pub(crate) amount: i64,
    pub(crate) fee: i64,
    /// Millionths of the settlement currency for one of the other, both in whole units.
    pub(crate) rate: Option<i64>,
}

impl World {
    /// Writes down a balance transaction, and posts it where the books hold what was looked up.
    pub(crate) fn move_balance(&mut self, id: String, moved: Moved) {
        self.txns.push(Txn { id, created: self.now, moved });
        if self.open_book {
            self.post_settled(self.txns.len() - 1);
        }
    }

    /// The amount and currency on the paying side, in the direction of the balance.
    pub(crate) fn presented(&self, moved: Moved) -> (i64, &'static str) {
        let of_refund = |index: usize| {
            let refund = &self.refunds[index];
            (refund.amount, self.charges[refund.charge].currency)
        };
        match moved {
            Moved::Charge(index) => (self.charges[index].amount, self.charges[index].currency),
            Moved::Refund(index) => (-of_refund(index).0, of_refund(index).1),
            Moved::RefundBack(index) => of_refund(index),
            Moved::Chargeback(index, at) => {
                let dispute = &self.disputes[index];
                (dispute.transactions[at].2, self.charges[dispute.charge].currency)
            }
            Moved::Payout(index) => (-self.payouts[index].amount, self.payouts[index].currency),
            Moved::PayoutBack(index) => (self.payouts[index].amount, self.payouts[index].currency),
            Moved::Own { currency, amount, .. } => (amount, currency),
        }
    }

    /// What a transaction did to the balance.
    pub(crate) fn settled(&self, index: usize) -> Settled {
        let Txn { created, moved, .. } = self.txns[index];
        let (amount, currency) = self.presented(moved);
        if let Moved::Chargeback(dispute, at) = moved {
            let fee = self.disputes[dispute].transactions[at].3;
            return Settled { currency, amount, fee, rate: None };
        }
        if let Moved::Own { .. } = moved {
            return Settled { currency, amount, fee: 0, rate: None };
        }
        // A refund that comes back comes at the rate at which it went.
        let at = match moved {
            Moved::RefundBack(refund) => self.refunds[refund].created,
            _ => created,
        };
        let (rate, top, bottom) = match currency {
            "jpy" => (Some(6_700 + wobble(at)), 100, 1),
            "kwd" => (Some(3_250_000 + wobble(at) * 100), 1, 10),
            _ => (None, 1, 1),
        };
        let Some(rate) = rate else {
            return Settled { currency, amount, fee: fee(moved, amount, currency), rate };
        };
        let amount = share(amount, rate * top, MILLION * bottom);
        Settled { currency: "usd", amount, fee: fee(moved, amount, "usd"), rate: Some(rate) }
    }

    /// Stripe takes or gives by itself, and no event tells of it.
    pub(crate) fn act_alone(&mut self, at: i64, id: String, moved: Moved) {
        let Moved::Own { category, currency, amount } = moved else { return };
        let counter = match category {
            "fee" | "network_cost" | "tax" => "stripe_fees",
            "risk_reserved_funds" => "reserves",
            "topup" => "bank",
            _ => "stripe_pending",
        };
        self.txns.push(Txn { id, created: at, moved });
        self.books.post("stripe_balance", counter, currency, amount);
    }

    fn post_settled(&mut self, index: usize) {
        let moved = self.txns[index].moved;
        // Disputes and payouts move the balance by themselves.
        if !matches!(moved, Moved::Charge(_) | Moved::Refund(_) | Moved::RefundBack(_)) {
            return;
        }
        let (presented, currency) = self.presented(moved);
        let Settled { currency: other, amount, fee, rate } = self.settled(index);
        if rate.is_none() {
            self.books.post("stripe_balance", "stripe_pending", currency, amount - fee);
            self.books.post("stripe_fees", "stripe_pending", currency, fee);
            return;
        }
        self.books.post("fx", "stripe_pending", currency, presented);
        self.books.post("stripe_balance", "fx", other, amount - fee);
        self.books.post("stripe_fees", "fx", other, fee);
    }
}

/// Rates change from day to day, up to a hundredth of the way.
fn wobble(at: i64) -> i64 {
    day(at).wrapping_mul(7_919).rem_euclid(101) - 50
}

/// 2.9 % + 30, in euro 1.5 % + 25; refunds and payouts cost nothing and give no fee back.
fn fee(moved: Moved, amount: i64, currency: &str) -> i64 {
    match (moved, currency) {
        (Moved::Charge(_), "eur") => share(amount, 150, 10_000) + 25,
        (Moved::Charge(_), _) => share(amount, 290, 10_000) + 30,
        _ => 0,
    }
}
