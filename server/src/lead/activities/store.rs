//! Rows of `lead_activities` and `automated_activities`.

use super::{Attributes, Click, Record};
use crate::db::Type::{Int, Text};
use crate::db::{Insert, Query, Rows, Tx};
use crate::error::Error;
use crate::lead::reads::{Reads, each, one};
use crate::lead::sealed::open;
use crate::privacy::Keys;
use std::collections::HashMap;
use takings_core::lead::score::Activity;
use takings_core::time::Timestamp;

static ACTIVITY: Insert = Insert::new(
    "lead_activities",
    &[
        ("id", Text),
        ("lead", Text),
        ("kind", Text),
        ("attributes", Text),
        ("occurred_at", Int),
        ("recorded_at", Int),
        ("message", Text),
        ("link", Text),
        ("links", Int),
        ("delivered_at", Int),
        ("network", Text),
    ],
    "",
);

static AUTOMATED: Insert = Insert::new(
    "automated_activities",
    &[("activity", Text), ("lead", Text), ("recorded_at", Int)],
    "on conflict (activity) do nothing",
);

static CLICKS: Query = Query::new(
    "lead_clicks",
    "select a.id, a.link, a.network, a.occurred_at from {0} cross join lead_activities a
     where a.lead = t0.wanted and a.message = t0.mail",
    &[("wanted", Text), ("mail", Text)],
);

static LOAD: Query = Query::new(
    "lead_activities_load",
    "select a.lead, a.id, a.kind, a.attributes, a.occurred_at, a.recorded_at, m.recorded_at
     from {0} cross join lead_activities a
     left join automated_activities m on m.activity = a.id
     where a.lead = t0.wanted",
    &[("wanted", Text)],
);

/// Stores an activity with its sealed attributes.
pub(in crate::lead) async fn insert(
    tx: &mut Tx<'_>,
    activity: &Record,
    id: &str,
    sealed: String,
) -> Result<(), Error> {
    let Record { now, lead, kind, at, click, .. } = activity;
    let click = click.as_ref();
    let mut row = Rows::default();
    row.push([
        id.into(),
        lead.as_str().into(),
        kind.as_str().into(),
        sealed.into(),
        at.0.into(),
        now.0.into(),
        click.map(|it| it.message.as_str()).into(),
        click.map(|it| it.link.as_str()).into(),
        click.map(|it| it.links).into(),
        click.map(|it| it.delivered.0).into(),
        click.map(|it| it.network.as_str()).into(),
    ]);
    tx.insert(&ACTIVITY, &row).await?;
    Ok(())
}

/// The clicks of a lead on the links of a mail.
pub(super) async fn clicks(
    tx: &mut Tx<'_>,
    lead: &str,
    message: &str,
) -> Result<Vec<Click>, Error> {
    let rows = tx.fetch(&CLICKS, &one([lead, message])).await?;
    let click = |row: &crate::db::Row| {
        let (id, link, network) = (row.text(0)?, row.text(1)?, row.text(2)?);
        Ok(Click { id, link, network, at: Timestamp(row.int(3)?) })
    };
    rows.iter().map(click).collect()
}

/// Notes that activities were a scanner's; those that were known stay as they are.
pub(super) async fn automated(
    tx: &mut Tx<'_>,
    lead: &str,
    activities: &[String],
    now: Timestamp,
) -> Result<(), Error> {
    let mut rows = Rows::default();
    for id in activities {
        rows.push([id.as_str().into(), lead.into(), now.0.into()]);
    }
    tx.insert(&AUTOMATED, &rows).await?;
    Ok(())
}

/// All that some leads did, by lead.
pub(in crate::lead) async fn load(
    reads: &mut impl Reads,
    keys: &Keys,
    leads: &[&str],
) -> Result<HashMap<String, Vec<Activity>>, Error> {
    let mut found: HashMap<String, Vec<Activity>> = HashMap::new();
    for row in reads.rows(&LOAD, &each(leads.iter().copied())).await? {
        let (lead, id, sealed) = (row.text(0)?, row.text(1)?, row.opt_text(3)?);
        let place = ("lead_activities", "attributes", id.as_str());
        let attributes: Option<Attributes> = open(keys, &lead, place, sealed.as_deref())?;
        let activity = Activity {
            at: Timestamp(row.int(4)?),
            kind: row.text(2)?,
            attributes: attributes.unwrap_or_default(),
            recorded_at: Timestamp(row.int(5)?),
            automated_at: row.opt_int(6)?.map(Timestamp),
            id,
        };
        found.entry(lead).or_default().push(activity);
    }
    Ok(found)
}
