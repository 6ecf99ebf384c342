//! Everything of leads that names a person.

use crate::db::Type::Text;
use crate::db::{Database, Query, Row, Tx};
use crate::error::Error;
use crate::ingest::Trouble;
use crate::lead::reads::{each, one};
use crate::privacy::{Keys, Names};
use serde_json::{Value, json};
use takings_core::privacy::{Cell, Subject};

/// What is emptied. An actor's words stay sealed: without a key nobody reads them, and that there were
/// some still counts.
static FORGET: [Query; 5] = [
    Query::new(
        "leads_forget",
        "update leads set email_index = null, personal = null from {0} where leads.id = t0.wanted",
        &[("wanted", Text)],
    ),
    Query::new(
        "lead_profiles_forget",
        "update lead_profiles set said = null from {0} where lead_profiles.lead = t0.wanted",
        &[("wanted", Text)],
    ),
    Query::new(
        "lead_activities_forget",
        "update lead_activities set attributes = null, message = null, link = null, network = null
         from {0}
         where lead_activities.lead = t0.wanted",
        &[("wanted", Text)],
    ),
    Query::new(
        "consent_facts_forget",
        "update consent_facts set evidence = null from {0} where consent_facts.lead = t0.wanted",
        &[("wanted", Text)],
    ),
    Query::new(
        "outbox_forget",
        "update outbox set secret = null,
            state = case when state = 'waiting' then 'cancelled' else state end
         from {0} where outbox.lead = t0.wanted",
        &[("wanted", Text)],
    ),
];

/// What is exported: table, column, and the row's id last; sealed second to last.
static HELD: [(&str, &str, &str, Query); 5] = [
    (
        "captured",
        "leads",
        "personal",
        Query::new(
            "leads_held",
            "select l.id, l.source || ' ' || l.campaign || ' ' || l.referrer_host, l.captured_at,
                    l.personal, l.id
             from {0} cross join leads l where l.id = t0.wanted",
            &[("wanted", Text)],
        ),
    ),
    (
        "profile",
        "lead_profiles",
        "said",
        Query::new(
            "lead_profiles_held",
            "select p.lead, '', p.said_at, p.said, p.id
             from {0} cross join lead_profiles p where p.lead = t0.wanted",
            &[("wanted", Text)],
        ),
    ),
    (
        "activity",
        "lead_activities",
        "attributes",
        Query::new(
            "lead_activities_held",
            "select a.lead, a.kind, a.occurred_at, a.attributes, a.id
             from {0} cross join lead_activities a where a.lead = t0.wanted",
            &[("wanted", Text)],
        ),
    ),
    (
        "stage",
        "lead_steps",
        "words",
        Query::new(
            "lead_steps_held",
            "select s.lead, s.stage, s.stepped_at, s.words, s.id
             from {0} cross join lead_steps s where s.lead = t0.wanted",
            &[("wanted", Text)],
        ),
    ),
    (
        "consent",
        "consent_facts",
        "evidence",
        Query::new(
            "consent_facts_held",
            "select c.lead, c.purpose || ' ' || c.happened, c.happened_at, c.evidence, c.id
             from {0} cross join consent_facts c where c.lead = t0.wanted",
            &[("wanted", Text)],
        ),
    ),
];

static SOURCES: Query = Query::new(
    "customer_sources",
    "select c.source_id from {0} cross join customers c where c.id = t0.wanted",
    &[("wanted", Text)],
);

/// Empties what is sealed of leads whose keys were destroyed, and by what they are found.
pub(crate) async fn forget(tx: &mut Tx<'_>, leads: &[String]) -> Result<(), Trouble> {
    for query in FORGET.iter().filter(|_| !leads.is_empty()) {
        tx.fetch(query, &each(leads.iter().map(String::as_str))).await?;
    }
    Ok(())
}

/// Everything that is held about a person as a lead.
pub(crate) async fn held(tx: &mut Tx<'_>, subjects: &Names) -> Result<Vec<Value>, Trouble> {
    let lead = |name: &String| match Subject::parse(name) {
        Some(Subject::Lead(id)) => Some(id),
        _ => None,
    };
    let leads: Vec<String> = subjects.iter().filter_map(lead).collect();
    let keys = Keys::load(tx, subjects.clone()).await?;
    let mut held = Vec::new();
    for (kind, table, column, query) in &HELD {
        for row in tx.fetch(query, &each(leads.iter().map(String::as_str))).await? {
            held.push(fact(&keys, (kind, table, column), &row)?);
        }
    }
    Ok(held)
}

fn fact(
    keys: &Keys,
    (kind, table, column): (&str, &str, &str),
    row: &Row,
) -> Result<Value, Trouble> {
    let (lead, id) = (row.text(0)?, row.text(4)?);
    let cell = Cell { table, column, row: &[&id] };
    let said = match row.opt_text(3)? {
        Some(sealed) => keys.open(&crate::lead::sealed::subject(&lead), &cell, &sealed)?,
        None => None,
    };
    let said = said.map(|plain| serde_json::from_str(&plain).unwrap_or(Value::Null));
    Ok(json!({
        "lead": lead, "kind": kind, "what": row.text(1)?.trim(), "at_micros": row.int(2)?,
        "said": said,
    }))
}

/// The sources that hold a customer.
pub(super) async fn sources(database: &Database, customer: &str) -> Result<Vec<i64>, Error> {
    let rows = database.rows(&SOURCES, &one([customer])).await?;
    rows.iter().map(|row| Ok(row.int(0)?)).collect()
}
