//! Payments without an invoice: most by checkout, some that nothing ever explains.

use serde_json::Value;

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
        let slow = self.dice.chance(800);
        let invoiced = self.dice.chance(1_000);
        let charge = self.one_off_charge(explained);
        let state = &self.charges[charge];
        if explained && state.captured && slow {
            return self.promise_payment(charge);
        }
        let owner = state.customer.filter(|c| self.customers[*c].balance == 0 && state.tax == 0);
        if let Some(owner) = owner.filter(|_| explained && state.captured && invoiced) {
            return self.sell_by_invoice(charge, owner);
        }
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
        let session = Some((format!("cs_live_{}", self.dice.token(48)), self.now - 95));
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
            decline: "insufficient_funds",
            card: None,
            session,
        });
        self.charges.len() - 1
    }

    /// The session says what the payment was for, at once or a moment later.
    pub(crate) fn explain(&mut self, charge: usize, explained: bool) {
        let slow = self.dice.range(1, 40);
        let pause = if self.dice.chance(5_000) { 0 } else { slow };
        let id = self.charges[charge].id.clone();
        if !explained {
            if self.open_book {
                self.post_sale(charge);
            }
            return self.label(&id, Unsettled::PaymentUnexplained);
        }
        self.sell(charge);
        let json = self.sale_session(charge, true);
        self.say_at(self.now + pause, "checkout.session.completed", json);
    }

    /// A one-off sale, dated at its charge.
    fn sell(&mut self, charge: usize) {
        let troubled = self.often(750);
        let disputed = self.dice.chance(3_300);
        let soon = self.pause(DAY, 20 * DAY);
        self.post_sale(charge);
        if troubled {
            let task = if disputed { Task::DisputeOf(charge) } else { Task::RefundOf(charge) };
            self.later(self.now + soon, task);
        }
    }

    pub(crate) fn post_sale(&mut self, charge: usize) {
        let state = &self.charges[charge];
        let (currency, net) = (state.currency, state.amount - state.tax);
        self.books.post("payments_clearing", "one_off_revenue", currency, net);
        self.books.post("payments_clearing", "tax_payable", currency, state.tax);
        self.books.earn(currency, state.created, net);
    }

    fn sale_session(&self, charge: usize, paid: bool) -> Value {
        let state = &self.charges[charge];
        let (id, opened) = state.session.clone().unwrap_or_default();
        self.session_json(&Session {
            id: &id,
            opened,
            paid,
            mode: "payment",
            customer: state.customer,
            currency: state.currency,
            amount: state.amount,
            tax: state.tax,
            intent: Some(&state.intent),
            subscription: None,
            invoice: state.invoice,
        })
    }

    /// A slow way to pay: the session is complete, the money comes days later.
    fn promise_payment(&mut self, charge: usize) {
        let pause = self.pause(2 * DAY, 6 * DAY);
        self.say("checkout.session.completed", self.sale_session(charge, false));
        self.later(self.now + pause, Task::Clear(charge));
    }

    pub(crate) fn clear(&mut self, charge: usize) {
        self.charges[charge].created = self.now;
        self.say_paid_charge(charge);
        self.sell(charge);
        let json = self.sale_session(charge, true);
        self.say("checkout.session.async_payment_succeeded", json);
    }

    /// A sale for which Checkout makes an invoice: the invoice tells of it, not the session.
    fn sell_by_invoice(&mut self, charge: usize, customer: usize) {
        let state = &self.charges[charge];
        let (currency, amount, intent) = (state.currency, state.amount, state.intent.clone());
        let price = match currency {
            "eur" => 8,
            "jpy" => 12,
            "kwd" => 14,
            _ => 0,
        };
        let item = self.dice.id("ii");
        let line = self.line(price, 1, amount, (self.now, self.now), Err(item));
        let invoice = self.sale_invoice(customer, currency, vec![line]);
        self.invoices[invoice].intent = Some(intent);
        self.charges[charge].invoice = Some(invoice);
        self.say_paid_charge(charge);
        self.say("invoice.created", self.invoice_json(invoice));
        self.finalize(invoice);
        self.apply_charge(invoice, charge);
        self.say("checkout.session.completed", self.sale_session(charge, true));
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
