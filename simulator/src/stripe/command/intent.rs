//! Payment intents: payments of nothing but themselves, and those of invoices.

use serde_json::{Value, json};

use super::card::with_metadata;
use super::{Command, fields};
use crate::model::{Charge, Fate, InvoiceStatus};
use crate::stripe::account::Account;
use crate::stripe::kind::Kind;
use crate::stripe::params::Params;
use crate::stripe::problem::{Answer, Problem};

pub(super) fn run(account: &mut Account, command: &Command<'_>) -> Option<Answer> {
    let Command { method, path, params } = *command;
    Some(match (method, path) {
        ("POST", ["payment_intents"]) => create(account, params),
        ("POST", ["payment_intents", id]) => update(account, id, params),
        ("POST", ["payment_intents", id, "confirm"]) => confirm(account, id, params),
        ("POST", ["payment_intents", id, "cancel"]) => cancel(account, id),
        _ => return None,
    })
}

fn create(account: &mut Account, params: &Params) -> Answer {
    params.only(&[
        "amount",
        "automatic_payment_methods",
        "confirm",
        "currency",
        "customer",
        "description",
        "metadata",
        "off_session",
        "payment_method",
        "payment_method_types",
        "return_url",
    ])?;
    let amount =
        fields::at_least(params, "amount", 1)?.ok_or_else(|| Problem::missing("amount"))?;
    let currency = fields::currency(params, "currency")?;
    let customer = params.text("customer");
    let customer = customer.map(|id| account.living(Kind::Customer, id, "customer")).transpose()?;
    let world = &mut account.world;
    let id = world.dice.id("pi");
    let mut body = json!({
        "id": id,
        "object": "payment_intent",
        "amount": amount,
        "amount_capturable": 0,
        "amount_received": 0,
        "canceled_at": null,
        "capture_method": "automatic",
        "client_secret": format!("{id}_secret_Dm43xiq1k0ywrRRj"),
        "confirmation_method": "automatic",
        "created": world.now,
        "currency": currency,
        "customer": customer.map(|customer| &world.customers[customer].id),
        "description": params.text("description"),
        "last_payment_error": null,
        "latest_charge": null,
        "livemode": world.plan.livemode,
        "metadata": {},
        "next_action": null,
        "payment_method": null,
        "payment_method_types": ["card"],
        "status": "requires_payment_method",
    });
    with_metadata(params, &mut body);
    account.tell(Kind::PaymentIntent, "payment_intent.created", body)?;
    if params.flag("confirm")? == Some(true) || params.has("payment_method") {
        choose_card(account, &id, params)?;
    }
    match params.flag("confirm")? {
        Some(true) => take(account, &id),
        _ => account.get(Kind::PaymentIntent, &id, "id"),
    }
}

/// Puts a card on an intent: the customer's, or one for this payment alone.
fn choose_card(account: &mut Account, id: &str, params: &Params) -> Answer<()> {
    let mut body = account.get(Kind::PaymentIntent, id, "id")?;
    let customer = body["customer"].as_str().and_then(|id| account.place(Kind::Customer, id));
    let card = match (params.text("payment_method"), customer) {
        (Some(card), Some(customer)) => account.attach(card, customer)?,
        (Some(card), None) => account.loose_card(card)?,
        (None, Some(customer)) if body["payment_method"].is_null() => {
            account.world.customers[customer].card.clone()
        }
        (None, _) => body["payment_method"].as_str().unwrap_or_default().to_owned(),
    };
    if card.is_empty() {
        let message = "You cannot confirm this PaymentIntent because it's missing a payment \
            method.";
        return Err(Problem::invalid(message).code("payment_intent_unexpected_state"));
    }
    body["payment_method"] = card.into();
    body["status"] = "requires_confirmation".into();
    account.keep(Kind::PaymentIntent, body);
    Ok(())
}

fn update(account: &mut Account, id: &str, params: &Params) -> Answer {
    params.only(&["description", "metadata", "payment_method"])?;
    let mut body = account.get(Kind::PaymentIntent, id, "id")?;
    with_metadata(params, &mut body);
    if let Some(description) = params.text("description") {
        body["description"] = description.into();
    }
    account.keep(Kind::PaymentIntent, body);
    if params.has("payment_method") {
        choose_card(account, id, params)?;
    }
    account.get(Kind::PaymentIntent, id, "id")
}

fn confirm(account: &mut Account, id: &str, params: &Params) -> Answer {
    params.only(&["off_session", "payment_method", "return_url"])?;
    let body = account.get(Kind::PaymentIntent, id, "id")?;
    let status = body["status"].as_str().unwrap_or_default();
    if matches!(status, "succeeded" | "canceled" | "processing") {
        let message =
            format!("You cannot confirm this PaymentIntent because it has a status of {status}.");
        return Err(Problem::invalid(message).code("payment_intent_unexpected_state"));
    }
    let mut invoices = account.world.invoices.iter();
    if let Some(invoice) = invoices.position(|bill| bill.intent.as_deref() == Some(id)) {
        let customer = account.world.invoices[invoice].customer;
        let card = params.text("payment_method").map(|card| account.attach(card, customer));
        let card = card.transpose()?;
        if account.world.invoices[invoice].status == InvoiceStatus::Open {
            account.pay_invoice(invoice, card)?;
            account.sync();
        }
        return account.get(Kind::PaymentIntent, id, "id");
    }
    choose_card(account, id, params)?;
    take(account, id)
}

/// Takes the money of an intent, if its card lets it go.
fn take(account: &mut Account, id: &str) -> Answer {
    let body = account.get(Kind::PaymentIntent, id, "id")?;
    let card = body["payment_method"].as_str().unwrap_or_default().to_owned();
    let fate = account.world.fate(&card);
    let decline = match fate {
        Fate::Declines(code) => Some(code),
        Fate::Pays | Fate::Disputes { .. } => None,
    };
    let charge = add_charge(account, &body, &card, decline);
    let world = &mut account.world;
    let Some(code) = decline else {
        world.say_paid_charge(charge);
        // Nothing else explains the payment: it is a sale by itself.
        world.post_sale(charge);
        if let Fate::Disputes { inquiry } = fate {
            world.open_dispute(charge, inquiry);
        }
        return settle(account, id, &body);
    };
    world.say("charge.failed", world.charge_json(charge));
    world.say("payment_intent.payment_failed", world.intent_json(charge, false));
    let intent = settle(account, id, &body)?;
    let charge = account.world.charges[charge].id.clone();
    Err(Problem::declined(code).with("charge", charge).with("payment_intent", intent))
}

fn add_charge(
    account: &mut Account,
    body: &Value,
    card: &str,
    decline: Option<&'static str>,
) -> usize {
    let customer = body["customer"].as_str().and_then(|id| account.place(Kind::Customer, id));
    let currency = body["currency"].as_str().unwrap_or_default();
    let form = format!("currency={currency}");
    let currency = fields::currency(&Params::parse(&form), "currency").unwrap_or("usd");
    let world = &mut account.world;
    world.charges.push(Charge {
        id: world.dice.id("ch"),
        intent: body["id"].as_str().unwrap_or_default().to_owned(),
        customer,
        invoice: None,
        amount: body["amount"].as_i64().unwrap_or_default(),
        tax: 0,
        currency,
        created: world.now,
        captured: true,
        succeeded: decline.is_none(),
        refunded: 0,
        disputed: false,
        transaction: None,
        refunds: Vec::new(),
        description: "One-off payment",
        decline: decline.unwrap_or_default(),
        card: Some(card.to_owned()),
        session: None,
    });
    world.charges.len() - 1
}

/// What the intent had by itself stays on it, whatever its charges say of it.
fn settle(account: &mut Account, id: &str, before: &Value) -> Answer {
    account.sync();
    let mut body = account.get(Kind::PaymentIntent, id, "id")?;
    for field in ["created", "description", "metadata"] {
        body[field] = before[field].clone();
    }
    account.keep(Kind::PaymentIntent, body.clone());
    Ok(body)
}

fn cancel(account: &mut Account, id: &str) -> Answer {
    let mut body = account.get(Kind::PaymentIntent, id, "id")?;
    let status = body["status"].as_str().unwrap_or_default();
    if matches!(status, "succeeded" | "canceled") {
        let message =
            format!("You cannot cancel this PaymentIntent because it has a status of {status}.");
        return Err(Problem::invalid(message).code("payment_intent_unexpected_state"));
    }
    body["status"] = "canceled".into();
    body["canceled_at"] = account.world.now.into();
    account.tell(Kind::PaymentIntent, "payment_intent.canceled", body)
}
