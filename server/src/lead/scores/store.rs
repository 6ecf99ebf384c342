//! Rows of `lead_profiles` and `scoring_models`.

use crate::db::Type::{Int, Text};
use crate::db::{Insert, Query, Rows, Tx};
use crate::error::Error;
use crate::ingest::Trouble;
use crate::lead::personal::Statement;
use crate::lead::reads::{Reads, each};
use crate::lead::sealed::{open, seal};
use crate::privacy::Keys;
use std::collections::HashMap;
use takings_core::lead::score::{ProfileFact, Version};
use takings_core::time::Timestamp;

static PROFILE: Insert = Insert::new(
    "lead_profiles",
    &[("id", Text), ("lead", Text), ("said", Text), ("said_at", Int), ("recorded_at", Int)],
    "",
);

static PROFILES: Query = Query::new(
    "lead_profiles_load",
    "select p.lead, p.id, p.said, p.said_at, p.recorded_at
     from {0} cross join lead_profiles p where p.lead = t0.wanted",
    &[("wanted", Text)],
);

static MODEL: Insert = Insert::new(
    "scoring_models",
    &[("version", Int), ("model", Text), ("recorded_at", Int)],
    "on conflict (version) do nothing returning version",
);

static MODELS: Query =
    Query::new("scoring_models", "select version, model, recorded_at from scoring_models", &[]);

/// Stores what was said of a lead.
pub(in crate::lead) async fn keep_profile(
    tx: &mut Tx<'_>,
    (keys, lead, id): (&Keys, &str, &str),
    said: &Statement,
    (at, now): (Timestamp, Timestamp),
) -> Result<(), Error> {
    if said.is_empty() {
        return Ok(());
    }
    let sealed = seal(keys, lead, ("lead_profiles", "said", id), said)?;
    let mut row = Rows::default();
    row.push([id.into(), lead.into(), sealed.into(), at.0.into(), now.0.into()]);
    tx.insert(&PROFILE, &row).await?;
    Ok(())
}

/// What was said of some leads, by lead.
pub(super) async fn profiles(
    reads: &mut impl Reads,
    keys: &Keys,
    leads: &[&str],
) -> Result<HashMap<String, Vec<ProfileFact>>, Error> {
    let mut found: HashMap<String, Vec<ProfileFact>> = HashMap::new();
    for row in reads.rows(&PROFILES, &each(leads.iter().copied())).await? {
        let (lead, id, sealed) = (row.text(0)?, row.text(1)?, row.opt_text(2)?);
        let place = ("lead_profiles", "said", id.as_str());
        let said: Option<Statement> = open(keys, &lead, place, sealed.as_deref())?;
        let (at, recorded_at) = (Timestamp(row.int(3)?), Timestamp(row.int(4)?));
        let facts = said.unwrap_or_default().traits().into_iter();
        let facts = facts.map(|said| ProfileFact { at, recorded_at, id: id.clone(), said });
        found.entry(lead).or_default().extend(facts);
    }
    Ok(found)
}

/// Stores a version; tells whether its number was free.
pub(super) async fn keep(tx: &mut Tx<'_>, version: &Version) -> Result<bool, Error> {
    let model = serde_json::to_string(&version.model).map_err(Error::internal)?;
    let mut row = Rows::default();
    row.push([version.number.into(), model.into(), version.recorded_at.0.into()]);
    Ok(!tx.insert(&MODEL, &row).await?.is_empty())
}

/// Every version that was stored.
pub(in crate::lead) async fn versions(reads: &mut impl Reads) -> Result<Vec<Version>, Error> {
    let mut versions = Vec::new();
    for row in reads.rows(&MODELS, &Rows::default()).await? {
        let unreadable = |error: serde_json::Error| Trouble::Unreadable {
            what: "scoring model",
            why: error.to_string(),
        };
        let model = serde_json::from_str(&row.text(1)?).map_err(unreadable)?;
        versions.push(Version { number: row.int(0)?, recorded_at: Timestamp(row.int(2)?), model });
    }
    Ok(versions)
}
