//! Payments without an invoice: most by checkout, some that nothing ever explains.

use crate::calendar::{DAY, HOUR};
use crate::exact::share;
use crate::model::Charge;
use crate::render::Session;
use crate::truth::Unsettled;
use crate::world::{Task, World};

impl World {
    pub(crate) fn one_off(&mut self) {
        let per_payment = 75;
        let payments = i64::try_from(self.plan.events).unwrap_or(1) / per_payment + 1;
        let gap = i64::from(self.plan.days) * DAY / payments;
        let pause = self.dice.range(gap / 2, gap * 3 / 2);
        self.later(self.now + pause, Task::OneOff);
        if self.now + HOUR >= self.plan.end() {
            return;
        }
        let explained = self.dice.chance(8_600);
        let charge = self.one_off_charge(explained);
        self.say_paid_charge(charge);
        if self.charges[charge].captured {
            self.explain(charge, explained);
        } else {
            self.later(self.now + 600, Task::Capture(charge));
        }
    }

    pub(crate) fn one_off_charge(&mut self, explained: bool) -> usize {
        let currency = self.dice.weighted(&[(6, "usd"), (2, "eur"), (1, "jpy"), (1, "kwd")]);
        let net = self.dice.range(5, 400) * 100;
        let taxed = self.dice.chance(3_000);
        let tax = if taxed && explained { share(net, 20, 100) } else { 0 };
        let at_once = self.dice.chance(9_000);
        let captured = at_once || !explained;
        let known = u64::try_from(self.customers.len()).unwrap_or(0);
        let guest = self.dice.chance(4_000) || known == 0;
        let customer = self.dice.below(known) as usize;
        self.charges.push(Charge {
            id: self.dice.id("ch"),
            intent: self.dice.id("pi"),
            customer: (!guest).then_some(customer),
            invoice: None,
            amount: net + tax,
            tax,
            currency,
            created: self.now,
            captured,
            succeeded: true,
            refunded: 0,
            disputed: false,
            transaction: None,
            refunds: Vec::new(),
            description: "One-off payment",
        });
        self.charges.len() - 1
    }

    /// The session says what the payment was for, at once or a moment later.
    pub(crate) fn explain(&mut self, charge: usize, explained: bool) {
        let id = format!("cs_live_{}", self.dice.token(48));
        let slow = self.dice.range(1, 40);
        let pause = if self.dice.chance(5_000) { 0 } else { slow };
        let troubled = self.often(750);
        let trouble = self.dice.weighted(&[(2, 1), (1, 2)]);
        let soon = self.pause(DAY, 20 * DAY);
        let state = self.charges[charge].clone();
        if !explained {
            return self.label(&state.id, Unsettled::PaymentUnexplained);
        }
        let net = state.amount - state.tax;
        self.books.post("payments_clearing", "one_off_revenue", state.currency, net);
        self.books.post("payments_clearing", "tax_payable", state.currency, state.tax);
        self.books.earn(state.currency, state.created, net);
        let session = Session {
            id: &id,
            mode: "payment",
            customer: state.customer,
            currency: state.currency,
            amount: state.amount,
            tax: state.tax,
            intent: Some(&state.intent),
            subscription: None,
            invoice: None,
        };
        let json = self.session_json(&session);
        self.say_at(self.now + pause, "checkout.session.completed", json);
        match trouble {
            _ if !troubled => {}
            1 => self.later(self.now + soon, Task::RefundOf(charge)),
            _ => self.later(self.now + soon, Task::DisputeOf(charge)),
        }
    }

    /// An authorised payment is taken.
    pub(crate) fn capture(&mut self, charge: usize) {
        let state = &mut self.charges[charge];
        state.captured = true;
        let (currency, amount) = (state.currency, state.amount);
        self.books.post("stripe_pending", "payments_clearing", currency, amount);
        self.say("charge.captured", self.charge_json(charge));
        self.explain(charge, true);
    }
}
