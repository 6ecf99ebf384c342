//! How far leads have come: steps are facts, stages follow from all of them.

mod store;

pub(super) use store::load;

use super::reads::Reads;
use super::sealed::{seal, subjects};
use super::{store as leads, unknown};
use crate::app::App;
use crate::db::Tx;
use crate::error::{Error, Reason};
use crate::once::Act;
use crate::privacy::Keys;
use takings_core::lead::stage::{By, Rule, Stage, Step, Transition, check, history};
use takings_core::time::Timestamp;

/// Notes that a rule applies to a lead; what was noted before stays as it is.
pub(super) async fn step(
    tx: &mut Tx<'_>,
    lead: &str,
    rule: Rule,
    at: Timestamp,
    now: Timestamp,
) -> Result<Step, Error> {
    let id = format!("{lead}:{}:{}", rule.as_str(), at.0);
    let step = Step { at, by: By::Rule(rule), id };
    store::insert(tx, lead, &step, None, now).await?;
    Ok(step)
}

/// Stores where a lead stands by all its steps; answers whether it stood elsewhere.
pub(super) async fn settle(tx: &mut Tx<'_>, lead: &str) -> Result<bool, Error> {
    let steps = of(tx, lead).await?;
    stand(tx, lead, &steps).await
}

/// The same, where all of them are known.
pub(super) async fn stand(tx: &mut Tx<'_>, lead: &str, steps: &[Step]) -> Result<bool, Error> {
    leads::set_stage(tx, lead, stage(&history(steps))).await
}

/// The steps of a lead.
pub(super) async fn of(reads: &mut impl Reads, lead: &str) -> Result<Vec<Step>, Error> {
    let keys = reads.keys(subjects([lead])).await?;
    Ok(load(reads, &keys, &[lead]).await?.remove(lead).unwrap_or_default())
}

/// The way of a lead.
async fn transitions(reads: &mut impl Reads, lead: &str) -> Result<Vec<Transition>, Error> {
    Ok(history(&of(reads, lead).await?))
}

/// Where a lead stands in the end.
fn stage(history: &[Transition]) -> Stage {
    history.last().map_or(Stage::Other, |last| last.to)
}

/// The way of a lead, for readers.
pub(super) async fn list(app: &App, lead: &str) -> Result<Vec<Transition>, Error> {
    let mut reads = &app.database;
    if leads::load(&mut reads, &[lead]).await?.is_empty() {
        return Err(unknown(lead));
    }
    transitions(&mut reads, lead).await
}

/// Somebody moves a lead.
#[derive(Debug)]
pub(super) struct Advance {
    pub(super) now: Timestamp,
    pub(super) lead: String,
    pub(super) to: Stage,
    pub(super) actor: String,
    pub(super) reason: Option<String>,
    /// The step's id: the request's.
    pub(super) id: String,
}

/// The change.
#[derive(Debug)]
pub(super) struct Moved(pub(super) Transition);

impl Act for Advance {
    type Done = Moved;

    async fn run(&self, tx: &mut Tx<'_>) -> Result<Moved, Error> {
        let Advance { now, lead, to, actor, reason, id } = self;
        if !leads::lock(tx, lead, *now).await? {
            return Err(unknown(lead));
        }
        let before = transitions(tx, lead).await?;
        let from = before.last().map(|it| it.to);
        check(from, *to, reason.as_deref()).map_err(refused)?;
        // Of two steps at one instant what a rule says comes first; and clocks differ.
        let at = before.last().map_or(*now, |last| (*now).max(Timestamp(last.at.0 + 1)));
        let words = match reason {
            Some(reason) => {
                let keys = Keys::hold(tx, subjects([lead.as_str()])).await?;
                Some(seal(&keys, lead, ("lead_steps", "words", id), reason)?)
            }
            None => None,
        };
        let (actor, reason) = (actor.clone(), reason.clone());
        let step = Step { at, by: By::Actor { actor, to: *to, reason }, id: id.clone() };
        store::insert(tx, lead, &step, words, *now).await?;
        settle(tx, lead).await?;
        Ok(Moved(Transition { from, to: *to, at, by: step.by, step: step.id }))
    }
}

fn refused(error: takings_core::lead::stage::BadMove) -> Error {
    Error::Precondition { reason: Reason::StageRefused, message: error.to_string() }
}
