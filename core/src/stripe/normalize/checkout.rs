//! Checkout sessions.

use super::{Seen, own_id};
use crate::billing::facts::{CheckoutSession, State};
use crate::stripe::Refusal;
use crate::stripe::field::Object;

pub(super) fn session(object: Object<'_>) -> Result<Seen, Refusal> {
    let totals = object.object("total_details");
    let session = CheckoutSession {
        created: object.seconds("created")?.unwrap_or(0),
        mode: object.text("mode")?.unwrap_or_default(),
        status: object.text("status")?,
        payment_status: object.text("payment_status")?.unwrap_or_default(),
        customer: object.id("customer")?.or(object.id("customer_account")?),
        payment_intent: object.id("payment_intent")?,
        subscription: object.id("subscription")?,
        invoice: object.id("invoice")?,
        invoice_creation: (object.object("invoice_creation"))
            .and_then(|it| it.flag("enabled"))
            .unwrap_or(false),
        amount_total: object.positive("amount_total")?.unwrap_or(0),
        amount_tax: totals.map(|it| it.positive("amount_tax")).transpose()?.flatten().unwrap_or(0),
        currency: object.currency("currency")?,
    };
    Ok(Seen::new(own_id(object)?, State::CheckoutSession(session)))
}
