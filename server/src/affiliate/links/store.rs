//! Rows of `affiliate_links`.

use super::entity::Row;
use super::{Filter, Link};
use crate::db::{self, Database, Insert, Query, Rows, Tx, Type};
use crate::error::Error;
use sea_orm::{FromQueryResult, Value};
use takings_core::time::Timestamp;

static LINK: Insert = Insert::new(
    "affiliate_links",
    &[
        ("id", Type::Text),
        ("code", Type::Text),
        ("code_key", Type::Text),
        ("program", Type::Text),
        ("partner", Type::Text),
        ("destination", Type::Text),
        ("campaign", Type::Text),
        ("coupon", Type::Text),
        ("created_at", Type::Int),
    ],
    "on conflict do nothing returning id",
);

static DISABLE: Query = Query::new(
    "link_disable",
    "update affiliate_links set disabled_at = t0.now from {0}
     where affiliate_links.id = t0.link and disabled_at is null",
    &[("link", Type::Text), ("now", Type::Int)],
);

static CODE: Query = Query::new(
    "link_code",
    "select l.id from {0} cross join affiliate_links l where l.code_key = t0.key",
    &[("key", Type::Text)],
);

static LOAD: Query = Query::new(
    "link_load",
    "select l.id, l.code, l.program, l.partner, l.destination, p.destination, l.campaign, l.coupon,
            l.created_at, l.disabled_at
     from {0} cross join affiliate_links l cross join programs p
     where l.id = t0.link and p.id = l.program",
    &[("link", Type::Text)],
);

static COUPON: Query = Query::new(
    "link_coupon",
    "select l.id, l.code, l.program, l.partner, l.destination, p.destination, l.campaign, l.coupon,
            l.created_at, l.disabled_at
     from {0} cross join affiliate_links l cross join programs p
     where l.coupon = t0.wanted and p.id = l.program",
    &[("wanted", Type::Text)],
);

const SELECT: &str =
    "select l.id, l.code, l.program, l.partner, l.destination, p.destination as usual_destination,
            l.campaign, l.coupon, l.created_at, l.disabled_at
     from affiliate_links l join programs p on p.id = l.program";

/// Stores a new link, unless another has its code or its coupon.
pub(super) async fn insert(tx: &mut Tx<'_>, link: &Link, key: &str) -> Result<bool, Error> {
    let mut row = Rows::default();
    row.push([
        link.id.as_str().into(),
        link.code.as_str().into(),
        key.into(),
        link.program.as_str().into(),
        link.partner.as_str().into(),
        link.destination.as_deref().into(),
        link.campaign.as_str().into(),
        link.coupon.as_deref().into(),
        link.created_at.0.into(),
    ]);
    Ok(!tx.insert(&LINK, &row).await?.is_empty())
}

/// Disables a link; one that is disabled stays as it is.
pub(super) async fn disable(tx: &mut Tx<'_>, id: &str, now: Timestamp) -> Result<(), Error> {
    let mut row = Rows::default();
    row.push([id.into(), now.0.into()]);
    tx.fetch(&DISABLE, &row).await?;
    Ok(())
}

/// Whether a link has a code.
pub(super) async fn has_code(tx: &mut Tx<'_>, key: &str) -> Result<bool, Error> {
    let mut row = Rows::default();
    row.push([key.into()]);
    Ok(!tx.fetch(&CODE, &row).await?.is_empty())
}

/// The link of an id, as a transaction sees it.
///
/// # Errors
///
/// If the database does not answer.
pub async fn load(tx: &mut Tx<'_>, id: &str) -> Result<Option<Link>, Error> {
    let mut row = Rows::default();
    row.push([id.into()]);
    let rows = tx.fetch(&LOAD, &row).await?;
    Ok(rows.first().map(Row::read).transpose()?.map(Into::into))
}

/// Every link that has, or had until it was disabled, one of some coupons. One counts from its
/// `created_at` until its `disabled_at`.
///
/// # Errors
///
/// If the database does not answer.
pub async fn by_coupon(tx: &mut Tx<'_>, coupons: &[&str]) -> Result<Vec<Link>, Error> {
    let mut set = Rows::default();
    coupons.iter().for_each(|coupon| set.push([(*coupon).into()]));
    if set.is_empty() {
        return Ok(Vec::new());
    }
    let rows = tx.fetch(&COUPON, &set).await?;
    let links = rows.iter().map(|row| Ok(Row::read(row)?.into()));
    links.collect::<Result<_, db::Error>>().map_err(Error::from)
}

/// Reads the link with a value in a column.
pub(super) async fn find(
    database: &Database,
    column: &str,
    value: &str,
) -> Result<Option<Link>, Error> {
    let text = format!("{SELECT} where {column} = $1");
    Ok(read(database, "link", text, vec![value.into()]).await?.pop())
}

/// Links that a filter lets through, the newest first.
pub(super) async fn page(
    database: &Database,
    Filter { program, partner, campaign }: &Filter,
    before: Option<&str>,
    limit: u64,
) -> Result<Vec<Link>, Error> {
    let conditions = [
        ("l.program =", Some(program.as_str())),
        ("l.partner =", Some(partner.as_str())),
        ("l.campaign =", Some(campaign.as_str())),
        ("l.id <", before),
    ];
    let (mut text, mut values) = (format!("{SELECT} where 1 = 1"), Vec::new());
    for (condition, value) in conditions {
        if let Some(value) = value.filter(|value| !value.is_empty()) {
            values.push(Value::from(value));
            text.push_str(&format!(" and {condition} ${}", values.len()));
        }
    }
    text.push_str(&format!(" order by l.id desc limit {limit}"));
    read(database, "links", text, values).await
}

async fn read(
    database: &Database,
    name: &'static str,
    text: String,
    values: Vec<Value>,
) -> Result<Vec<Link>, Error> {
    let rows = database.fetch(name, text, values).await?;
    rows.iter().map(|row| Ok(Row::from_query_result(row, "")?.into())).collect()
}
