//! Invoices and the payments of them.

use super::line::{read_line, taxes_or_sum};
use super::{Seen, own_id};
use crate::billing::facts::{
    Fact, Invoice, InvoicePayment, InvoiceStatus, ItemTax, Line, Payer, Phase, Seconds, State,
};
use crate::stripe::Refusal;
use crate::stripe::field::{Object, missing};

pub(super) fn invoice(object: Object<'_>) -> Result<Seen, Refusal> {
    let id = own_id(object)?;
    let (listed, lines_cut) = object.list("lines");
    let lines: Vec<Line> = listed.into_iter().map(read_line).collect::<Result<_, _>>()?;
    let taxes = taxes_or_sum(object)?;
    let total = object.amount("total")?.unwrap_or(0);
    let tax: i64 = taxes.iter().map(|tax| tax.amount).sum();
    let status = status(object)?;
    let amount_paid = amount_paid(object, status)?;
    let created = object.seconds("created")?.or(object.seconds("date")?);
    let invoice = Invoice {
        created: created.unwrap_or(0),
        customer: object.id("customer")?.or(object.id("customer_account")?),
        subscription: subscription(object)?,
        status,
        currency: object.currency("currency")?,
        billing_reason: object.text("billing_reason")?,
        total,
        total_excluding_tax: object.amount("total_excluding_tax")?.unwrap_or(total - tax),
        amount_due: object.amount("amount_due")?.unwrap_or(0),
        amount_paid,
        amount_remaining: object.amount("amount_remaining")?.unwrap_or(0),
        starting_balance: object.amount("starting_balance")?.unwrap_or(0),
        ending_balance: object.amount("ending_balance")?,
        lines,
        lines_cut,
        taxes,
        pre_payment_credit_notes: object.positive("pre_payment_credit_notes_amount")?.unwrap_or(0),
        post_payment_credit_notes: object
            .positive("post_payment_credit_notes_amount")?
            .unwrap_or(0),
        attempted: object.flag("attempted").unwrap_or(false),
        attempt_count: object.int("attempt_count")?.unwrap_or(0),
        due_date: object.seconds("due_date")?,
        finalized_at: transition(object, "finalized_at")?,
        paid_at: transition(object, "paid_at")?,
        voided_at: transition(object, "voided_at")?,
        uncollectible_at: transition(object, "marked_uncollectible_at")?,
        paid_out_of_band: object.flag("paid_out_of_band"),
        charge: object.id("charge")?,
        payment_intent: object.id("payment_intent")?,
        test_clock: object.id("test_clock")?,
    };
    let mut embedded = item_taxes(&invoice);
    // Shown only where the API was asked for them.
    for body in object.list("payments").0 {
        let Seen { id: object, state, .. } = payment(body)?;
        embedded.push(Fact { object, phase: Phase::Embedded, state, before: None });
    }
    Ok(Seen { id, state: State::Invoice(invoice), embedded })
}

/// The status; before there was one, three flags told it.
fn status(object: Object<'_>) -> Result<InvoiceStatus, Refusal> {
    if let Some(status) = object.word::<InvoiceStatus>("status")? {
        return Ok(status);
    }
    let flag = |key: &str| object.flag(key).unwrap_or(false);
    Ok(if flag("paid") {
        InvoiceStatus::Paid
    } else if flag("forgiven") {
        InvoiceStatus::Uncollectible
    } else if flag("closed") {
        InvoiceStatus::Void
    } else if flag("attempted") || object.value("ending_balance").is_some() {
        InvoiceStatus::Open
    } else {
        InvoiceStatus::Draft
    })
}

/// What was paid; before it was told, a paid invoice was paid in full.
fn amount_paid(object: Object<'_>, status: InvoiceStatus) -> Result<i64, Refusal> {
    Ok(match object.amount("amount_paid")? {
        Some(amount) => amount,
        None if status == InvoiceStatus::Paid => object.amount("amount_due")?.unwrap_or(0),
        None => 0,
    })
}

fn transition(object: Object<'_>, key: &str) -> Result<Option<Seconds>, Refusal> {
    let transitions = object.object("status_transitions");
    Ok(transitions.map(|it| it.seconds(key)).transpose()?.flatten())
}

fn subscription(object: Object<'_>) -> Result<Option<String>, Refusal> {
    let parent = object.object("parent").and_then(|it| it.object("subscription_details"));
    match parent {
        Some(details) => details.id("subscription"),
        None => object.id("subscription"),
    }
}

/// What final lines show of the tax inside their items' prices.
fn item_taxes(invoice: &Invoice) -> Vec<Fact> {
    if invoice.status == InvoiceStatus::Draft {
        return Vec::new();
    }
    let shown = |line: &Line| {
        let object = line.subscription_item.clone().filter(|_| line.inclusive_tax != 0)?;
        let state = State::ItemTax(ItemTax {
            customer: invoice.customer.clone(),
            amount: line.net + line.inclusive_tax,
            tax: line.inclusive_tax,
        });
        Some(Fact { object, phase: Phase::Embedded, state, before: None })
    };
    let mut facts: Vec<Fact> =
        invoice.lines.iter().filter(|it| !it.proration).filter_map(shown).collect();
    facts.dedup_by(|a, b| a.object == b.object);
    facts
}

pub(super) fn payment(object: Object<'_>) -> Result<Seen, Refusal> {
    let transitions = object.object("status_transitions");
    let payment = InvoicePayment {
        invoice: object.required_id("invoice")?,
        amount_paid: object.positive("amount_paid")?,
        currency: object.currency("currency")?.ok_or_else(|| missing("currency"))?,
        status: object.text("status")?.ok_or_else(|| missing("status"))?,
        paid_at: transitions.map(|it| it.seconds("paid_at")).transpose()?.flatten(),
        payer: object.object("payment").map(payer).transpose()?.flatten(),
    };
    Ok(Seen::new(own_id(object)?, State::InvoicePayment(payment)))
}

fn payer(object: Object<'_>) -> Result<Option<Payer>, Refusal> {
    let intent = object.id("payment_intent")?.map(Payer::PaymentIntent);
    let charge = object.id("charge")?.map(Payer::Charge);
    Ok(intent.or(charge).or(object.id("payment_record")?.map(Payer::PaymentRecord)))
}
