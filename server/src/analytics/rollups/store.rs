//! Reads roll-ups and, where an instant cuts a day, the rows under them: one statement, whatever
//! the number of instants.
//!
//! Each part of the answer comes as one text of lines, `place,name,currency,amount,...`, because a
//! row costs either driver more than the sums in it cost the database.

use super::{Known, Plan};
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
    /// A day; the row was recorded on the whole days at the edge of what may be known.
    EdgeDays,
    /// An instant; the row was recorded inside the edge day of what may be known.
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
                "edge_days" => Part::EdgeDays,
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
    let mut values: Vec<Value> =
        vec![plan.months.into(), pairs(&plan.days).into(), pairs(&plan.parts).into()];
    if let Some(Known { months, first_day, days, edge: (from, until), sign: _ }) = plan.known {
        let (first, after) = days.map_or((0, 0), |days| (days.from, days.until));
        let day = i64::from(first_day.0);
        values.extend([months.into(), day.into(), first_day.start().0.into()]);
        values.extend([plan.first_day().into(), first.into(), after.into()]);
        values.extend([from.0.into(), until.0.into(), plan.end.0.into()]);
    }
    values
}

const MRR_SUMS: &str =
    "sum(r.amount) || ',' || sum(r.events) || ',' || sum(r.subscribers) || ',' || sum(r.customers)";
const MRR_ROW: &str = "m.occurred_at || ',' || m.kind || ',' || m.currency || ',' || m.units
    || ',' || m.movements || ',' || m.subscribers || ',' || m.customers";
const MEASURE_SUM: &str = "sum(r.amount)";
const MEASURE_ROW: &str = "m.occurred_at || ',' || m.kind || ',' || m.currency || ',' || m.amount";

/// A family of roll-ups, and the rows under it.
struct Family {
    /// Which roll-ups.
    of: String,
    sums: &'static str,
    table: &'static str,
    /// Which rows.
    of_row: String,
    row: &'static str,
}

/// The text, which depends on nothing but the arguments.
fn text(database: Kind, kinds: &str, known: bool) -> String {
    let definition = Definition::default().name;
    let mrr = Family {
        of: format!("r.family = 'mrr:{definition}'"),
        sums: MRR_SUMS,
        table: "mrr_movements",
        of_row: format!("m.definition = '{definition}'"),
        row: MRR_ROW,
    };
    let measures = Family {
        of: format!("r.family = 'measure' and r.name in ({kinds})"),
        sums: MEASURE_SUM,
        table: "measures",
        of_row: format!("m.kind in ({kinds})"),
        row: MEASURE_ROW,
    };
    let mut parts = Vec::new();
    for family in [mrr, measures] {
        parts.push(family.months(known));
        parts.push(family.days(&runs(database, "$2"), known));
        parts.push(family.instants(&runs(database, "$3"), known));
        if known {
            parts.push(family.edge_days());
            parts.push(family.edges());
        }
    }
    parts.join(" union all ")
}

impl Family {
    /// Whole months of what happened, and of when it was recorded.
    fn months(&self, known: bool) -> String {
        let known = if known { "and r.recorded < $4" } else { "" };
        let rows = format!("rollups r where {} and r.grain = 1 and r.period < $1 {known}", self.of);
        self.grouped("months", &rows)
    }

    /// Whole days.
    fn days(&self, runs: &str, known: bool) -> String {
        let known = if known { "and r.recorded < $5" } else { "" };
        let rows = format!(
            "{runs} runs cross join rollups r where {} and r.grain = 0
               and r.period >= runs.lo and r.period < runs.hi {known}",
            self.of
        );
        self.grouped("days", &rows)
    }

    /// Parts of days, row by row.
    fn instants(&self, runs: &str, known: bool) -> String {
        let (batches, known) = match known {
            true => ("cross join batches b", "and b.id = m.batch and b.recorded_at < $6"),
            false => ("", ""),
        };
        format!(
            "select 'instants' as part, string_agg({}, ';') as lines
             from {runs} runs cross join {} m {batches}
             where {} and m.occurred_at >= runs.lo and m.occurred_at < runs.hi {known}",
            self.row, self.table, self.of_row
        )
    }

    /// Whole recorded days between what is known and the nearer edge of its month.
    fn edge_days(&self) -> String {
        let rows = format!(
            "rollups r where {} and r.grain = 0 and r.period < $7
               and r.recorded >= $8 and r.recorded < $9",
            self.of
        );
        self.grouped("edge_days", &rows)
    }

    /// Rows of transactions between what is known and one edge of its day.
    fn edges(&self) -> String {
        format!(
            "select 'edges' as part, string_agg({}, ';') as lines
             from batches b cross join {} m
             where {} and b.recorded_at >= $10 and b.recorded_at < $11 and m.batch = b.id
               and m.occurred_at < $12",
            self.row, self.table, self.of_row
        )
    }

    fn grouped(&self, part: &str, rows: &str) -> String {
        format!(
            "select '{part}' as part, string_agg(t.line, ';') as lines from (
                select r.period || ',' || r.name || ',' || r.currency || ',' || {} as line
                from {rows} group by r.period, r.name, r.currency) t",
            self.sums
        )
    }
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
