//! What people and rules decided about commissions, and how a commission stands by it.

use super::sale::Sale;
use super::terms::Terms;
use crate::ledger::LedgerError;
use crate::time::{DAY_MICROS, Timestamp};
use std::collections::BTreeMap;

/// An act on the commission of a sale.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Act {
    /// It may be paid once the hold is over; takes back a hold or a rejection.
    Approve,
    /// It is not paid for now.
    Hold,
    /// A hold ends.
    Release,
    /// It is never paid: all that is left of it is reversed at the act's time.
    Reject,
}

/// A logged act.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decision {
    /// Its id; the order of acts at one instant.
    pub id: String,
    /// The sale's id, or its order's for all its parts.
    pub sale: String,
    /// When it was decided.
    pub at: Timestamp,
    /// What.
    pub act: Act,
    /// Why.
    pub reason: String,
}

/// Why an act cannot be logged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadDecision {
    /// Holds and rejections need a reason.
    #[error("say why: a hold and a rejection need a reason")]
    NoReason,
}

impl Decision {
    /// Whether the act can be logged.
    pub fn check(&self) -> Result<(), BadDecision> {
        let needs_reason = matches!(self.act, Act::Hold | Act::Reject);
        if needs_reason && self.reason.trim().is_empty() {
            return Err(BadDecision::NoReason);
        }
        Ok(())
    }
}

/// Decisions by the sale or order that they are on: each is looked at once, however many sales there
/// are.
#[derive(Clone, Debug, Default)]
pub struct Log<'a>(BTreeMap<&'a str, Vec<&'a Decision>>);

impl<'a> Log<'a> {
    /// The log of some decisions, in whatever order.
    pub fn of(decisions: &'a [Decision]) -> Log<'a> {
        let mut log: BTreeMap<&str, Vec<&Decision>> = BTreeMap::new();
        for decision in decisions {
            log.entry(decision.sale.as_str()).or_default().push(decision);
        }
        Log(log)
    }

    /// The decisions on a sale, or on its order, by time and id.
    pub fn on(&self, sale: &Sale) -> Vec<&'a Decision> {
        let order = Some(&sale.order).filter(|order| **order != sale.id);
        let names = [Some(&sale.id), order].into_iter().flatten();
        let mut own: Vec<&Decision> =
            names.filter_map(|name| self.0.get(name.as_str())).flatten().copied().collect();
        own.sort_by_key(|it| (it.at, it.id.as_str()));
        own
    }
}

/// The acts on one sale, in order.
#[derive(Clone, Debug, Default)]
pub(super) struct Acts<'a>(Vec<&'a Decision>);

impl<'a> Acts<'a> {
    pub(super) fn on(sale: &Sale, log: &Log<'a>) -> Acts<'a> {
        Acts(log.on(sale))
    }

    pub(super) fn instants(&self) -> impl Iterator<Item = Timestamp> {
        self.0.iter().map(|it| it.at)
    }

    /// How it stands at the end of an instant; acts before the payment hold from it on.
    fn standing(&self, instant: Timestamp) -> Standing {
        let mut standing = Standing::default();
        for decision in self.0.iter().filter(|it| it.at <= instant) {
            match decision.act {
                Act::Approve => standing = Standing { approved: true, ..Standing::default() },
                Act::Hold => standing.held = true,
                Act::Release => standing.held = false,
                Act::Reject => standing.rejected = true,
            }
        }
        standing
    }

    /// Whether it is rejected at the end of an instant.
    pub(super) fn is_rejected(&self, instant: Timestamp) -> bool {
        self.standing(instant).rejected
    }
}

#[derive(Clone, Copy, Debug, Default)]
struct Standing {
    approved: bool,
    held: bool,
    rejected: bool,
}

/// How a commission stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum State {
    /// It waits for the hold's end, or for approval.
    Pending,
    /// It may be paid once the hold is over.
    Approved,
    /// An act or an open dispute holds it.
    Held,
    /// It was rejected.
    Rejected,
    /// All of the sale went back.
    Reversed,
}

impl State {
    /// Every state.
    pub const ALL: [State; 5] =
        [State::Pending, State::Approved, State::Held, State::Rejected, State::Reversed];

    /// The state of that name.
    pub fn parse(name: &str) -> Option<State> {
        State::ALL.into_iter().find(|state| state.as_str() == name)
    }

    /// Whether what is left can be paid once the hold is over. With tiers of a period something is
    /// left of a sale that went back or was rejected: it makes up for what other sales have lost.
    pub fn may_be_paid(self) -> bool {
        matches!(self, State::Approved | State::Rejected | State::Reversed)
    }

    /// The name in databases and answers.
    pub fn as_str(self) -> &'static str {
        match self {
            State::Pending => "pending",
            State::Approved => "approved",
            State::Held => "held",
            State::Rejected => "rejected",
            State::Reversed => "reversed",
        }
    }
}

/// How a commission stands, and from when on it can be paid.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Status {
    /// The state.
    pub state: State,
    /// The sale's own time and the hold.
    pub due: Timestamp,
}

impl Status {
    /// Whether it can be paid.
    pub fn is_payable(&self, now: Timestamp) -> bool {
        self.state.may_be_paid() && self.due <= now
    }
}

/// How the commission of a sale stands at `now`.
pub fn status(
    terms: &Terms,
    sale: &Sale,
    log: &Log<'_>,
    now: Timestamp,
) -> Result<Status, LedgerError> {
    let due = sale.paid_at.0.saturating_add(terms.hold_days.saturating_mul(DAY_MICROS));
    let due = Timestamp(due);
    let standing = Acts::on(sale, log).standing(now);
    let state = if standing.rejected {
        State::Rejected
    } else if sale.is_returned(now)? {
        State::Reversed
    } else if standing.held || sale.is_disputed(now) {
        State::Held
    } else if standing.approved || (terms.auto_approve && due <= now) {
        State::Approved
    } else {
        State::Pending
    };
    Ok(Status { state, due })
}
