//! Reads roll-ups and, where an instant cuts a day, the rows under them: one statement, whatever
//! the number of instants.
//!
//! Each part of the answer comes as one text of lines, `place,name,currency,amount,...`, because a
//! row costs either driver more than the sums in it cost the database.

use super::Plan;
use crate::db::{Database, Kind};
use crate::error::{Error, Reason};
use sea_orm::{DbErr, Value};
use takings_core::billing::Definition;
use takings_core::time::Timestamp;

/// Which place a line's first number names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Part {
    /// A month.
    Months,
    /// A day.
    Days,
    /// An instant inside a cut day.
    Instants,
    /// An instant; the row was recorded on the edge day of what may be known.
    Edges,
}

/// How many transactions lie on one recorded day before an instant, that included, and after.
pub(super) async fn batches_around(
    database: &Database,
    day: (Timestamp, Timestamp),
    after: Timestamp,
) -> Result<(i64, i64), Error> {
    let text = "select (select count(*) from batches where recorded_at >= $1 and recorded_at < $2) as before,
        (select count(*) from batches where recorded_at >= $3 and recorded_at < $4) as after";
    let values = vec![day.0.0.into(), after.0.into(), after.0.into(), day.1.0.into()];
    let rows = database.fetch("batches_around", text, values).await?;
    let row = rows.first().ok_or_else(|| DbErr::RecordNotFound("a count".into()))?;
    Ok((row.try_get("", "before")?, row.try_get("", "after")?))
}

/// Reads everything a plan needs of MRR and of the measures of some kinds.
pub(super) async fn lines(
    database: &Database,
    plan: &Plan,
    kinds: &[&str],
) -> Result<Vec<(Part, String)>, Error> {
    let kinds: Vec<String> = kinds.iter().map(|kind| format!("'{kind}'")).collect();
    let text = text(database.kind, &kinds.join(", "), plan.known.is_some());
    let rows = database.fetch("rollups", text, values(plan)).await.map_err(overflow)?;
    let mut lines = Vec::new();
    for row in rows {
        if let Some(text) = row.try_get::<Option<String>>("", "lines")? {
            let part = match row.try_get::<String>("", "part")?.as_str() {
                "months" => Part::Months,
                "days" => Part::Days,
                "instants" => Part::Instants,
                _ => Part::Edges,
            };
            lines.push((part, text));
        }
    }
    Ok(lines)
}

/// SQLite refuses sums beyond 64 bits; PostgreSQL answers them, and the reader refuses.
fn overflow(error: DbErr) -> Error {
    if error.to_string().contains("integer overflow") {
        let message = "a sum of amounts does not fit 64 bits: ask for less at a time".into();
        return Error::Precondition { reason: Reason::AmountOverflow, message };
    }
    error.into()
}

fn values(plan: &Plan) -> Vec<Value> {
    let pairs = |pairs: &[(i64, i64)]| serde_json::to_string(pairs).unwrap_or_default();
    let recorded = plan.known.map_or(i64::MAX, |known| i64::from(known.through.0));
    let mut values: Vec<Value> = vec![
        plan.months.into(),
        recorded.into(),
        pairs(&plan.days).into(),
        pairs(&plan.parts).into(),
    ];
    if let Some(known) = plan.known {
        let after = takings_core::time::Day(known.through.0 + 1).start();
        let (from, until) = known.edge;
        values.extend([after.0.into(), from.0.into(), until.0.into(), plan.end.0.into()]);
    }
    values
}

const MRR_SUMS: &str =
    "sum(r.amount) || ',' || sum(r.events) || ',' || sum(r.subscribers) || ',' || sum(r.customers)";
const MRR_ROW: &str = "m.occurred_at || ',' || m.kind || ',' || m.currency || ',' || m.units
    || ',' || m.movements || ',' || m.subscribers || ',' || m.customers";
const MEASURE_ROW: &str = "m.occurred_at || ',' || m.kind || ',' || m.currency || ',' || m.amount";

/// The text, which depends on nothing but the arguments.
fn text(database: Kind, kinds: &str, known: bool) -> String {
    let definition = Definition::default().name;
    let mrr = format!("r.family = 'mrr:{definition}'");
    let measures = format!("r.family = 'measure' and r.name in ({kinds})");
    let mrr_rows = format!("m.definition = '{definition}'");
    let measure_rows = format!("m.kind in ({kinds})");
    let mut parts = vec![
        months(&mrr, MRR_SUMS),
        months(&measures, "sum(r.amount)"),
        days(database, &mrr, MRR_SUMS),
        days(database, &measures, "sum(r.amount)"),
        instants(database, "mrr_movements", &mrr_rows, MRR_ROW, known),
        instants(database, "measures", &measure_rows, MEASURE_ROW, known),
    ];
    if known {
        parts.push(edges("mrr_movements", &mrr_rows, MRR_ROW));
        parts.push(edges("measures", &measure_rows, MEASURE_ROW));
    }
    parts.join(" union all ")
}

fn months(of: &str, sums: &str) -> String {
    format!(
        "select 'months' as part, string_agg(t.line, ';') as lines from (
            select r.period || ',' || r.name || ',' || r.currency || ',' || {sums} as line
            from rollups r
            where {of} and r.grain = 1 and r.period < $1 and r.recorded_day <= $2
            group by r.period, r.name, r.currency) t"
    )
}

fn days(database: Kind, of: &str, sums: &str) -> String {
    let runs = runs(database, "$3");
    format!(
        "select 'days' as part, string_agg(t.line, ';') as lines from (
            select r.period || ',' || r.name || ',' || r.currency || ',' || {sums} as line
            from {runs} runs cross join rollups r
            where {of} and r.grain = 0 and r.period >= runs.lo and r.period < runs.hi
              and r.recorded_day <= $2
            group by r.period, r.name, r.currency) t"
    )
}

fn instants(database: Kind, table: &str, of: &str, row: &str, known: bool) -> String {
    let runs = runs(database, "$4");
    let (batches, recorded) = match known {
        true => ("cross join batches b", "and b.id = m.batch and b.recorded_at < $5"),
        false => ("", ""),
    };
    format!(
        "select 'instants' as part, string_agg({row}, ';') as lines
         from {runs} runs cross join {table} m {batches}
         where {of} and m.occurred_at >= runs.lo and m.occurred_at < runs.hi {recorded}"
    )
}

fn edges(table: &str, of: &str, row: &str) -> String {
    format!(
        "select 'edges' as part, string_agg({row}, ';') as lines
         from batches b cross join {table} m
         where {of} and b.recorded_at >= $6 and b.recorded_at < $7 and m.batch = b.id
           and m.occurred_at < $8"
    )
}

/// Pairs of numbers in a parameter, as a table.
fn runs(database: Kind, parameter: &str) -> String {
    match database {
        Kind::Sqlite => {
            format!("(select value ->> 0 as lo, value ->> 1 as hi from json_each({parameter}))")
        }
        Kind::Postgres => format!(
            "(select cast(value ->> 0 as bigint) as lo, cast(value ->> 1 as bigint) as hi
              from jsonb_array_elements(cast({parameter} as jsonb)) as pairs (value))"
        ),
    }
}
