//! Refunds: at once or pending, whole or in part, some of them in vain.

use serde_json::Map;

use crate::books;
use crate::calendar::DAY;
use crate::exact::{share, whole_share};
use crate::model::{Moved, Refund, Reversal};
use crate::plan::ApiVersion;
use crate::world::{Task, World};

impl World {
    pub(crate) fn refund(&mut self, charge: usize) {
        let whole = self.dice.chance(4_500);
        let part = self.dice.range(10, 90);
        let status = if self.dice.chance(3_000) { "pending" } else { "succeeded" };
        let changes_mind = status == "pending" || self.dice.chance(1_000);
        let pause = self.pause(DAY, 6 * DAY);
        let again = self.dice.chance(2_000);
        let ends = self.now + pause;
        if ends + DAY >= self.plan.end() {
            return;
        }
        let amount = self.refundable(charge, whole, part);
        let refund = self.new_refund(charge, amount, status, false);
        if changes_mind {
            self.later(ends, Task::RefundEnds(refund));
        } else if again && !whole && self.charges[charge].refunded < self.charges[charge].amount {
            self.later(ends, Task::RefundOf(charge));
        }
    }

    /// What is given back, chosen so that its untaxed share is whole.
    fn refundable(&self, charge: usize, whole: bool, part: i64) -> i64 {
        let state = &self.charges[charge];
        let left = state.amount - state.refunded;
        let one_line = state.invoice.is_none_or(|i| self.invoices[i].lines.len() == 1);
        if whole || !one_line {
            return left;
        }
        let (net, total) = match state.invoice {
            Some(invoice) => (self.invoices[invoice].untaxed(), self.invoices[invoice].total()),
            None => (state.amount - state.tax, state.amount),
        };
        // KWD amounts end in zero.
        let wanted = share(left, part, 100) / 10 * 10;
        whole_share(wanted.max(10), left, net, total)
    }

    /// A refund made now, and told of; a credit note does its own reversing.
    pub(crate) fn new_refund(
        &mut self,
        charge: usize,
        amount: i64,
        status: &'static str,
        in_note: bool,
    ) -> usize {
        let index = self.add_refund(charge, amount, status, in_note);
        self.tell_refund(index);
        index
    }

    /// The events of a new refund.
    pub(crate) fn tell_refund(&mut self, index: usize) {
        if self.plan.version.is_basil() {
            self.say("refund.created", self.refund_json(index));
        }
        self.say("charge.refunded", self.charge_json(self.refunds[index].charge));
    }

    /// A refund of which nothing has been said yet.
    pub(crate) fn add_refund(
        &mut self,
        charge: usize,
        amount: i64,
        status: &'static str,
        in_note: bool,
    ) -> usize {
        let currency = self.charges[charge].currency;
        self.books.post("refunds_clearing", "stripe_pending", currency, amount);
        let reversal = if in_note {
            Reversal { net: self.untaxed_part(charge, amount), ..Reversal::default() }
        } else {
            self.take_back(charge, amount)
        };
        if !in_note {
            let contra = amount - reversal.deferred;
            self.books.post("refunds", "refunds_clearing", currency, contra);
            self.books.post("deferred_revenue", "refunds_clearing", currency, reversal.deferred);
        }
        self.books.lose(currency, self.now, reversal.net);
        let refund = Refund {
            id: self.dice.id("re"),
            charge,
            amount,
            created: self.now,
            status,
            reason: "requested_by_customer",
            reversal,
            undone_at: None,
            set: Map::new(),
        };
        self.refunds.push(refund);
        let index = self.refunds.len() - 1;
        self.move_balance(self.refunds[index].transaction(), Moved::Refund(index));
        self.charges[charge].refunded += amount;
        self.charges[charge].refunds.insert(0, index);
        index
    }

    /// The untaxed part of what goes back, counting what went back before.
    pub(crate) fn untaxed_part(&mut self, charge: usize, amount: i64) -> i64 {
        let state = &self.charges[charge];
        let Some(invoice) = state.invoice else {
            return share(amount, state.amount - state.tax, state.amount);
        };
        let bill = &mut self.invoices[invoice];
        let untaxed = |cumulative| share(cumulative, bill.untaxed(), bill.total());
        let part = untaxed(bill.returned + amount) - untaxed(bill.returned);
        bill.returned += amount;
        part
    }

    /// Splits what goes back into contra revenue and what leaves deferred revenue.
    pub(crate) fn take_back(&mut self, charge: usize, amount: i64) -> Reversal {
        let net = self.untaxed_part(charge, amount);
        let Some(invoice) = self.charges[charge].invoice else {
            return Reversal { contra: amount, net, ..Reversal::default() };
        };
        let bill = &mut self.invoices[invoice];
        let untaxed = share(amount, bill.untaxed(), bill.total());
        let reversal = books::reverse(bill, untaxed, self.now);
        Reversal { net, ..reversal }
    }

    /// Undoes the invoice's side of a reversal.
    pub(crate) fn give_again(&mut self, charge: usize, amount: i64, reversal: &Reversal) {
        let (currency, invoice) = (self.charges[charge].currency, self.charges[charge].invoice);
        if let Some(invoice) = invoice {
            self.invoices[invoice].returned -= amount;
            books::restore(&mut self.invoices[invoice], reversal);
        }
        self.books.lose(currency, self.now, -reversal.net);
    }

    pub(crate) fn refund_ends(&mut self, index: usize) {
        let was = self.refunds[index].status;
        let outcome = if was == "pending" {
            self.dice.weighted(&[(5, "succeeded"), (4, "failed"), (2, "canceled")])
        } else {
            "failed"
        };
        self.refunds[index].status = outcome;
        let Refund { charge, amount, reversal, .. } = self.refunds[index].clone();
        if outcome != "succeeded" {
            self.refunds[index].undone_at = Some(self.now);
            self.move_balance(self.refunds[index].back_transaction(), Moved::RefundBack(index));
            let currency = self.charges[charge].currency;
            self.books.post("stripe_pending", "refunds_clearing", currency, amount);
            let contra = amount - reversal.deferred;
            self.books.post("refunds_clearing", "refunds", currency, contra);
            self.books.post("refunds_clearing", "deferred_revenue", currency, reversal.deferred);
            self.give_again(charge, amount, &reversal);
            self.charges[charge].refunded -= amount;
        }
        self.say("charge.refund.updated", self.refund_json(index));
        if self.plan.version > ApiVersion::Acacia {
            self.say_refund_change(index, outcome);
        }
    }

    /// The charges of refunds that no payload shows; the oldest versions list a charge's refunds.
    pub(crate) fn charges_refunded_unseen(&self) -> impl Iterator<Item = String> {
        let told = self.open_book || self.plan.version == ApiVersion::V2017;
        let unseen = move |refund: &&Refund| !told && !self.shown.contains_key(&refund.id);
        self.refunds.iter().filter(unseen).map(|it| self.charges[it.charge].id.clone())
    }

    fn say_refund_change(&mut self, index: usize, outcome: &str) {
        let now = self.refund_json(index);
        self.say("refund.updated", now.clone());
        if outcome == "failed" {
            self.say("refund.failed", now);
        }
    }
}
