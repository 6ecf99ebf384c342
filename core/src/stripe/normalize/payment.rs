//! Payment intents, charges, refunds, disputes, payouts, balance transactions.

use super::{Seen, own_id};
use crate::billing::facts::{
    BalanceTransaction, Charge, Dispute, Fact, PaymentIntent, Payout, Phase, Refund, State,
};
use crate::stripe::Refusal;
use crate::stripe::field::{Object, missing};

pub(super) fn intent(object: Object<'_>) -> Result<Seen, Refusal> {
    let newest = object.object("charges").and_then(|list| list.objects("data").into_iter().next());
    let latest_charge = match object.id("latest_charge")? {
        None => newest.map(|charge| charge.id("id")).transpose()?.flatten(),
        charge => charge,
    };
    let intent = PaymentIntent {
        created: object.seconds("created")?.unwrap_or(0),
        customer: object.id("customer")?.or(object.id("customer_account")?),
        amount: object.positive("amount")?.unwrap_or(0),
        amount_received: object.positive("amount_received")?.unwrap_or(0),
        currency: object.currency("currency")?,
        status: object.text("status")?.unwrap_or_default(),
        latest_charge,
        invoice: object.id("invoice")?,
    };
    Ok(Seen::new(own_id(object)?, State::PaymentIntent(intent)))
}

pub(super) fn charge(object: Object<'_>) -> Result<Seen, Refusal> {
    let id = own_id(object)?;
    let amount = object.positive("amount")?.ok_or_else(|| missing("amount"))?;
    let captured = object.flag("captured").unwrap_or(true);
    let status = match object.text("status")?.as_deref() {
        Some("paid") | None if object.flag("paid").unwrap_or(false) => "succeeded".to_owned(),
        status => status.unwrap_or("failed").to_owned(),
    };
    let taken = if captured && status == "succeeded" { amount } else { 0 };
    let charge = Charge {
        created: object.seconds("created")?.unwrap_or(0),
        customer: object.id("customer")?.or(object.id("customer_account")?),
        amount,
        amount_captured: object.positive("amount_captured")?.unwrap_or(taken),
        amount_refunded: object.positive("amount_refunded")?.unwrap_or(0),
        currency: object.currency("currency")?,
        status,
        captured,
        payment_intent: object.id("payment_intent")?,
        invoice: object.id("invoice")?,
        balance_transaction: object.id("balance_transaction")?,
        failure_code: object.text("failure_code")?,
    };
    let mut seen = Seen::new(id, State::Charge(charge));
    seen.embedded.extend(expanded(object)?);
    for body in object.list("refunds").0 {
        let Seen { id: object, state, .. } = refund(body)?;
        seen.embedded.push(Fact { object, phase: Phase::Embedded, state, before: None });
    }
    Ok(seen)
}

pub(super) fn refund(object: Object<'_>) -> Result<Seen, Refusal> {
    let refund = Refund {
        created: object.seconds("created")?.unwrap_or(0),
        charge: object.id("charge")?,
        payment_intent: object.id("payment_intent")?,
        amount: object.positive("amount")?.ok_or_else(|| missing("amount"))?,
        currency: object.currency("currency")?,
        status: object.text("status")?.unwrap_or_else(|| "succeeded".to_owned()),
        reason: object.text("reason")?,
        balance_transaction: object.id("balance_transaction")?,
    };
    let mut seen = Seen::new(own_id(object)?, State::Refund(refund));
    seen.embedded.extend(expanded(object)?);
    Ok(seen)
}

pub(super) fn dispute(object: Object<'_>) -> Result<Seen, Refusal> {
    let transactions = object.objects("balance_transactions").into_iter();
    let dispute = Dispute {
        created: object.seconds("created")?.unwrap_or(0),
        charge: object.id("charge")?,
        payment_intent: object.id("payment_intent")?,
        amount: object.positive("amount")?.ok_or_else(|| missing("amount"))?,
        currency: object.currency("currency")?,
        status: object.text("status")?.unwrap_or_default(),
        reason: object.text("reason")?,
        balance_transactions: transactions.map(balance_transaction).collect::<Result<_, _>>()?,
    };
    Ok(Seen::new(own_id(object)?, State::Dispute(dispute)))
}

/// A balance transaction that was looked up.
pub(super) fn transaction(object: Object<'_>) -> Result<Seen, Refusal> {
    let transaction = balance_transaction(object)?;
    Ok(Seen::new(transaction.id.clone(), State::BalanceTransaction(transaction)))
}

/// The balance transaction of a charge or refund that was looked up together with it.
fn expanded(object: Object<'_>) -> Result<Option<Fact>, Refusal> {
    let Some(body) = object.object("balance_transaction") else { return Ok(None) };
    let Seen { id: object, state, .. } = transaction(body)?;
    Ok(Some(Fact { object, phase: Phase::Embedded, state, before: None }))
}

fn balance_transaction(object: Object<'_>) -> Result<BalanceTransaction, Refusal> {
    let amount = object.amount("amount")?.ok_or_else(|| missing("amount"))?;
    let fee = object.amount("fee")?.unwrap_or(0);
    if object.amount("net")?.is_some_and(|net| net != amount - fee) {
        return Err(Refusal::new("unbalanced", "`net` is not `amount` less `fee`"));
    }
    Ok(BalanceTransaction {
        id: own_id(object)?,
        amount,
        fee,
        currency: object.currency("currency")?.ok_or_else(|| missing("currency"))?,
        created: object.seconds("created")?.unwrap_or(0),
        available_on: object.seconds("available_on")?.unwrap_or(0),
        category: object.text("reporting_category")?.or(object.text("type")?),
        source: object.id("source")?,
        exchange_rate: object.decimal("exchange_rate")?,
    })
}

pub(super) fn payout(object: Object<'_>) -> Result<Seen, Refusal> {
    let payout = Payout {
        created: object.seconds("created")?.or(object.seconds("date")?).unwrap_or(0),
        amount: object.amount("amount")?.ok_or_else(|| missing("amount"))?,
        currency: object.currency("currency")?,
        status: object.text("status")?.unwrap_or_default(),
        arrival_date: object.seconds("arrival_date")?.unwrap_or(0),
        automatic: object.flag("automatic").unwrap_or(true),
    };
    Ok(Seen::new(own_id(object)?, State::Payout(payout)))
}
