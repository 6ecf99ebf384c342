//! Payouts to the bank, a few of which come back.

use serde_json::{Map, Value};

use crate::calendar::DAY;
use crate::model::{Moved, Payout};
use crate::world::{Task, World};

impl World {
    pub(crate) fn pay_out(&mut self, kind: usize) {
        let gap =
            i64::from(self.plan.days) * DAY * 150 / i64::try_from(self.plan.events).unwrap_or(1);
        self.later(self.now + gap.max(DAY), Task::PayOut(kind));
        let fate = self.dice.weighted(&[(90, "paid"), (6, "failed"), (4, "canceled")]);
        let amount = self.dice.range(100, 9_000) * 100;
        let currency = if kind == 0 { "usd" } else { "eur" };
        if self.now + 8 * DAY >= self.plan.end() {
            return;
        }
        self.new_payout(currency, amount, fate, Map::new());
    }

    /// A payout on its way, with the end it will have.
    pub(crate) fn new_payout(
        &mut self,
        currency: &'static str,
        amount: i64,
        fate: &'static str,
        set: Map<String, Value>,
    ) -> usize {
        self.payouts.push(Payout {
            id: self.dice.id("po"),
            currency,
            amount,
            created: self.now,
            arrival: self.now + 2 * DAY,
            status: "pending",
            fate,
            failed: false,
            undone_at: None,
            set,
        });
        let index = self.payouts.len() - 1;
        self.move_balance(self.payouts[index].transaction(), Moved::Payout(index));
        self.books.post("bank", "stripe_balance", currency, amount);
        self.say("payout.created", self.payout_json(index));
        self.later(self.now + 2 * DAY, Task::PayoutMoves(index));
        index
    }

    pub(crate) fn payout_moves(&mut self, index: usize) {
        let Payout { currency, amount, status, fate, .. } = self.payouts[index];
        if !matches!(status, "pending" | "paid") {
            return;
        }
        let fails = status == "paid";
        let next = match (fails, fate) {
            (true, _) => "failed",
            (false, "canceled") => "canceled",
            (false, _) => "paid",
        };
        self.payouts[index].status = next;
        self.payouts[index].failed = fails;
        if next != "paid" {
            self.payouts[index].undone_at = Some(self.now);
            self.move_balance(self.payouts[index].back_transaction(), Moved::PayoutBack(index));
            self.books.post("stripe_balance", "bank", currency, amount);
        }
        self.say(&format!("payout.{next}"), self.payout_json(index));
        if next == "paid" && fate == "failed" {
            self.later(self.now + 2 * DAY, Task::PayoutMoves(index));
        }
    }
}
