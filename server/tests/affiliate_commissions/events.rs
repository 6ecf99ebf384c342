//! What Stripe tells of one purchase.

use serde_json::{Value, json};
use takings_core::stripe::API_VERSION;

/// An event's body.
pub fn event(id: &str, kind: &str, created: i64, object: Value) -> Vec<u8> {
    let event = json!({
        "id": format!("evt_{id}"),
        "object": "event",
        "api_version": API_VERSION,
        "created": created,
        "livemode": true,
        "type": kind,
        "data": {"object": object},
    });
    event.to_string().into_bytes()
}

/// One invoice of a customer, paid once: every id ends in `n`.
#[derive(Clone, Copy, Debug)]
pub struct Purchase<'a> {
    pub n: &'a str,
    pub customer: &'a str,
    pub at: i64,
    pub amount: i64,
}

impl Purchase<'_> {
    fn id(&self, prefix: &str) -> String {
        format!("{prefix}_{}", self.n)
    }

    /// The Checkout session, which was given a click or a coupon.
    pub fn session(&self, click: Option<&str>, coupon: Option<&str>) -> Vec<u8> {
        let discounts: Vec<Value> = coupon.iter().map(|it| json!({"coupon": it})).collect();
        let session = json!({
            "id": self.id("cs"),
            "object": "checkout.session",
            "created": self.at,
            "mode": "subscription",
            "status": "complete",
            "payment_status": "paid",
            "customer": self.customer,
            "invoice": self.id("in"),
            "amount_total": self.amount,
            "currency": "usd",
            "client_reference_id": click,
            "discounts": discounts,
        });
        event(&self.id("session"), "checkout.session.completed", self.at, session)
    }

    /// The invoice, paid.
    pub fn invoice(&self) -> Vec<u8> {
        let period = json!({"start": self.at, "end": self.at + 2_592_000});
        let line = json!({
            "id": self.id("il"),
            "object": "line_item",
            "amount": self.amount,
            "currency": "usd",
            "period": period,
        });
        let invoice = json!({
            "id": self.id("in"),
            "object": "invoice",
            "created": self.at,
            "customer": self.customer,
            "status": "paid",
            "currency": "usd",
            "total": self.amount,
            "total_excluding_tax": self.amount,
            "amount_due": self.amount,
            "amount_paid": self.amount,
            "amount_remaining": 0,
            "attempted": true,
            "attempt_count": 1,
            "ending_balance": 0,
            "status_transitions": {"finalized_at": self.at, "paid_at": self.at},
            "lines": {"object": "list", "has_more": false, "data": [line]},
        });
        event(&self.id("invoice"), "invoice.paid", self.at, invoice)
    }

    /// The invoice's payment.
    pub fn payment(&self) -> Vec<u8> {
        let payment = json!({
            "id": self.id("inpay"),
            "object": "invoice_payment",
            "invoice": self.id("in"),
            "amount_paid": self.amount,
            "currency": "usd",
            "status": "paid",
            "status_transitions": {"paid_at": self.at},
            "payment": {"type": "payment_intent", "payment_intent": self.id("pi")},
        });
        event(&self.id("payment"), "invoice_payment.paid", self.at, payment)
    }

    /// The charge that moved the money.
    pub fn charge(&self) -> Vec<u8> {
        let charge = json!({
            "id": self.id("ch"),
            "object": "charge",
            "created": self.at,
            "customer": self.customer,
            "amount": self.amount,
            "amount_captured": self.amount,
            "captured": true,
            "paid": true,
            "status": "succeeded",
            "currency": "usd",
            "payment_intent": self.id("pi"),
        });
        event(&self.id("charge"), "charge.succeeded", self.at, charge)
    }

    /// A refund, so many seconds later.
    pub fn refund(&self, later: i64, amount: i64) -> Vec<u8> {
        let refund = json!({
            "id": self.id("re"),
            "object": "refund",
            "created": self.at + later,
            "charge": self.id("ch"),
            "payment_intent": self.id("pi"),
            "amount": amount,
            "currency": "usd",
            "status": "succeeded",
        });
        event(&self.id("refund"), "refund.created", self.at + later, refund)
    }

    /// A dispute in a state, so many seconds later.
    pub fn dispute(&self, later: i64, amount: i64, status: &str) -> Vec<u8> {
        let kind = match status {
            "needs_response" => "charge.dispute.created",
            _ => "charge.dispute.closed",
        };
        let dispute = json!({
            "id": self.id("dp"),
            "object": "dispute",
            "created": self.at + 100,
            "charge": self.id("ch"),
            "payment_intent": self.id("pi"),
            "amount": amount,
            "currency": "usd",
            "status": status,
            "balance_transactions": [],
        });
        event(&self.id(status), kind, self.at + later, dispute)
    }

    /// What every purchase consists of.
    pub fn whole(&self, click: Option<&str>) -> Vec<Vec<u8>> {
        vec![self.session(click, None), self.invoice(), self.payment(), self.charge()]
    }
}
