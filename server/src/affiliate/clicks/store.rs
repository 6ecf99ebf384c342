//! Rows of `clicks`, `click_counts` and `click_salts`.

use super::Seen;
use crate::db::{Cell, Database, Insert, Kind, Query, Rows, Tx, Type};
use crate::ingest::Trouble;
use sea_orm::{DbErr, Statement};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use takings_core::affiliate::click::Reason;
use takings_core::time::Timestamp;

/// The insert of clicks: with a bench, the least that storing them takes.
pub static CLICKS: Insert = Insert::new(
    "clicks",
    &[
        ("id", Type::Text),
        ("link", Type::Text),
        ("program", Type::Text),
        ("partner", Type::Text),
        ("clicked_at", Type::Int),
        ("recorded_at", Type::Int),
        ("outcome", Type::Text),
        ("signals", Type::Text),
        ("visitor", Type::Text),
        ("referrer_host", Type::Text),
        ("ad_parameter", Type::Text),
    ],
    "on conflict (id) do nothing returning id",
);

/// Marks the mailboxes of leads that name clicks: what was not known when they were derived is now.
static LEADS: Query = Query::new(
    "clicks_of_leads",
    "insert into changed_people (email_index, mark)
     select distinct l.email_index, 1 from {0} cross join leads l
     where l.click = t0.click and l.email_index is not null
     on conflict (email_index) do update set mark = changed_people.mark + 1",
    &[("click", Type::Text)],
);

/// Held by whoever stores clicks, until they are seen.
static STORING: Query =
    Query::new("clicks_storing", "select pg_advisory_xact_lock_shared(7415370619) is null", &[]);

/// Waits for them, and holds up nobody.
static STORED: Query = Query::new(
    "clicks_stored",
    "select case when pg_advisory_lock(7415370619) is null then false
                 else pg_advisory_unlock(7415370619) end",
    &[],
);

static COUNTS: Insert = Insert::new(
    "click_counts",
    &[("link", Type::Text), ("day", Type::Int), ("outcome", Type::Text), ("clicks", Type::Int)],
    "on conflict (link, day, outcome) do update set clicks = click_counts.clicks + excluded.clicks",
);

static SALT: Insert = Insert::new(
    "click_salts",
    &[("day", Type::Int), ("salt", Type::Bytes)],
    "on conflict (day) do nothing",
);

static SALTS: Query = Query::new(
    "click_salts",
    "select s.day, s.salt from {0} cross join click_salts s where s.day = t0.wanted",
    &[("wanted", Type::Int)],
);

static LOCK: Query = Query::new(
    "click_lock",
    "select pg_advisory_xact_lock(741537, cast(t0.bucket as int)) is null from {0}",
    &[("bucket", Type::Int)],
);

/// `||` keeps PostgreSQL from beginning at the link, which has far more clicks than the visitor: plans
/// are made while the table is empty.
static COUNTED: Query = Query::new(
    "clicks_counted",
    "select c.link, c.visitor, c.clicked_at from {0} cross join clicks c
     where c.visitor = t0.who and c.outcome = 'valid' and c.link || '' = t0.wanted
       and c.clicked_at > t0.since and c.clicked_at < t0.until",
    &[("wanted", Type::Text), ("who", Type::Text), ("since", Type::Int), ("until", Type::Int)],
);

static LOAD: Query = Query::new(
    "clicks_load",
    "select c.id, c.link, c.program, c.partner, c.clicked_at, c.outcome, c.visitor, c.referrer_host,
            c.ad_parameter
     from {0} cross join clicks c where c.id = t0.click",
    &[("click", Type::Text)],
);

/// A click that is to be stored.
pub(super) struct Row<'c> {
    pub(super) click: &'c Seen,
    pub(super) reason: Reason,
    pub(super) signals: Vec<Reason>,
    pub(super) visitor: Option<String>,
    pub(super) now: Timestamp,
}

/// A stored click.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Click {
    /// The id, `clk_...`.
    pub id: String,
    /// The link.
    pub link: String,
    /// The program.
    pub program: String,
    /// The partner.
    pub partner: String,
    /// When it was made.
    pub at: Timestamp,
    /// What it was taken for. One that counts can bring a commission, and so can a duplicate: it is
    /// counted once, and is a visit all the same.
    pub reason: Reason,
    /// The visitor's key of that day, in hexadecimal.
    pub visitor: Option<String>,
    /// The host the visitor came from.
    pub referrer_host: Option<String>,
    /// The parameter that shows a paid advertisement.
    pub ad_parameter: Option<String>,
}

/// Stores clicks; answers what each was taken for, by what is stored where its id was there before.
/// Leads that name one are derived again.
pub(super) async fn insert(tx: &mut Tx<'_>, rows: &[Row<'_>]) -> Result<Vec<Reason>, Trouble> {
    let (mut cells, mut named) = (Rows::default(), Rows::default());
    rows.iter().for_each(|row| cells.push(row_of(row)));
    if tx.kind() == Kind::Postgres {
        tx.fetch(&STORING, &Rows::default()).await?;
    }
    let inserted = tx.insert(&CLICKS, &cells).await?;
    for row in &inserted {
        named.push([row.text(0)?.into()]);
    }
    if !named.is_empty() {
        tx.fetch(&LEADS, &named).await?;
    }
    if inserted.len() == rows.len() {
        return Ok(rows.iter().map(|row| row.reason).collect());
    }
    let ids: Vec<&str> = rows.iter().map(|row| row.click.id.as_str()).collect();
    let stored = load(tx, &ids).await?.into_iter().map(|click| (click.id, click.reason));
    let stored: HashMap<String, Reason> = stored.collect();
    let reason = |row: &Row<'_>| stored.get(&row.click.id).copied().unwrap_or(row.reason);
    Ok(rows.iter().map(reason).collect())
}

/// Waits until a click that is being stored is seen: either the lead that names it is seen by who stores
/// it, or the click by who derives the lead.
///
/// # Errors
///
/// If the database does not answer.
pub(crate) async fn wait_for(tx: &mut Tx<'_>, click: &str) -> Result<(), Trouble> {
    if tx.kind() == Kind::Postgres && load(tx, &[click]).await?.is_empty() {
        tx.fetch(&STORED, &Rows::default()).await?;
    }
    Ok(())
}

fn row_of(row: &Row<'_>) -> [Cell; 11] {
    let Row { click, reason, signals, visitor, now } = row;
    let signals: Vec<&str> = signals.iter().map(|signal| signal.as_str()).collect();
    let target = &click.target;
    [
        click.id.as_str().into(),
        target.link.as_str().into(),
        target.program.as_str().into(),
        target.partner.as_str().into(),
        click.at.0.into(),
        now.0.into(),
        reason.as_str().into(),
        signals.join(" ").into(),
        visitor.clone().into(),
        click.referrer_host.clone().into(),
        click.ad_parameter.into(),
    ]
}

/// Adds to what is counted and not stored.
pub(super) async fn count(
    tx: &mut Tx<'_>,
    counts: &BTreeMap<(String, i64), i64>,
    outcome: &'static str,
) -> Result<(), Trouble> {
    let mut rows = Rows::default();
    for ((link, day), clicks) in counts {
        rows.push([link.as_str().into(), (*day).into(), outcome.into(), (*clicks).into()]);
    }
    tx.insert(&COUNTS, &rows).await?;
    Ok(())
}

/// Gives a day a salt, unless it has one.
pub(super) async fn make_salt(tx: &mut Tx<'_>, day: i64, salt: [u8; 32]) -> Result<(), Trouble> {
    let mut row = Rows::default();
    row.push([day.into(), salt.to_vec().into()]);
    tx.insert(&SALT, &row).await?;
    Ok(())
}

/// The salts of some days.
pub(super) async fn salts(
    tx: &mut Tx<'_>,
    days: &BTreeSet<i64>,
) -> Result<BTreeMap<i64, [u8; 32]>, Trouble> {
    let mut set = Rows::default();
    days.iter().for_each(|day| set.push([(*day).into()]));
    if set.is_empty() {
        return Ok(BTreeMap::new());
    }
    let mut salts = BTreeMap::new();
    for row in tx.fetch(&SALTS, &set).await? {
        if let Ok(salt) = row.bytes(1)?.try_into() {
            salts.insert(row.int(0)?, salt);
        }
    }
    Ok(salts)
}

/// Drops the salts of the days before one.
pub(super) async fn drop_salts(database: &Database, first: i64) -> Result<(), DbErr> {
    let text = "delete from click_salts where day < $1";
    let delete = Statement::from_sql_and_values(database.kind.into(), text, [first.into()]);
    database.execute(delete).await.map(drop)
}

/// Excludes whoever counts clicks of the same visitors, until the transaction ends.
pub(super) async fn lock(tx: &mut Tx<'_>, buckets: &BTreeSet<i64>) -> Result<(), Trouble> {
    let mut set = Rows::default();
    buckets.iter().for_each(|bucket| set.push([(*bucket).into()]));
    if !set.is_empty() {
        tx.fetch(&LOCK, &set).await?;
    }
    Ok(())
}

/// When some visitors' clicks on links were counted, near a span of time.
pub(super) async fn counted(
    tx: &mut Tx<'_>,
    keys: &BTreeMap<(String, String), (i64, i64)>,
    near: i64,
) -> Result<Vec<((String, String), Timestamp)>, Trouble> {
    let mut set = Rows::default();
    for ((link, visitor), (first, last)) in keys {
        let (since, until) = (first - near, last + near);
        set.push([link.as_str().into(), visitor.as_str().into(), since.into(), until.into()]);
    }
    if set.is_empty() {
        return Ok(Vec::new());
    }
    let rows = tx.fetch(&COUNTED, &set).await?;
    let read = |row: &crate::db::Row| Ok(((row.text(0)?, row.text(1)?), Timestamp(row.int(2)?)));
    rows.iter().map(read).collect()
}

/// The stored clicks of some ids, as a transaction sees them.
///
/// # Errors
///
/// If the database does not answer.
pub async fn load(tx: &mut Tx<'_>, ids: &[&str]) -> Result<Vec<Click>, Trouble> {
    let mut set = Rows::default();
    ids.iter().for_each(|id| set.push([(*id).into()]));
    if set.is_empty() {
        return Ok(Vec::new());
    }
    tx.fetch(&LOAD, &set).await?.iter().map(click_of).collect()
}

fn click_of(row: &crate::db::Row) -> Result<Click, Trouble> {
    let outcome = row.text(5)?;
    let unreadable = || Trouble::Unreadable { what: "click", why: format!("`{outcome}`") };
    Ok(Click {
        id: row.text(0)?,
        link: row.text(1)?,
        program: row.text(2)?,
        partner: row.text(3)?,
        at: Timestamp(row.int(4)?),
        reason: Reason::parse(&outcome).ok_or_else(unreadable)?,
        visitor: row.opt_text(6)?,
        referrer_host: row.opt_text(7)?,
        ad_parameter: row.opt_text(8)?,
    })
}
