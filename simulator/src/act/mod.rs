//! What happens: each act changes the state, says so in events, and keeps the truth.

mod balance;
mod bill;
mod coupon;
mod credit;
mod dispute;
mod hand;
mod live;
mod note;
mod oneoff;
mod open;
mod pay;
mod payout;
mod refund;
mod renew;
mod subscribe;

pub(crate) use balance::Settled;

use crate::world::{Task, World};

impl World {
    /// Plays the story to its end.
    pub(crate) fn play(&mut self) {
        self.open();
        while let Some(task) = self.next_task(self.plan.end()) {
            if self.is_full() {
                break;
            }
            self.act(task);
        }
    }

    /// Whether the story holds as many events as it may.
    pub(crate) fn is_full(&self) -> bool {
        self.events.len() + ROOM > self.plan.events
    }

    /// Whether a task concerns somebody who acts only as told.
    pub(crate) fn is_commanded(&self, task: Task) -> bool {
        if let Task::PayoutMoves(index) = task {
            return self.payouts[index].set.contains_key("automatic");
        }
        match self.concerned(task) {
            (_, Some(sub)) => self.subs[sub].commanded,
            (Some(customer), None) => self.customers[customer].commanded,
            (None, None) => false,
        }
    }

    /// The customer and the subscription that a task concerns.
    pub(crate) fn concerned(&self, task: Task) -> (Option<usize>, Option<usize>) {
        let of_customer = |index: usize| (Some(index), None);
        let of_sub = |index: usize| (Some(self.subs[index].customer), Some(index));
        let of_invoice = |index: usize| {
            let bill = &self.invoices[index];
            (Some(bill.customer), bill.sub)
        };
        let of_charge = |index: usize| (self.charges[index].customer, None);
        match task {
            Task::Arrive | Task::Walk | Task::OneOff | Task::PayOut(_) | Task::PayoutMoves(_) => {
                (None, None)
            }
            Task::Erase(index) | Task::Subscribe(index) => of_customer(index),
            Task::TrialNotice(index)
            | Task::Upcoming(index)
            | Task::Activate(index)
            | Task::Expire(index)
            | Task::EndTrial(index)
            | Task::Renew(index)
            | Task::Live(index)
            | Task::Unpause(index)
            | Task::EndAt(index)
            | Task::Resume(index) => of_sub(index),
            Task::Finalize(index)
            | Task::Collect(index)
            | Task::Transfer(index)
            | Task::SecondPart(index)
            | Task::Write(index)
            | Task::Late(index)
            | Task::NoteOn(index) => of_invoice(index),
            Task::VoidNote(index) => of_invoice(self.notes[index].invoice),
            Task::RefundOf(index)
            | Task::DisputeOf(index)
            | Task::Capture(index)
            | Task::Clear(index) => of_charge(index),
            Task::RefundEnds(index) => of_charge(self.refunds[index].charge),
            Task::DisputeMoves(index) => of_charge(self.disputes[index].charge),
        }
    }

    pub(crate) fn act(&mut self, task: Task) {
        match task {
            Task::Arrive => self.arrive(),
            Task::Walk => self.walk(),
            Task::Erase(customer) => self.erase(customer),
            Task::TrialNotice(sub) => self.trial_notice(sub),
            Task::Upcoming(sub) => self.upcoming(sub),
            Task::OneOff => self.one_off(),
            Task::PayOut(kind) => self.pay_out(kind),
            Task::Subscribe(customer) => self.subscribe(customer),
            Task::Activate(sub) => self.activate(sub),
            Task::Expire(sub) => self.expire(sub),
            Task::EndTrial(sub) => self.end_trial(sub),
            Task::Renew(sub) => self.renew(sub),
            Task::Live(sub) => self.live(sub),
            Task::Unpause(sub) => self.unpause(sub),
            Task::EndAt(sub) => self.end_at(sub),
            Task::Resume(sub) => self.resume(sub),
            Task::Finalize(invoice) => self.finalize_and_collect(invoice),
            Task::Collect(invoice) => self.collect(invoice),
            Task::Transfer(invoice) => self.transfer(invoice),
            Task::SecondPart(invoice) => self.second_part(invoice),
            Task::Write(invoice) => self.write_off(invoice),
            Task::Late(invoice) => self.late(invoice),
            Task::VoidNote(note) => self.void_note(note),
            Task::NoteOn(invoice) => self.note_on(invoice),
            Task::RefundOf(charge) => self.refund(charge),
            Task::RefundEnds(refund) => self.refund_ends(refund),
            Task::DisputeOf(charge) => self.dispute(charge),
            Task::DisputeMoves(dispute) => self.dispute_moves(dispute),
            Task::Capture(charge) => self.capture(charge),
            Task::Clear(charge) => self.clear(charge),
            Task::PayoutMoves(payout) => self.payout_moves(payout),
        }
    }
}

/// More events than any one act says.
const ROOM: usize = 40;
