//! Disputes: evidence decides at once, as with Stripe's test evidence.

use super::Command;
use crate::stripe::account::Account;
use crate::stripe::kind::Kind;
use crate::stripe::params::Params;
use crate::stripe::problem::{Answer, Problem};

pub(super) fn run(account: &mut Account, command: &Command<'_>) -> Option<Answer> {
    let Command { method, path, params } = *command;
    Some(match (method, path) {
        ("POST", ["disputes", id]) => update(account, id, params),
        ("POST", ["disputes", id, "close"]) => close(account, id),
        _ => return None,
    })
}

fn open_dispute(account: &Account, id: &str) -> Answer<usize> {
    let index = account.living(Kind::Dispute, id, "id")?;
    match account.world.disputes[index].status {
        "won" | "lost" | "warning_closed" => {
            Err(Problem::invalid("This dispute is already closed."))
        }
        _ => Ok(index),
    }
}

fn update(account: &mut Account, id: &str, params: &Params) -> Answer {
    params.only(&["evidence", "metadata", "submit"])?;
    let index = open_dispute(account, id)?;
    let evidence = params.hash("evidence");
    match evidence.text("uncategorized_text") {
        Some("winning_evidence") => account.world.decide_dispute(index, true),
        Some("losing_evidence") => account.world.decide_dispute(index, false),
        _ => account.change(Kind::Dispute, index, |world| {
            let dispute = &mut world.disputes[index];
            dispute.status = if dispute.inquiry { "warning_under_review" } else { "under_review" };
        }),
    }
    account.shown(Kind::Dispute, index)
}

/// Accepting a dispute is losing it.
fn close(account: &mut Account, id: &str) -> Answer {
    let index = open_dispute(account, id)?;
    account.world.decide_dispute(index, false);
    account.shown(Kind::Dispute, index)
}
