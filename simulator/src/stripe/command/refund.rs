//! Refunds.

use super::{Command, fields};
use crate::stripe::account::Account;
use crate::stripe::kind::Kind;
use crate::stripe::params::Params;
use crate::stripe::problem::{Answer, Problem};

pub(super) fn run(account: &mut Account, command: &Command<'_>) -> Option<Answer> {
    let Command { method, path, params } = *command;
    Some(match (method, path) {
        ("POST", ["refunds"]) => create(account, params),
        ("POST", ["refunds", id]) => update(account, id, params),
        _ => return None,
    })
}

fn create(account: &mut Account, params: &Params) -> Answer {
    params.only(&["amount", "charge", "metadata", "payment_intent", "reason"])?;
    let reasons = ["duplicate", "fraudulent", "requested_by_customer"];
    let reason = params.choice("reason", &reasons)?;
    let charge = refunded_charge(account, params)?;
    let amount = refunded_amount(account, charge, params)?;
    let index = account.world.add_refund(charge, amount, "succeeded", false);
    let refund = &mut account.world.refunds[index];
    if let Some(reason) = reason {
        refund.reason = reason;
    }
    refund.set.insert("reason".to_owned(), reason.into());
    fields::set_metadata(params, &mut refund.set);
    account.world.tell_refund(index);
    account.shown(Kind::Refund, index)
}

fn refunded_charge(account: &Account, params: &Params) -> Answer<usize> {
    let world = &account.world;
    let charge = match (params.text("charge"), params.text("payment_intent")) {
        (Some(id), _) => account.living(Kind::Charge, id, "charge")?,
        (None, Some(intent)) => {
            account.get(Kind::PaymentIntent, intent, "payment_intent")?;
            let mut charges = world.charges.iter();
            let paid = charges.position(|charge| charge.intent == intent && charge.succeeded);
            paid.ok_or_else(|| {
                let message = format!(
                    "This PaymentIntent ({intent}) does not have a successful charge to refund."
                );
                Problem::invalid(message).param("payment_intent")
            })?
        }
        (None, None) => {
            let message = "One of the following params should be provided for this request: \
                payment_intent or charge.";
            return Err(Problem::invalid(message).code("parameter_missing"));
        }
    };
    let state = &world.charges[charge];
    let id = &state.id;
    if !state.succeeded || !state.captured {
        return Err(Problem::invalid(format!(
            "Charge {id} was not captured: it cannot be refunded."
        )));
    }
    if state.disputed
        && world.disputes.iter().any(|dispute| dispute.charge == charge && !dispute.inquiry)
    {
        let message = format!("Charge {id} has been charged back; cannot issue a refund.");
        return Err(Problem::invalid(message).code("charge_disputed"));
    }
    Ok(charge)
}

fn refunded_amount(account: &Account, charge: usize, params: &Params) -> Answer<i64> {
    let state = &account.world.charges[charge];
    let left = state.amount - state.refunded;
    if left == 0 {
        let message = format!("Charge {} has already been refunded.", state.id);
        return Err(Problem::invalid(message).code("charge_already_refunded"));
    }
    let amount = fields::at_least(params, "amount", 1)?.unwrap_or(left);
    if amount > left {
        let message = format!(
            "Refund amount ({}) is greater than unrefunded amount on charge ({})",
            fields::in_words(amount, state.currency),
            fields::in_words(left, state.currency)
        );
        return Err(Problem::invalid(message).param("amount"));
    }
    Ok(amount)
}

fn update(account: &mut Account, id: &str, params: &Params) -> Answer {
    params.only(&["metadata"])?;
    let index = account.living(Kind::Refund, id, "id")?;
    account.change(Kind::Refund, index, |world| {
        fields::set_metadata(params, &mut world.refunds[index].set);
    });
    account.shown(Kind::Refund, index)
}
