//! Payouts by hand: manual ones, which are paid two days later.

use serde_json::json;

use super::{Command, fields};
use crate::stripe::account::Account;
use crate::stripe::kind::Kind;
use crate::stripe::params::Params;
use crate::stripe::problem::{Answer, Problem};

pub(super) fn run(account: &mut Account, command: &Command<'_>) -> Option<Answer> {
    let Command { method, path, params } = *command;
    Some(match (method, path) {
        ("POST", ["payouts"]) => create(account, params),
        ("POST", ["payouts", id, "cancel"]) => cancel(account, id),
        _ => return None,
    })
}

fn create(account: &mut Account, params: &Params) -> Answer {
    params.only(&["amount", "currency", "description", "metadata", "method"])?;
    let amount =
        fields::at_least(params, "amount", 1)?.ok_or_else(|| Problem::missing("amount"))?;
    let currency = fields::currency(params, "currency")?;
    let held: i64 = (0..account.world.txns.len())
        .map(|index| account.world.txn_json(index))
        .filter(|txn| txn["currency"] == currency && txn["status"] == "available")
        .filter_map(|txn| txn["net"].as_i64())
        .sum();
    if amount > held {
        let message = "You have insufficient funds in your Stripe account for this transfer. Your \
            balance is too low.";
        return Err(Problem::invalid(message).code("balance_insufficient"));
    }
    let mut set = serde_json::Map::from_iter([("automatic".to_owned(), json!(false))]);
    fields::keep(params, &["description"], &mut set);
    fields::set_metadata(params, &mut set);
    let index = account.world.new_payout(currency, amount, "paid", set);
    account.shown(Kind::Payout, index)
}

fn cancel(account: &mut Account, id: &str) -> Answer {
    let index = account.living(Kind::Payout, id, "id")?;
    if account.world.payouts[index].status != "pending" {
        return Err(Problem::invalid("Payouts can only be canceled while they are pending."));
    }
    account.world.payouts[index].fate = "canceled";
    account.world.payout_moves(index);
    account.shown(Kind::Payout, index)
}
