//! Disputes: inquiries move no money; the others take it at once and give it back when won.

use crate::calendar::DAY;
use crate::model::{Dispute, Moved, Reversal};
use crate::world::{Task, World};

impl World {
    pub(crate) fn dispute(&mut self, charge: usize) {
        let inquiry = self.dice.chance(2_000);
        let wins = self.dice.chance(4_000);
        let shown_early = self.dice.chance(5_000);
        let pause = self.pause(2 * DAY, 8 * DAY);
        let reason = self.dice.weighted(&[(5, "fraudulent"), (3, "general"), (2, "duplicate")]);
        let index = self.enter_dispute(charge, (reason, inquiry, wins), shown_early);
        self.later(self.now + pause, Task::DisputeMoves(index));
    }

    /// A dispute that waits for commands; its money goes before it is told.
    pub(crate) fn open_dispute(&mut self, charge: usize, inquiry: bool) {
        self.enter_dispute(charge, ("fraudulent", inquiry, false), true);
    }

    /// A dispute comes in; unless it is an inquiry, its money goes, before it is told or after.
    fn enter_dispute(
        &mut self,
        charge: usize,
        (reason, inquiry, wins): (&'static str, bool, bool),
        money_first: bool,
    ) -> usize {
        self.disputes.push(Dispute {
            id: self.dice.id("dp"),
            charge,
            amount: self.charges[charge].amount,
            created: self.now,
            status: if inquiry { "warning_needs_response" } else { "needs_response" },
            reason,
            inquiry,
            wins,
            transactions: Vec::new(),
            reversal: Reversal::default(),
        });
        let index = self.disputes.len() - 1;
        self.charges[charge].disputed = true;
        if !inquiry && money_first {
            self.withdraw(index);
        }
        self.say("charge.dispute.created", self.dispute_json(index));
        if !inquiry && !money_first {
            self.withdraw(index);
        }
        if !inquiry {
            self.say("charge.dispute.funds_withdrawn", self.dispute_json(index));
        }
        self.say_change("charge.updated", self.charge_json(charge));
        index
    }

    /// The bank decides.
    pub(crate) fn decide_dispute(&mut self, index: usize, won: bool) {
        let inquiry = self.disputes[index].inquiry;
        self.disputes[index].status = match (inquiry, won) {
            (true, _) => "warning_closed",
            (false, true) => "won",
            (false, false) => "lost",
        };
        if won && !inquiry {
            self.reinstate(index);
        }
        self.say("charge.dispute.closed", self.dispute_json(index));
        if won && !inquiry {
            self.say("charge.dispute.funds_reinstated", self.dispute_json(index));
        }
    }

    pub(crate) fn withdraw(&mut self, index: usize) {
        let Dispute { charge, amount, .. } = self.disputes[index];
        let currency = self.charges[charge].currency;
        let fee = if currency == "kwd" { 4_500 } else { 1_500 };
        let reversal = self.take_back(charge, amount);
        self.books.post("disputes", "stripe_balance", currency, amount - reversal.deferred);
        self.books.post("deferred_revenue", "stripe_balance", currency, reversal.deferred);
        self.books.post("stripe_fees", "stripe_balance", currency, fee);
        self.books.lose(currency, self.now, reversal.net);
        let id = self.dice.id("txn");
        self.disputes[index].transactions.push((id.clone(), self.now, -amount, fee));
        self.move_balance(id, Moved::Chargeback(index, 0));
        self.disputes[index].reversal = reversal;
    }

    /// Evidence is sent; weeks later the bank decides.
    pub(crate) fn dispute_moves(&mut self, index: usize) {
        let pause = self.pause(10 * DAY, 45 * DAY);
        let Dispute { inquiry, wins, status, .. } = self.disputes[index];
        let waits = matches!(status, "needs_response" | "warning_needs_response");
        if waits {
            let next = if inquiry { "warning_under_review" } else { "under_review" };
            self.disputes[index].status = next;
            self.say_change("charge.dispute.updated", self.dispute_json(index));
            return self.later(self.now + pause, Task::DisputeMoves(index));
        }
        self.decide_dispute(index, wins);
    }

    fn reinstate(&mut self, index: usize) {
        let returned = self.dice.chance(5_000);
        let Dispute { charge, amount, transactions, reversal, .. } = self.disputes[index].clone();
        let currency = self.charges[charge].currency;
        let fee = transactions.first().map_or(0, |entry| if returned { -entry.3 } else { 0 });
        self.books.post("stripe_balance", "disputes", currency, amount - reversal.deferred);
        self.books.post("stripe_balance", "deferred_revenue", currency, reversal.deferred);
        self.books.post("stripe_fees", "stripe_balance", currency, fee);
        self.give_again(charge, amount, &reversal);
        let id = self.dice.id("txn");
        self.disputes[index].transactions.push((id.clone(), self.now, amount, fee));
        self.move_balance(id, Moved::Chargeback(index, 1));
    }
}
