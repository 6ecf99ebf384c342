//! The life cycle of a lead: how far they have come, as HubSpot's eight stages tell it, and why a
//! lead is out of it.
//!
//! Rules move a lead forward only. Whoever moves one back, aside, or in again, says why. The
//! history is a function of all steps that were ever observed, whenever they were learned.

mod ladder;
mod partner;
#[cfg(test)]
mod tests;

use crate::time::Timestamp;
pub use ladder::{Disqualification, LADDER, Stage};
pub use partner::PartnerStatus;

/// A rule that moves leads forward.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Rule {
    /// They asked for the newsletter and nothing else.
    Subscribed,
    /// They gave their address.
    Captured,
    /// Their score reached a label that qualifies.
    Scored,
    /// They began a checkout.
    CheckoutStarted,
    /// They paid. Alone of all rules it also brings back who was out of the cycle.
    Paid,
    /// A customer brought a paying customer; it moves customers only.
    Referred,
}

impl Rule {
    /// Every rule.
    pub const ALL: [Rule; 6] = [
        Rule::Subscribed,
        Rule::Captured,
        Rule::Scored,
        Rule::CheckoutStarted,
        Rule::Paid,
        Rule::Referred,
    ];

    /// The name in databases and answers.
    pub fn as_str(self) -> &'static str {
        match self {
            Rule::Subscribed => "subscribed",
            Rule::Captured => "captured",
            Rule::Scored => "scored",
            Rule::CheckoutStarted => "checkout_started",
            Rule::Paid => "paid",
            Rule::Referred => "referred",
        }
    }

    /// The rule of that name.
    pub fn parse(name: &str) -> Option<Rule> {
        Rule::ALL.into_iter().find(|rule| rule.as_str() == name)
    }

    /// Where it leads.
    pub fn stage(self) -> Stage {
        match self {
            Rule::Subscribed => Stage::Subscriber,
            Rule::Captured => Stage::Lead,
            Rule::Scored => Stage::Mql,
            Rule::CheckoutStarted => Stage::Opportunity,
            Rule::Paid => Stage::Customer,
            Rule::Referred => Stage::Advocate,
        }
    }

    /// Whether it moves a lead that stands there.
    pub fn moves(self, from: Option<Stage>) -> bool {
        let Some(from) = from else { return self != Rule::Referred };
        match (from.rank(), self) {
            (Some(_), Rule::Referred) => from == Stage::Customer,
            (Some(_), _) => from.is_before(self.stage()),
            (None, _) => self == Rule::Paid,
        }
    }
}

/// Who or what moved a lead.
// The order is that of steps at one instant: what rules say first, and of them the lower stage.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum By {
    /// A rule.
    Rule(Rule),
    /// Somebody, or a program of theirs.
    Actor {
        /// Who.
        actor: String,
        /// Where to.
        to: Stage,
        /// Why; needed wherever a lead does not move forward.
        reason: Option<String>,
    },
}

/// An observed step.
// The order of the fields is the order of steps.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Step {
    /// When.
    pub at: Timestamp,
    /// By whom, and where to.
    pub by: By,
    /// Its id.
    pub id: String,
}

/// A change of stage: one row of the history.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Transition {
    /// From where; `None`: it is the first.
    pub from: Option<Stage>,
    /// Where to.
    pub to: Stage,
    /// When.
    pub at: Timestamp,
    /// By whom.
    pub by: By,
    /// The step that made it.
    pub step: String,
}

/// When a lead first reached each stage of the ladder; `None`: not yet.
pub type Reached = [Option<Timestamp>; LADDER.len()];

/// Why a lead cannot be moved so.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadMove {
    /// It is there already.
    #[error("the lead is in this stage already")]
    NotMoved,
    /// It would go back, aside, or into the cycle again, and nobody says why.
    #[error("only the way forward needs no words: say why the lead goes back, aside or in again")]
    NoReason,
}

/// Whether somebody may move a lead so, from where it stands.
///
/// Forward, and out of the cycle (which names its own reason), needs no words.
pub fn check(from: Option<Stage>, to: Stage, reason: Option<&str>) -> Result<(), BadMove> {
    if from == Some(to) {
        return Err(BadMove::NotMoved);
    }
    let forward = from.is_none_or(|from| from.is_before(to));
    let explained = reason.is_some_and(|reason| !reason.trim().is_empty());
    let out = to.disqualification().is_some();
    if forward || out || explained { Ok(()) } else { Err(BadMove::NoReason) }
}

/// The history of a lead by all its observed steps, in any order and however often.
///
/// A step that moves nothing leaves no row. What somebody did without a word counts as far as it
/// leads forward from where, by what is known now, the lead stood.
pub fn history(steps: &[Step]) -> Vec<Transition> {
    let mut ordered: Vec<&Step> = steps.iter().collect();
    ordered.sort_unstable();
    let mut history: Vec<Transition> = Vec::new();
    for step in ordered {
        let from = history.last().map(|row| row.to);
        let to = match &step.by {
            By::Rule(rule) => rule.moves(from).then(|| rule.stage()),
            By::Actor { to, reason, .. } => {
                check(from, *to, reason.as_deref()).is_ok().then_some(*to)
            }
        };
        if let Some(to) = to {
            let (by, step, at) = (step.by.clone(), step.id.clone(), step.at);
            history.push(Transition { from, to, at, by, step });
        }
    }
    history
}

/// Where a lead stood at an instant; `None`: it was not here yet.
pub fn stage_at(history: &[Transition], at: Timestamp) -> Option<Stage> {
    history.iter().rev().find(|row| row.at <= at).map(|row| row.to)
}

/// When a lead first reached each stage, for funnels.
///
/// Whoever comes in at a stage, or jumps to one, has reached those below it at the same instant:
/// a customer who was never looked at as an MQL is no failure of the step from lead to MQL.
pub fn reached(history: &[Transition]) -> Reached {
    let mut reached = [None; LADDER.len()];
    for row in history {
        let passed = row.to.rank().map_or(0, |rank| rank + 1);
        for at in &mut reached[..passed] {
            at.get_or_insert(row.at);
        }
    }
    reached
}
