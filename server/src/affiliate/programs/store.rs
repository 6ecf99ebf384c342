//! Rows of `programs` and `program_terms`.

use super::Program;
use super::entity::Row;
use crate::db::{Database, Insert, Query, Rows, Tx, Type};
use crate::error::Error;
use sea_orm::{FromQueryResult, Value};
use takings_core::affiliate::Terms;
use takings_core::time::Timestamp;

static PROGRAM: Insert = Insert::new(
    "programs",
    &[
        ("id", Type::Text),
        ("name", Type::Text),
        ("destination", Type::Text),
        ("hosts", Type::Text),
        ("terms_version", Type::Int),
        ("newest_version", Type::Int),
        ("created_at", Type::Int),
        ("updated_at", Type::Int),
    ],
    "",
);

static CHANGE: Query = Query::new(
    "program_change",
    "update programs set name = t0.new_name, destination = t0.new_destination,
        hosts = t0.new_hosts, terms_version = t0.in_force
     from {0} where programs.id = t0.program",
    &[
        ("program", Type::Text),
        ("new_name", Type::Text),
        ("new_destination", Type::Text),
        ("new_hosts", Type::Text),
        ("in_force", Type::Int),
    ],
);

/// Whoever changes a program waits here for who changes it already.
static LOCK: Query = Query::new(
    "program_lock",
    "update programs set updated_at = t0.now from {0} where programs.id = t0.program
     returning newest_version",
    &[("program", Type::Text), ("now", Type::Int)],
);

static NEXT: Query = Query::new(
    "program_next_version",
    "update programs set newest_version = newest_version + 1 from {0}
     where programs.id = t0.program returning newest_version",
    &[("program", Type::Text)],
);

static TERMS: Insert = Insert::new(
    "program_terms",
    &[
        ("program", Type::Text),
        ("version", Type::Int),
        ("partner", Type::Text),
        ("terms", Type::Text),
        ("created_at", Type::Int),
    ],
    "",
);

static NEWEST: Query = Query::new(
    "program_newest_terms",
    "select max(t.created_at) from {0} cross join program_terms t where t.program = t0.wanted",
    &[("wanted", Type::Text)],
);

static LOAD: Query = Query::new(
    "program_load",
    "select p.id, p.name, p.destination, p.hosts, t.version, t.terms, p.created_at, p.updated_at
     from {0} cross join programs p cross join program_terms t
     where p.id = t0.program and t.program = p.id and t.version = p.terms_version",
    &[("program", Type::Text)],
);

static TERMS_AT: Query = Query::new(
    "program_terms_at",
    "select t.terms from {0} cross join program_terms t
     where t.program = t0.wanted and t.version = t0.number and t.terms <> 'null'",
    &[("wanted", Type::Text), ("number", Type::Int)],
);

/// Stores a new program.
pub(super) async fn insert(tx: &mut Tx<'_>, program: &Program) -> Result<(), Error> {
    let Program { id, name, destination, hosts, terms: _, version, created_at, updated_at } =
        program;
    let mut row = Rows::default();
    row.push([
        id.as_str().into(),
        name.as_str().into(),
        destination.as_str().into(),
        json(hosts)?.into(),
        (*version).into(),
        (*version).into(),
        created_at.0.into(),
        updated_at.0.into(),
    ]);
    tx.insert(&PROGRAM, &row).await?;
    Ok(())
}

/// Stores what may change about a program.
pub(super) async fn update(tx: &mut Tx<'_>, program: &Program) -> Result<(), Error> {
    let Program { id, name, destination, hosts, version, .. } = program;
    let mut row = Rows::default();
    row.push([
        id.as_str().into(),
        name.as_str().into(),
        destination.as_str().into(),
        json(hosts)?.into(),
        (*version).into(),
    ]);
    tx.fetch(&CHANGE, &row).await?;
    Ok(())
}

/// Takes a program to change it; answers the number of its newest terms.
pub(super) async fn lock(tx: &mut Tx<'_>, id: &str, now: Timestamp) -> Result<Option<i64>, Error> {
    let mut row = Rows::default();
    row.push([id.into(), now.0.into()]);
    Ok(tx.fetch(&LOCK, &row).await?.first().map(|row| row.int(0)).transpose()?)
}

/// Takes the number of a program's next terms; nobody else gets it.
pub(super) async fn next_version(tx: &mut Tx<'_>, id: &str) -> Result<Option<i64>, Error> {
    let mut row = Rows::default();
    row.push([id.into()]);
    Ok(tx.fetch(&NEXT, &row).await?.first().map(|row| row.int(0)).transpose()?)
}

/// From when on a version of terms holds that is made now: after every one before, whatever the clocks
/// of their makers said. The caller holds the program's lock.
pub(super) async fn next_instant(
    tx: &mut Tx<'_>,
    program: &str,
    now: Timestamp,
) -> Result<Timestamp, Error> {
    let mut row = Rows::default();
    row.push([program.into()]);
    let rows = tx.fetch(&NEWEST, &row).await?;
    let newest = rows.first().map(|row| row.opt_int(0)).transpose()?.flatten();
    Ok(newest.map_or(now, |newest| now.max(Timestamp(newest + 1))))
}

/// Stores one version of terms; those of a partner alone name the partner. Without terms: the end of
/// the partner's own, which is stored as `null` in JSON.
pub(super) async fn keep_terms(
    tx: &mut Tx<'_>,
    program: &str,
    version: i64,
    partner: Option<&str>,
    terms: Option<&Terms>,
    from: Timestamp,
) -> Result<(), Error> {
    let mut row = Rows::default();
    row.push([program.into(), version.into(), partner.into(), json(&terms)?.into(), from.0.into()]);
    tx.insert(&TERMS, &row).await?;
    Ok(())
}

/// A program with its terms in force.
pub(super) async fn load(tx: &mut Tx<'_>, id: &str) -> Result<Option<Program>, Error> {
    let mut row = Rows::default();
    row.push([id.into()]);
    let rows = tx.fetch(&LOAD, &row).await?;
    rows.first().map(|row| Row::read(row)?.program()).transpose()
}

/// The terms of a program, or of one of its partners, at a version.
///
/// # Errors
///
/// If the database does not answer, or holds terms of a newer release.
pub async fn terms_at(
    tx: &mut Tx<'_>,
    program: &str,
    version: i64,
) -> Result<Option<Terms>, Error> {
    let mut row = Rows::default();
    row.push([program.into(), version.into()]);
    let rows = tx.fetch(&TERMS_AT, &row).await?;
    let text = rows.first().map(|row| row.text(0)).transpose()?;
    text.map(|text| serde_json::from_str(&text)).transpose().map_err(Error::internal)
}

/// Reads a program with its terms in force, or with those of a version.
pub(super) async fn find(
    database: &Database,
    id: &str,
    version: Option<i64>,
) -> Result<Option<Program>, Error> {
    let wanted = if version.is_some() { "$2" } else { "p.terms_version" };
    let text = format!(
        "select {} from programs p
         join program_terms t on t.program = p.id and t.version = {wanted}
         where p.id = $1 and t.terms <> 'null'",
        Row::COLUMNS
    );
    let values = [Value::from(id)].into_iter().chain(version.map(Value::from)).collect();
    Ok(read(database, "program", text, values).await?.pop())
}

/// Programs with their terms in force, the newest first.
pub(super) async fn page(
    database: &Database,
    before: Option<&str>,
    limit: u64,
) -> Result<Vec<Program>, Error> {
    let older = if before.is_some() { "where p.id < $1" } else { "" };
    let text = format!(
        "select {} from programs p
         join program_terms t on t.program = p.id and t.version = p.terms_version {older}
         order by p.id desc limit {limit}",
        Row::COLUMNS
    );
    read(database, "programs", text, before.map(Value::from).into_iter().collect()).await
}

async fn read(
    database: &Database,
    name: &'static str,
    text: String,
    values: Vec<Value>,
) -> Result<Vec<Program>, Error> {
    let rows = database.fetch(name, text, values).await?;
    rows.iter().map(|row| Row::from_query_result(row, "")?.program()).collect()
}

fn json(value: &impl serde::Serialize) -> Result<String, Error> {
    serde_json::to_string(value).map_err(Error::internal)
}
