//! Everything of leads that names a person.

use crate::db::Type::{Int, Text};
use crate::db::{Database, Query, Row, Rows, Tx};
use crate::error::Error;
use crate::ingest::Trouble;
use crate::lead::reads::{each, one};
use crate::privacy::{Keys, Names};
use serde_json::{Value, json};
use takings_core::privacy::{Cell, Subject};

/// Who a lead was, and by what the lead was found.
static ERASE: Query = Query::new(
    "leads_forget",
    "update leads set email_index = null, personal = null, erased_at = t0.gone
     from {0} where leads.id = t0.wanted",
    &[("wanted", Text), ("gone", Int)],
);

/// What else is emptied. An actor's words stay sealed: without a key nobody reads them, and that there
/// were some still counts.
static FORGET: [Query; 4] = [
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

/// What is exported of one table.
struct Held {
    /// What a row is called.
    kind: &'static str,
    /// The table, and its sealed column.
    place: (&'static str, &'static str),
    /// What the columns after the first four are called.
    names: &'static [&'static str],
    /// Answers the lead, the instant, what is sealed, the row's id, and texts.
    query: Query,
}

static HELD: [Held; 7] = [
    Held {
        kind: "captured",
        place: ("leads", "personal"),
        names: &["source", "campaign", "referrer_host", "click", "verdict", "reasons", "stage"],
        query: Query::new(
            "leads_held",
            "select l.id, l.captured_at, l.personal, l.id, l.source, l.campaign, l.referrer_host,
                    l.click, l.verdict, l.reasons, l.stage
             from {0} cross join leads l where l.id = t0.wanted",
            &[("wanted", Text)],
        ),
    },
    Held {
        kind: "profile",
        place: ("lead_profiles", "said"),
        names: &[],
        query: Query::new(
            "lead_profiles_held",
            "select p.lead, p.said_at, p.said, p.id
             from {0} cross join lead_profiles p where p.lead = t0.wanted",
            &[("wanted", Text)],
        ),
    },
    Held {
        kind: "activity",
        place: ("lead_activities", "attributes"),
        names: &["activity", "automated"],
        query: Query::new(
            "lead_activities_held",
            "select a.lead, a.occurred_at, a.attributes, a.id, a.kind,
                    case when m.activity is null then 'false' else 'true' end
             from {0} cross join lead_activities a
             left join automated_activities m on m.activity = a.id
             where a.lead = t0.wanted",
            &[("wanted", Text)],
        ),
    },
    Held {
        kind: "stage",
        place: ("lead_steps", "words"),
        names: &["stage", "rule", "actor"],
        query: Query::new(
            "lead_steps_held",
            "select s.lead, s.stepped_at, s.words, s.id, s.stage, s.rule, s.actor
             from {0} cross join lead_steps s where s.lead = t0.wanted",
            &[("wanted", Text)],
        ),
    },
    Held {
        kind: "consent",
        place: ("consent_facts", "evidence"),
        names: &["purpose", "happened", "text_hash", "source", "campaign"],
        query: Query::new(
            "consent_facts_held",
            "select c.lead, c.happened_at, c.evidence, c.id, c.purpose, c.happened, c.text_hash,
                    c.source, c.campaign
             from {0} cross join consent_facts c where c.lead = t0.wanted",
            &[("wanted", Text)],
        ),
    },
    Held {
        kind: "mail",
        // The token of a link: whoever has it could confirm.
        place: ("outbox", ""),
        names: &["purpose", "state", "failure"],
        query: Query::new(
            "outbox_held",
            "select o.lead, coalesce(o.settled_at, o.created_at), null, o.id, o.purpose, o.state,
                    o.failure
             from {0} cross join outbox o where o.lead = t0.wanted",
            &[("wanted", Text)],
        ),
    },
    Held {
        kind: "conversion",
        place: ("lead_conversions", ""),
        names: &["customer", "automatic"],
        query: Query::new(
            "lead_conversions_held",
            "select c.lead, coalesce(c.converted_at, c.recorded_at), null, c.lead, c.customer,
                    case when c.automatic = 0 then 'false' else 'true' end
             from {0} cross join lead_conversions c
             where c.lead = t0.wanted and c.converted_at is not null
               and c.revision = (select max(n.revision) from lead_conversions n
                                 where n.lead = c.lead)",
            &[("wanted", Text)],
        ),
    },
];

static SOURCES: Query = Query::new(
    "customer_sources",
    "select c.source_id from {0} cross join customers c where c.id = t0.wanted",
    &[("wanted", Text)],
);

/// Empties what is sealed of leads whose keys were destroyed, each at an instant, and by what they are
/// found.
pub(crate) async fn forget(
    tx: &mut Tx<'_>,
    leads: &[(String, Option<i64>)],
) -> Result<(), Trouble> {
    if leads.is_empty() {
        return Ok(());
    }
    let mut rows = Rows::default();
    leads.iter().for_each(|(lead, at)| rows.push([lead.as_str().into(), (*at).into()]));
    tx.fetch(&ERASE, &rows).await?;
    for query in &FORGET {
        tx.fetch(query, &each(leads.iter().map(|(lead, _)| lead.as_str()))).await?;
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
    for it in &HELD {
        for row in tx.fetch(&it.query, &each(leads.iter().map(String::as_str))).await? {
            held.push(it.fact(&keys, &row)?);
        }
    }
    Ok(held)
}

impl Held {
    fn fact(&self, keys: &Keys, row: &Row) -> Result<Value, Trouble> {
        let (lead, id) = (row.text(0)?, row.text(3)?);
        let (table, column) = self.place;
        let cell = Cell { table, column, row: &[&id] };
        let said = match row.opt_text(2)? {
            Some(sealed) => keys.open(&crate::lead::sealed::subject(&lead), &cell, &sealed)?,
            None => None,
        };
        let said = said.map(|plain| serde_json::from_str(&plain).unwrap_or(Value::Null));
        let mut fact = json!({
            "lead": lead, "kind": self.kind, "at_micros": row.int(1)?, "said": said,
        });
        for (name, column) in self.names.iter().zip(4..) {
            fact[*name] = json!(row.opt_text(column)?);
        }
        Ok(fact)
    }
}

/// The sources that hold a customer.
pub(super) async fn sources(database: &Database, customer: &str) -> Result<Vec<i64>, Error> {
    let rows = database.rows(&SOURCES, &one([customer])).await?;
    rows.iter().map(|row| Ok(row.int(0)?)).collect()
}
