//! Reads revisions of movements, and the change points behind them.

use super::{Filter, Place, Revision};
use crate::db::{Database, Kind};
use crate::error::Error;
use sea_orm::{QueryResult, Value};
use takings_core::billing::facts::Seconds;
use takings_core::billing::{Definition, MovementKind, Point};
use takings_core::time::Timestamp;

/// A subscription's step from one change point to the next.
pub(super) struct Step {
    pub(super) source: i64,
    pub(super) customer: String,
    pub(super) subscription: String,
    pub(super) before: Option<Point>,
    pub(super) after: Point,
}

/// The first revisions that a filter lets through, from a place's customer and instant on, that
/// included, in the order of their places.
pub(super) async fn revisions(
    database: &Database,
    filter: &Filter,
    from: Option<&Place>,
    limit: usize,
) -> Result<Vec<Revision>, Error> {
    let (name, text) = match filter.customer.is_empty() {
        true => ("movements", text("mrr_movements m", "", "$12")),
        false => ("movements_of_customer", text_of_customer(database.kind)),
    };
    let rows = database.fetch(name, text, values(filter, from, limit)).await?;
    rows.iter().map(revision).collect()
}

/// One customer's rows lie together; PostgreSQL would rather go through all by time.
fn text_of_customer(database: Kind) -> String {
    let of = "m.source_id = s.id and m.customer = $12";
    match database {
        Kind::Sqlite => text("sources s cross join mrr_movements m", &format!("and {of}"), "$13"),
        Kind::Postgres => {
            let rows = format!("(select m.* from mrr_movements m where {of} offset 0) m");
            text(&format!("sources s cross join lateral {rows}"), "", "$13")
        }
    }
}

fn text(rows: &str, of: &str, limit: &str) -> String {
    format!(
        "select m.occurred_at, m.source_id, m.customer, m.currency, m.kind, m.revision, m.units,
            m.event, b.recorded_at
         from {rows} cross join batches b
         where m.definition = $1 and m.occurred_at >= $2 and m.occurred_at < $3
           and (m.occurred_at, m.source_id, m.customer) >= ($4, $5, $6)
           and ($7 = '' or m.currency = $8) and ($9 = '' or m.kind = $10)
           and b.id = m.batch and b.recorded_at <= $11 {of}
         order by m.occurred_at, m.source_id, m.customer, m.currency, m.kind, m.revision
         limit {limit}"
    )
}

fn values(filter: &Filter, from: Option<&Place>, limit: usize) -> Vec<Value> {
    let Filter { start, end, currency, customer, kind, known } = filter;
    let currency = currency.map(|it| it.as_str().to_owned()).unwrap_or_default();
    let kind = kind.map(MovementKind::as_str).unwrap_or_default();
    let (at, source, after) = match from {
        Some(Place { at, source, customer, currency: _ }) => (*at, *source, customer.as_str()),
        None => (*start, i64::MIN, ""),
    };
    let mut values: Vec<Value> = vec![
        Definition::default().name.into(),
        at.max(*start).0.into(),
        end.0.into(),
        at.0.into(),
        source.into(),
        after.into(),
        currency.as_str().into(),
        currency.as_str().into(),
        kind.into(),
        kind.into(),
        known.0.into(),
    ];
    if !customer.is_empty() {
        values.push(customer.as_str().into());
    }
    values.push(i64::try_from(limit).unwrap_or(i64::MAX).into());
    values
}

fn revision(row: &QueryResult) -> Result<Revision, Error> {
    let kind: String = row.try_get("", "kind")?;
    Ok(Revision {
        place: Place {
            at: Timestamp(row.try_get("", "occurred_at")?),
            source: row.try_get("", "source_id")?,
            customer: row.try_get("", "customer")?,
            currency: row.try_get("", "currency")?,
        },
        kind: MovementKind::parse(&kind)
            .ok_or_else(|| Error::internal(format!("`{kind}` is no kind of movement")))?,
        revision: row.try_get("", "revision")?,
        units: row.try_get("", "units")?,
        event: row.try_get("", "event")?,
        recorded_at: Timestamp(row.try_get("", "recorded_at")?),
    })
}

/// The change points of customers at some instants, each with the one before it.
pub(super) async fn steps(
    database: &Database,
    instants: &[(i64, String, Seconds)],
) -> Result<Vec<Step>, Error> {
    if instants.is_empty() {
        return Ok(Vec::new());
    }
    let instants = serde_json::to_string(instants).map_err(Error::internal)?;
    let text = format!(
        "select p.source_id, p.customer, p.subscription, p.content as after_content,
            (select q.content from subscription_points q
             where q.source_id = p.source_id and q.customer = p.customer
               and q.subscription = p.subscription and q.at < p.at
             order by q.at desc limit 1) as before_content
         from {} k cross join subscriptions s cross join subscription_points p
         where s.source_id = k.source_id and s.customer = k.customer
           and p.source_id = s.source_id and p.customer = s.customer and p.subscription = s.id
           and p.at = k.at",
        keys(database.kind)
    );
    let rows = database.fetch("movement_points", text, vec![instants.into()]).await?;
    rows.iter().map(step).collect()
}

/// The keys in the parameter, as a table.
fn keys(database: Kind) -> &'static str {
    match database {
        Kind::Sqlite => {
            "(select value ->> 0 as source_id, value ->> 1 as customer, value ->> 2 as at
              from json_each($1))"
        }
        Kind::Postgres => {
            "(select cast(value ->> 0 as bigint) as source_id, value ->> 1 as customer,
                cast(value ->> 2 as bigint) as at
              from jsonb_array_elements(cast($1 as jsonb)) as keys (value))"
        }
    }
}

fn step(row: &QueryResult) -> Result<Step, Error> {
    let point = |text: String| -> Result<Point, Error> {
        serde_json::from_str(&text).map_err(Error::internal)
    };
    let before: Option<String> = row.try_get("", "before_content")?;
    Ok(Step {
        source: row.try_get("", "source_id")?,
        customer: row.try_get("", "customer")?,
        subscription: row.try_get("", "subscription")?,
        before: before.map(point).transpose()?,
        after: point(row.try_get("", "after_content")?)?,
    })
}
