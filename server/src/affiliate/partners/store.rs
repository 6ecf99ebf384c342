//! Rows of `partners`.

use super::entity::Row;
use super::{Filter, Partner};
use crate::db::{Cell, Database, Insert, Query, Rows, Tx, Type};
use crate::error::Error;
use crate::privacy::{self, Keys, partners};
use sea_orm::{FromQueryResult, Value};
use takings_core::time::Timestamp;

static PARTNER: Insert = Insert::new(
    "partners",
    &[
        ("id", Type::Text),
        ("program", Type::Text),
        ("name", Type::Text),
        ("email", Type::Text),
        ("email_key", Type::Text),
        ("payout_method", Type::Text),
        ("payout_account", Type::Text),
        ("payout_key", Type::Text),
        ("tax_profile", Type::Text),
        ("own_version", Type::Int),
        ("created_at", Type::Int),
        ("updated_at", Type::Int),
    ],
    "on conflict (program, email_key) do nothing returning id",
);

static CHANGE: Query = Query::new(
    "partner_change",
    "update partners set name = t0.new_name, email = t0.new_email, email_key = t0.new_key,
        payout_method = t0.method, payout_account = t0.account, payout_key = t0.pay_key,
        tax_profile = t0.tax, own_version = t0.own
     from {0} where partners.id = t0.partner",
    &[
        ("partner", Type::Text),
        ("new_name", Type::Text),
        ("new_email", Type::Text),
        ("new_key", Type::Text),
        ("method", Type::Text),
        ("account", Type::Text),
        ("pay_key", Type::Text),
        ("tax", Type::Text),
        ("own", Type::Int),
    ],
);

/// Whoever changes a partner waits here for who changes it already.
static LOCK: Query = Query::new(
    "partner_lock",
    "update partners set updated_at = t0.now from {0} where partners.id = t0.partner
     returning id",
    &[("partner", Type::Text), ("now", Type::Int)],
);

static EMAIL: Query = Query::new(
    "partner_email",
    "select p.id from {0} cross join partners p
     where p.program = t0.wanted and p.email_key = t0.key and p.id <> t0.partner",
    &[("wanted", Type::Text), ("key", Type::Text), ("partner", Type::Text)],
);

static LOAD: Query = Query::new(
    "partner_load",
    "select p.id, p.program, p.name, p.email, p.email_key, p.payout_method, p.payout_account,
            p.tax_profile, p.own_version, t.terms, g.terms_version, p.created_at, p.updated_at
     from {0} cross join partners p join programs g on g.id = p.program
     left join program_terms t on t.program = p.program and t.version = p.own_version
     where p.id = t0.partner",
    &[("partner", Type::Text)],
);

const SELECT: &str =
    "select p.id, p.program, p.name, p.email, p.email_key, p.payout_method, p.payout_account,
            p.tax_profile, p.own_version, t.terms, g.terms_version, p.created_at, p.updated_at
     from partners p join programs g on g.id = p.program
     left join program_terms t on t.program = p.program and t.version = p.own_version";

/// Stores a new partner, unless another of the program has the email address.
pub(super) async fn insert(tx: &mut Tx<'_>, partner: &Partner) -> Result<bool, Error> {
    let [name, email, method, account, account_key] = sealed(tx, partner).await?;
    let mut row = Rows::default();
    row.push([
        partner.id.as_str().into(),
        partner.program.as_str().into(),
        name,
        email,
        partner.email.key.as_str().into(),
        method,
        account,
        account_key,
        partner.tax.into(),
        partner.own.as_ref().map(|(version, _)| *version).into(),
        partner.created_at.0.into(),
        partner.updated_at.0.into(),
    ]);
    let stored = !tx.insert(&PARTNER, &row).await?.is_empty();
    if stored {
        privacy::list(tx, &partners::partner(&partner.id), Some(&partner.email.key)).await?;
    }
    Ok(stored)
}

/// Name, address, method, account and the account's key, as they are stored. No transaction erases
/// the partner before this one ends.
async fn sealed(tx: &mut Tx<'_>, partner: &Partner) -> Result<[Cell; 5], Error> {
    let keys = Keys::hold(tx, partners::names([partner.id.as_str()].into_iter())).await?;
    let seal = |column, plain: &str| partners::seal(&keys, &partner.id, column, plain);
    let name = seal("name", &partner.name).ok_or_else(|| super::erased(&partner.id))?;
    let email = seal("email", &partner.email.address);
    let payout = partner.payout.as_ref();
    let account = payout.and_then(|payout| seal("payout_account", &payout.account));
    let indexes = tx.vault().unlocked_indexes()?;
    let account_key = payout.map(|payout| payout.key(indexes));
    let method = payout.map(|payout| payout.method);
    Ok([name.into(), email.into(), method.into(), account.into(), account_key.into()])
}

/// Stores what may change about a partner, unless another of the program has got the email address
/// meanwhile: then the transaction is over.
pub(super) async fn update(tx: &mut Tx<'_>, partner: &Partner) -> Result<bool, Error> {
    let [name, email, method, account, account_key] = sealed(tx, partner).await?;
    let mut row = Rows::default();
    row.push([
        partner.id.as_str().into(),
        name,
        email,
        partner.email.key.as_str().into(),
        method,
        account,
        account_key,
        partner.tax.into(),
        partner.own.as_ref().map(|(version, _)| *version).into(),
    ]);
    match tx.fetch(&CHANGE, &row).await {
        Ok(_) => {}
        Err(error) if error.is_taken() => return Ok(false),
        Err(error) => return Err(error.into()),
    }
    privacy::relist(tx, &partners::partner(&partner.id), Some(&partner.email.key)).await?;
    Ok(true)
}

/// Takes a partner to change it; tells whether there is one.
pub(super) async fn lock(tx: &mut Tx<'_>, id: &str, now: Timestamp) -> Result<bool, Error> {
    let mut row = Rows::default();
    row.push([id.into(), now.0.into()]);
    Ok(!tx.fetch(&LOCK, &row).await?.is_empty())
}

/// Whether another partner of a program has an email address.
pub(super) async fn has_email(
    tx: &mut Tx<'_>,
    program: &str,
    key: &str,
    partner: &str,
) -> Result<bool, Error> {
    let mut row = Rows::default();
    row.push([program, key, partner].map(Cell::from));
    Ok(!tx.fetch(&EMAIL, &row).await?.is_empty())
}

/// A partner as a transaction sees it.
pub(super) async fn load(tx: &mut Tx<'_>, id: &str) -> Result<Option<Partner>, Error> {
    let mut row = Rows::default();
    row.push([id.into()]);
    let rows = tx.fetch(&LOAD, &row).await?;
    let keys = Keys::load(tx, partners::names([id].into_iter())).await?;
    rows.first().map(|row| Row::read(row)?.partner(&keys)).transpose()
}

/// Reads a partner.
pub(super) async fn find(database: &Database, id: &str) -> Result<Option<Partner>, Error> {
    let text = format!("{SELECT} where p.id = $1");
    Ok(read(database, "partner", text, vec![id.into()]).await?.pop())
}

/// Partners that a filter lets through, the newest first.
pub(super) async fn page(
    database: &Database,
    Filter { program, email_key }: &Filter,
    before: Option<&str>,
    limit: u64,
) -> Result<Vec<Partner>, Error> {
    let conditions = [
        ("p.program =", Some(program.as_str())),
        ("p.email_key =", Some(email_key.as_str())),
        ("p.id <", before),
    ];
    let (mut text, mut values) = (format!("{SELECT} where 1 = 1"), Vec::new());
    for (condition, value) in conditions {
        if let Some(value) = value.filter(|value| !value.is_empty()) {
            values.push(Value::from(value));
            text.push_str(&format!(" and {condition} ${}", values.len()));
        }
    }
    text.push_str(&format!(" order by p.id desc limit {limit}"));
    read(database, "partners", text, values).await
}

async fn read(
    database: &Database,
    name: &'static str,
    text: String,
    values: Vec<Value>,
) -> Result<Vec<Partner>, Error> {
    let rows = database.fetch(name, text, values).await?;
    let rows: Vec<Row> =
        rows.iter().map(|row| Row::from_query_result(row, "")).collect::<Result<_, _>>()?;
    let keys = Keys::read(database, partners::names(rows.iter().map(Row::id))).await?;
    rows.into_iter().map(|row| row.partner(&keys)).collect()
}
