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

/// A family of roll-ups, and the rows under it.
struct Family {
    database: Kind,
    /// Which roll-ups.
    of: String,
    /// Their columns.
    columns: &'static [&'static str],
    table: &'static str,
    /// Which rows.
    of_row: String,
    /// One of them as a line.
    row: &'static str,
}

const MRR_ROW: &str = "m.occurred_at || ',' || m.kind || ',' || m.currency || ',' || m.units
    || ',' || m.movements || ',' || m.subscribers || ',' || m.customers";
const MEASURE_ROW: &str = "m.occurred_at || ',' || m.kind || ',' || m.currency || ',' || m.amount";

/// The text, which depends on nothing but the arguments.
fn text(database: Kind, kinds: &str, known: bool) -> String {
    let definition = Definition::default().name;
    let mrr = Family {
        database,
        of: format!("r.family = 'mrr:{definition}'"),
        columns: &["r.amount", "r.events", "r.subscribers", "r.customers"],
        table: "mrr_movements m",
        of_row: format!("m.definition = '{definition}'"),
        row: MRR_ROW,
    };
    let measures = Family {
        database,
        of: format!("r.family = 'measure' and r.name in ({kinds})"),
        columns: &["r.amount"],
        table: "measures m",
        of_row: format!("m.kind in ({kinds})"),
        row: MEASURE_ROW,
    };
    let mut parts = Vec::new();
    for family in [mrr, measures] {
        parts.extend([family.months(known), family.days(known), family.instants(known)]);
        if known {
            parts.extend([family.edge_days(), family.edges()]);
        }
    }
    parts.join(" union all ")
}

impl Family {
    /// Whole months of what happened, and of when it was recorded: summed by the database.
    fn months(&self, known: bool) -> String {
        let known = if known { "and r.recorded < $4" } else { "" };
        let sums: Vec<String> = self.columns.iter().map(|it| format!("sum({it})")).collect();
        format!(
            "select 'months' as part, string_agg(t.line, ';') as lines from (
                select r.period || ',' || r.name || ',' || r.currency || ',' || {} as line
                from rollups r where {} and r.grain = 1 and r.period < $1 {known}
                group by r.period, r.name, r.currency) t",
            sums.join(" || ',' || "),
            self.of
        )
    }

    /// Whole days. The `+` keeps the index on recorded days out of it.
    fn days(&self, known: bool) -> String {
        let known = if known { "and + r.recorded < $5" } else { "" };
        let of = &self.of;
        let condition =
            format!("{of} and r.grain = 0 and r.period >= runs.lo and r.period < runs.hi {known}");
        let runs = runs(self.database, "$2");
        self.rollup_lines("days", &each(self.database, &runs, "rollups r", &condition))
    }

    /// Parts of days, row by row.
    fn instants(&self, known: bool) -> String {
        let runs = runs(self.database, "$3");
        let condition = format!(
            "{} and m.occurred_at >= runs.lo and m.occurred_at < runs.hi {}",
            self.of_row,
            if known { RECORDED_BEFORE } else { "" }
        );
        let rows = each(self.database, &runs, self.table, &condition);
        let row = self.row;
        format!("select 'instants' as part, string_agg({row}, ';') as lines from {rows}")
    }

    /// Whole recorded days between what is known and the nearer edge of its month. SQLite would
    /// rather go through all days than look rows up by an index, and has to be told.
    fn edge_days(&self) -> String {
        let hint = match self.database {
            Kind::Sqlite => "indexed by rollups_recorded",
            Kind::Postgres => "",
        };
        let rows = format!(
            "rollups r {hint} where {} and r.grain = 0 and + r.period < $7
               and r.recorded >= $8 and r.recorded < $9",
            self.of
        );
        self.rollup_lines("edge_days", &rows)
    }

    /// Rows of transactions between what is known and one edge of its day.
    fn edges(&self) -> String {
        let batches = "(select id from batches where recorded_at >= $10 and recorded_at < $11) b";
        let condition = format!("{} and m.batch = b.id and m.occurred_at < $12", self.of_row);
        let rows = each(self.database, batches, self.table, &condition);
        format!("select 'edges' as part, string_agg({}, ';') as lines from {rows}", self.row)
    }

    /// Roll-ups row by row: sorting them to sum them would cost more than reading them.
    fn rollup_lines(&self, part: &str, rows: &str) -> String {
        format!(
            "select '{part}' as part,
                string_agg(r.period || ',' || r.name || ',' || r.currency || ',' || {}, ';') as lines
             from {rows}",
            self.columns.join(" || ',' || ")
        )
    }
}

/// That a row's transaction was recorded before the first day not taken whole. It is looked up row
/// by row: of an `exists` PostgreSQL makes a join, for which it reads every transaction.
const RECORDED_BEFORE: &str = "and (select b.recorded_at from batches b where b.id = m.batch) < $6";

/// The rows of a table that fit each row of another, which is read first. PostgreSQL may turn any
/// other join round, and then reads the whole table.
fn each(database: Kind, first: &str, table: &str, condition: &str) -> String {
    match database {
        Kind::Sqlite => format!("{first} cross join {table} where {condition}"),
        Kind::Postgres => {
            let alias = &table[table.len() - 1..];
            format!(
                "{first} cross join lateral
                    (select {alias}.* from {table} where {condition} offset 0) {alias}"
            )
        }
    }
}

/// Pairs of numbers in a parameter, as a table.
fn runs(database: Kind, parameter: &str) -> String {
    match database {
        Kind::Sqlite => {
            format!(
                "(select value ->> 0 as lo, value ->> 1 as hi from json_each({parameter})) runs"
            )
        }
        Kind::Postgres => format!(
            "(select cast(value ->> 0 as bigint) as lo, cast(value ->> 1 as bigint) as hi
              from jsonb_array_elements(cast({parameter} as jsonb)) as pairs (value)) runs"
        ),
    }
}
