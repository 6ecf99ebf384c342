//! Rows of `leads`, and of the mailboxes they are found by.

use super::Lead;
use super::capture::Origin;
use super::reads::{Reads, each, one};
use crate::db::Type::{Int, Text};
use crate::db::{Cell, Database, Insert, Query, Row, Rows, Tx};
use crate::error::Error;
use crate::privacy::{list, relist};
use sea_orm::Value;
use takings_core::lead::stage::{Disqualification, Stage};
use takings_core::time::Timestamp;

static LEAD: Insert = Insert::new(
    "leads",
    &[
        ("id", Text),
        ("email_index", Text),
        ("personal", Text),
        ("source", Text),
        ("campaign", Text),
        ("referrer_host", Text),
        ("click", Text),
        ("verdict", Text),
        ("reasons", Text),
        ("stage", Text),
        ("unsubscribe_hash", Text),
        ("captured_at", Int),
        ("recorded_at", Int),
        ("updated_at", Int),
    ],
    "on conflict (email_index) do nothing returning id",
);

static CHANGED: Insert = Insert::new(
    "changed_people",
    &[("email_index", Text), ("mark", Int)],
    "on conflict (email_index) do update set mark = changed_people.mark + 1",
);

static BY_MAILBOX: Query = Query::new(
    "lead_by_mailbox",
    "select l.id from {0} cross join leads l where l.email_index = t0.mailbox",
    &[("mailbox", Text)],
);

static BY_TOKEN: Query = Query::new(
    "lead_by_token",
    "select l.id from {0} cross join leads l where l.unsubscribe_hash = t0.token",
    &[("token", Text)],
);

/// Whoever changes a lead waits here for who changes it already.
static LOCK: Query = Query::new(
    "lead_lock",
    "update leads set updated_at = t0.now from {0} where leads.id = t0.wanted returning id",
    &[("wanted", Text), ("now", Int)],
);

static CHANGE: Query = Query::new(
    "lead_change",
    "update leads set email_index = t0.mailbox, personal = t0.said, verdict = t0.found,
        reasons = t0.codes, updated_at = t0.now
     from {0} where leads.id = t0.wanted",
    &[
        ("wanted", Text),
        ("mailbox", Text),
        ("said", Text),
        ("found", Text),
        ("codes", Text),
        ("now", Int),
    ],
);

static ORIGIN: Query = Query::new(
    "lead_origin",
    "update leads set source = t0.new_source, campaign = t0.new_campaign,
        referrer_host = t0.host, click = t0.new_click, unclicked_partner = null,
        captured_at = t0.at
     from {0} where leads.id = t0.wanted",
    &[
        ("wanted", Text),
        ("new_source", Text),
        ("new_campaign", Text),
        ("host", Text),
        ("new_click", Text),
        ("at", Int),
    ],
);

static STAGE: Query = Query::new(
    "lead_stage",
    "update leads set stage = t0.new_stage, disqualification = t0.why
     from {0} where leads.id = t0.wanted
       and (leads.stage <> t0.new_stage or coalesce(leads.disqualification, '') <> coalesce(t0.why, ''))
     returning leads.id",
    &[("wanted", Text), ("new_stage", Text), ("why", Text)],
);

static LOAD: Query = Query::new(
    "leads_load",
    "select l.id, l.email_index, l.personal, l.source, l.campaign, l.referrer_host, l.click,
            l.verdict, l.reasons, l.stage, l.disqualification, l.captured_at, l.updated_at, l.erased_at
     from {0} cross join leads l where l.id = t0.wanted",
    &[("wanted", Text)],
);

/// Takes a mailbox for a new lead, and stores it; tells whether nobody had it.
pub(super) async fn claim(
    tx: &mut Tx<'_>,
    lead: &Lead,
    sealed: String,
    token_hash: &str,
    now: Timestamp,
) -> Result<bool, Error> {
    let Origin { source, campaign, referrer_host, click } = &lead.origin;
    let mut row = Rows::default();
    row.push([
        lead.id.as_str().into(),
        lead.email_index.as_deref().into(),
        sealed.into(),
        source.as_str().into(),
        campaign.as_str().into(),
        referrer_host.as_str().into(),
        click.as_deref().into(),
        lead.verdict.as_str().into(),
        lead.reasons.as_str().into(),
        lead.stage.as_str().into(),
        token_hash.into(),
        lead.captured_at.0.into(),
        now.0.into(),
        now.0.into(),
    ]);
    let claimed = !tx.insert(&LEAD, &row).await?.is_empty();
    if claimed {
        let mailbox = lead.email_index.as_deref();
        list(tx, &super::sealed::subject(&lead.id), mailbox).await?;
        changed(tx, mailbox.into_iter()).await?;
    }
    Ok(claimed)
}

/// The lead of a mailbox.
pub(super) async fn by_mailbox(
    reads: &mut impl Reads,
    mailbox: &str,
) -> Result<Option<String>, Error> {
    let rows = reads.rows(&BY_MAILBOX, &one([mailbox])).await?;
    Ok(rows.first().map(|row| row.text(0)).transpose()?)
}

/// The lead whose mails lead to a page of this token.
pub(super) async fn by_token(reads: &mut impl Reads, hash: &str) -> Result<Option<String>, Error> {
    let rows = reads.rows(&BY_TOKEN, &one([hash])).await?;
    Ok(rows.first().map(|row| row.text(0)).transpose()?)
}

/// Takes a lead to change it; tells whether there is one.
pub(super) async fn lock(tx: &mut Tx<'_>, lead: &str, now: Timestamp) -> Result<bool, Error> {
    let mut row = Rows::default();
    row.push([lead.into(), now.0.into()]);
    Ok(!tx.fetch(&LOCK, &row).await?.is_empty())
}

/// Stores what is known of a lead now, sealed, and by which mailbox it is found.
pub(super) async fn change(
    tx: &mut Tx<'_>,
    lead: &Lead,
    sealed: String,
    now: Timestamp,
) -> Result<(), Error> {
    let mut row = Rows::default();
    let (index, id) = (lead.email_index.as_deref(), lead.id.as_str());
    let (verdict, reasons) = (lead.verdict.as_str(), lead.reasons.as_str());
    row.push([
        id.into(),
        index.into(),
        sealed.into(),
        verdict.into(),
        reasons.into(),
        now.0.into(),
    ]);
    tx.fetch(&CHANGE, &row).await?;
    relist(tx, &super::sealed::subject(id), index).await?;
    changed(tx, index.into_iter()).await
}

/// Stores where a lead came from first.
pub(super) async fn set_origin(tx: &mut Tx<'_>, lead: &Lead) -> Result<(), Error> {
    let Origin { source, campaign, referrer_host, click } = &lead.origin;
    let mut row = Rows::default();
    let [id, source, campaign, host] =
        [lead.id.as_str(), source, campaign, referrer_host].map(Cell::from);
    row.push([id, source, campaign, host, click.as_deref().into(), lead.captured_at.0.into()]);
    tx.fetch(&ORIGIN, &row).await?;
    Ok(())
}

/// Stores where a lead stands now; answers whether it stood elsewhere.
pub(super) async fn set_stage(tx: &mut Tx<'_>, lead: &str, stage: Stage) -> Result<bool, Error> {
    let why = stage.disqualification().map(Disqualification::as_str);
    let mut row = Rows::default();
    row.push([lead.into(), stage.as_str().into(), why.into()]);
    Ok(!tx.fetch(&STAGE, &row).await?.is_empty())
}

/// Mailboxes whose conversion has to be derived again.
pub(super) async fn changed<'a>(
    tx: &mut Tx<'_>,
    mailboxes: impl Iterator<Item = &'a str>,
) -> Result<(), Error> {
    let mut rows = Rows::default();
    mailboxes.for_each(|mailbox| rows.push([mailbox.into(), 1.into()]));
    tx.insert(&CHANGED, &rows).await?;
    Ok(())
}

/// The rows of leads.
pub(super) async fn load(reads: &mut impl Reads, ids: &[&str]) -> Result<Vec<Row>, Error> {
    Ok(reads.rows(&LOAD, &each(ids.iter().copied())).await?)
}

/// Whether nothing is kept of whoever a lead was; so it is of a lead that never was.
pub(super) async fn is_erased(reads: &mut impl Reads, lead: &str) -> Result<bool, Error> {
    let rows = load(reads, &[lead]).await?;
    Ok(rows.first().map_or(Ok(None), |row| row.opt_text(1))?.is_none())
}

/// What lets leads through; what is empty lets everything through.
#[derive(Debug, Default)]
pub(super) struct Filter {
    pub(super) stages: Vec<&'static str>,
    pub(super) source: String,
    pub(super) campaign: String,
    pub(super) captured: (Option<i64>, Option<i64>),
}

/// The ids of leads that a filter lets through, the newest first.
pub(super) async fn page(
    database: &Database,
    filter: &Filter,
    before: Option<&str>,
    limit: u64,
) -> Result<Vec<String>, Error> {
    let (mut text, mut values) = ("select l.id from leads l where 1 = 1".to_owned(), Vec::new());
    let some = |text: &str| Some(Value::from(text)).filter(|_| !text.is_empty());
    let conditions = [
        ("l.source =", some(&filter.source)),
        ("l.campaign =", some(&filter.campaign)),
        ("l.captured_at >=", filter.captured.0.map(Value::from)),
        ("l.captured_at <", filter.captured.1.map(Value::from)),
        ("l.id <", before.map(Value::from)),
    ];
    for (condition, value) in conditions {
        let Some(value) = value else { continue };
        values.push(value);
        text.push_str(&format!(" and {condition} ${}", values.len()));
    }
    if !filter.stages.is_empty() {
        // Names of ours.
        text.push_str(&format!(" and l.stage in ('{}')", filter.stages.join("', '")));
    }
    text.push_str(&format!(" order by l.id desc limit {limit}"));
    let rows = database.fetch("leads", text, values).await?;
    rows.iter().map(|row| Ok(row.try_get("", "id")?)).collect()
}
