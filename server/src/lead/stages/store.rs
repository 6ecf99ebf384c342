//! Rows of `lead_steps`.

use crate::db::Type::{Int, Text};
use crate::db::{Insert, Query, Rows, Tx};
use crate::error::Error;
use crate::ingest::Trouble;
use crate::lead::entity::stage;
use crate::lead::reads::{Reads, each};
use crate::lead::sealed::open;
use crate::privacy::Keys;
use std::collections::HashMap;
use takings_core::lead::stage::{By, Disqualification, Rule, Step};
use takings_core::time::Timestamp;

static STEP: Insert = Insert::new(
    "lead_steps",
    &[
        ("id", Text),
        ("lead", Text),
        ("stepped_at", Int),
        ("recorded_at", Int),
        ("rule", Text),
        ("actor", Text),
        ("stage", Text),
        ("disqualification", Text),
        ("words", Text),
    ],
    "on conflict (id) do nothing",
);

static LOAD: Query = Query::new(
    "lead_steps_load",
    "select s.lead, s.id, s.stepped_at, s.rule, s.actor, s.stage, s.disqualification, s.words
     from {0} cross join lead_steps s where s.lead = t0.wanted
     union all
     select c.lead, c.lead || ':paid', c.paid_at, 'paid', null, null, null, null
     from {0} cross join lead_conversions c
     where c.lead = t0.wanted and c.paid_at is not null and c.revision =
        (select max(n.revision) from lead_conversions n where n.lead = c.lead)",
    &[("wanted", Text)],
);

/// Stores a step, with the actor's words sealed; one that is stored stays as it is.
pub(super) async fn insert(
    tx: &mut Tx<'_>,
    lead: &str,
    step: &Step,
    words: Option<String>,
    now: Timestamp,
) -> Result<(), Error> {
    let (rule, actor, to) = match &step.by {
        By::Rule(rule) => (Some(rule.as_str()), None, rule.stage()),
        By::Actor { actor, to, .. } => (None, Some(actor.as_str()), *to),
    };
    let mut row = Rows::default();
    row.push([
        step.id.as_str().into(),
        lead.into(),
        step.at.0.into(),
        now.0.into(),
        rule.into(),
        actor.into(),
        to.as_str().into(),
        to.disqualification().map(Disqualification::as_str).into(),
        words.into(),
    ]);
    tx.insert(&STEP, &row).await?;
    Ok(())
}

/// The steps of some leads, by lead. That they paid is none of their own: it follows from their
/// conversions, and may be taken back.
pub(in crate::lead) async fn load(
    reads: &mut impl Reads,
    keys: &Keys,
    leads: &[&str],
) -> Result<HashMap<String, Vec<Step>>, Error> {
    let mut found: HashMap<String, Vec<Step>> = HashMap::new();
    for row in reads.rows(&LOAD, &each(leads.iter().copied())).await? {
        let (lead, id, rule) = (row.text(0)?, row.text(1)?, row.opt_text(3)?);
        let by = match rule {
            Some(rule) => By::Rule(Rule::parse(&rule).ok_or_else(|| unreadable(&rule))?),
            None => {
                let place = ("lead_steps", "words", id.as_str());
                let (name, why) = (row.text(5)?, row.opt_text(6)?);
                let sealed = row.opt_text(7)?;
                let words: Option<String> = open(keys, &lead, place, sealed.as_deref())?;
                By::Actor {
                    actor: row.opt_text(4)?.unwrap_or_default(),
                    to: stage(&name, why.as_deref())?,
                    // Whoever is erased takes the words along, and stands where they led.
                    reason: words.or_else(|| sealed.map(|_| "erased".to_owned())),
                }
            }
        };
        let step = Step { at: Timestamp(row.int(2)?), by, id };
        found.entry(lead).or_default().push(step);
    }
    Ok(found)
}

fn unreadable(rule: &str) -> Trouble {
    Trouble::Unreadable { what: "step", why: format!("rule `{rule}`") }
}
