//! Fixed texts for two dialects.

use super::Kind;
use std::fmt::Write;
use std::sync::{Arc, OnceLock};

/// A column's type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Type {
    /// `bigint`.
    Int,
    /// `text`.
    Text,
    /// `bytea`, `blob`.
    Bytes,
}

impl Type {
    fn postgres(self) -> &'static str {
        match self {
            Type::Int => "bigint",
            Type::Text => "text",
            Type::Bytes => "bytea",
        }
    }
}

/// Named, typed columns.
pub type Columns = &'static [(&'static str, Type)];

/// A statement that reads sets of rows as parameters: `{0}`, `{1}`, ... stand for them, under the
/// aliases `t0`, `t1`, ... Join them by `cross join ... where`, which SQLite takes as the order.
pub struct Query {
    /// For metrics: a closed set.
    pub name: &'static str,
    /// The text.
    pub text: &'static str,
    /// The sets' columns.
    pub sets: &'static [Columns],
    rendered: [OnceLock<Arc<str>>; 2],
}

impl Query {
    /// Declares a query.
    pub const fn new(name: &'static str, text: &'static str, sets: &'static [Columns]) -> Query {
        Query { name, text, sets, rendered: [const { OnceLock::new() }; 2] }
    }

    /// The text in a dialect.
    pub(super) fn render(&self, kind: Kind) -> Arc<str> {
        self.rendered[kind as usize].get_or_init(|| self.rendering(kind).into()).clone()
    }

    fn rendering(&self, kind: Kind) -> String {
        let mut text = self.text.to_owned();
        let mut parameter = 0;
        for (place, columns) in self.sets.iter().enumerate() {
            let names: Vec<&str> = columns.iter().map(|(name, _)| *name).collect();
            let table = match kind {
                Kind::Postgres => {
                    let arrays: Vec<String> = columns
                        .iter()
                        .map(|(_, kind)| {
                            parameter += 1;
                            format!("${parameter}::{}[]", kind.postgres())
                        })
                        .collect();
                    format!("unnest({}) as t{place}({})", arrays.join(", "), names.join(", "))
                }
                Kind::Sqlite => {
                    let fields: Vec<String> = names
                        .iter()
                        .enumerate()
                        .map(|(field, name)| format!("value ->> {field} as {name}"))
                        .collect();
                    format!(
                        "(select {} from json_each(?{})) as t{place}",
                        fields.join(", "),
                        place + 1
                    )
                }
            };
            text = text.replace(&format!("{{{place}}}"), &table);
        }
        text
    }
}

/// How many rows one statement of SQLite inserts: a few texts serve any number of rows.
pub(super) const SIZES: [usize; 4] = [64, 16, 4, 1];

/// A bulk insert or upsert.
pub struct Insert {
    /// The table; also the name in metrics.
    pub table: &'static str,
    /// The columns written, in the order of the cells.
    pub columns: Columns,
    /// What follows: `on conflict ...`, `returning ...`.
    pub tail: &'static str,
    rendered: [OnceLock<Arc<str>>; 5],
}

impl Insert {
    /// Declares an insert.
    pub const fn new(table: &'static str, columns: Columns, tail: &'static str) -> Insert {
        Insert { table, columns, tail, rendered: [const { OnceLock::new() }; 5] }
    }

    /// PostgreSQL's text: any number of rows, one array a column.
    pub(super) fn postgres(&self) -> Arc<str> {
        let render = || {
            let arrays: Vec<String> = (self.columns.iter().enumerate())
                .map(|(place, (_, kind))| format!("${}::{}[]", place + 1, kind.postgres()))
                .collect();
            let head = self.head();
            format!("{head} select * from unnest({}) {}", arrays.join(", "), self.tail).into()
        };
        self.rendered[4].get_or_init(render).clone()
    }

    /// SQLite's text for `SIZES[size]` rows.
    pub(super) fn sqlite(&self, size: usize) -> Arc<str> {
        let render = || {
            let row = format!("({})", vec!["?"; self.columns.len()].join(", "));
            let mut text = self.head();
            let _ = write!(text, " values {} {}", vec![row; SIZES[size]].join(", "), self.tail);
            text.into()
        };
        self.rendered[size].get_or_init(render).clone()
    }

    fn head(&self) -> String {
        let names: Vec<&str> = self.columns.iter().map(|(name, _)| *name).collect();
        format!("insert into {} ({})", self.table, names.join(", "))
    }
}
