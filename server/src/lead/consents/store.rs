//! Rows of `consent_facts`.

use super::Stored;
use crate::db::Type::{Int, Text};
use crate::db::{Cell, Insert, Query, Rows, Tx};
use crate::error::Error;
use crate::ingest::Trouble;
use crate::lead::capture::Origin;
use crate::lead::reads::{Reads, each, one};
use std::collections::HashMap;
use takings_core::lead::consent::{Fact, Happened, TokenHash};
use takings_core::time::Timestamp;

static FACT: Insert = Insert::new(
    "consent_facts",
    &[
        ("id", Text),
        ("lead", Text),
        ("purpose", Text),
        ("happened", Text),
        ("token_hash", Text),
        ("happened_at", Int),
        ("recorded_at", Int),
        ("text_hash", Text),
        ("source", Text),
        ("campaign", Text),
        ("evidence", Text),
    ],
    "",
);

static LOAD: Query = Query::new(
    "consent_facts_load",
    "select c.lead, c.purpose, c.happened, c.token_hash, c.happened_at, c.text_hash
     from {0} cross join consent_facts c where c.lead = t0.wanted",
    &[("wanted", Text)],
);

static BY_TOKEN: Query = Query::new(
    "consent_by_token",
    "select c.lead, c.purpose from {0} cross join consent_facts c
     where c.token_hash = t0.token and c.happened = 'requested'",
    &[("token", Text)],
);

/// A fact on its way into the database.
pub(super) struct Row<'a> {
    pub(super) id: &'a str,
    pub(super) lead: &'a str,
    pub(super) purpose: &'a str,
    pub(super) fact: Fact,
    pub(super) text_hash: Option<&'a str>,
    pub(super) origin: Option<&'a Origin>,
    /// Sealed.
    pub(super) evidence: Option<String>,
}

/// Stores a fact.
pub(super) async fn insert(tx: &mut Tx<'_>, fact: Row<'_>, now: Timestamp) -> Result<(), Error> {
    let Row { id, lead, purpose, fact: Fact { at, happened }, text_hash, origin, evidence } = fact;
    let (name, token) = match happened {
        Happened::Requested(token) => ("requested", Some(token)),
        Happened::Sent(token) => ("sent", Some(token)),
        Happened::Confirmed(token) => ("confirmed", Some(token)),
        Happened::Withdrawn => ("withdrawn", None),
    };
    let from = |part: fn(&Origin) -> &String| origin.map_or("", |it| part(it).as_str());
    let mut row = Rows::default();
    let [id, lead, purpose, name] = [id, lead, purpose, name].map(Cell::from);
    row.push([
        id,
        lead,
        purpose,
        name,
        token.map(|token| hex::encode(token.0)).into(),
        at.0.into(),
        now.0.into(),
        text_hash.into(),
        from(|it| &it.source).into(),
        from(|it| &it.campaign).into(),
        evidence.into(),
    ]);
    tx.insert(&FACT, &row).await?;
    Ok(())
}

/// Notes that the mail with a token has left.
pub(in crate::lead) async fn sent(
    tx: &mut Tx<'_>,
    lead: &str,
    purpose: &str,
    token: TokenHash,
    now: Timestamp,
) -> Result<(), Error> {
    let id = crate::affiliate::new_id("cns");
    let fact = Fact { at: now, happened: Happened::Sent(token) };
    let (text_hash, origin, evidence) = (None, None, None);
    insert(tx, Row { id: &id, lead, purpose, fact, text_hash, origin, evidence }, now).await
}

/// Whose token it is, and what for.
pub(super) async fn by_token(
    reads: &mut impl Reads,
    hash: &str,
) -> Result<Option<(String, String)>, Error> {
    let rows = reads.rows(&BY_TOKEN, &one([hash])).await?;
    rows.first().map(|row| Ok((row.text(0)?, row.text(1)?))).transpose()
}

/// The facts of some leads, by lead.
pub(in crate::lead) async fn load(
    reads: &mut impl Reads,
    leads: &[&str],
) -> Result<HashMap<String, Vec<Stored>>, Error> {
    let mut found: HashMap<String, Vec<Stored>> = HashMap::new();
    for row in reads.rows(&LOAD, &each(leads.iter().copied())).await? {
        let happened = happened(&row.text(2)?, row.opt_text(3)?.as_deref())?;
        let fact = Fact { at: Timestamp(row.int(4)?), happened };
        let stored = Stored { purpose: row.text(1)?, text_hash: row.opt_text(5)?, fact };
        found.entry(row.text(0)?).or_default().push(stored);
    }
    Ok(found)
}

fn happened(name: &str, token: Option<&str>) -> Result<Happened, Trouble> {
    let mut hash = [0; 32];
    let read = token.is_none_or(|token| hex::decode_to_slice(token, &mut hash).is_ok());
    let token = TokenHash(hash);
    match name {
        "requested" if read => Ok(Happened::Requested(token)),
        "sent" if read => Ok(Happened::Sent(token)),
        "confirmed" if read => Ok(Happened::Confirmed(token)),
        "withdrawn" => Ok(Happened::Withdrawn),
        _ => Err(Trouble::Unreadable { what: "consent", why: format!("`{name}`") }),
    }
}
