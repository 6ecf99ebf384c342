//! Fixed texts for two dialects.

use super::Kind;
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
pub(crate) type Columns = &'static [(&'static str, Type)];

/// A statement that reads a set of rows as parameters: `{0}` stands for the set, under the alias
/// `t0`. Join it by `cross join ... where`, which PostgreSQL is told to take as the order.
///
/// PostgreSQL answers for all rows at once, SQLite for one row after the other: a text must not
/// group, order or limit across the rows of its set.
pub struct Query {
    /// For metrics: a closed set.
    pub name: &'static str,
    /// The text.
    pub text: &'static str,
    /// The set's columns; a text without a set has none.
    pub set: Columns,
    rendered: [OnceLock<Arc<str>>; 2],
}

impl Query {
    /// Declares a query.
    pub const fn new(name: &'static str, text: &'static str, set: Columns) -> Query {
        Query { name, text, set, rendered: [const { OnceLock::new() }; 2] }
    }

    /// The text in a dialect.
    pub(super) fn render(&self, kind: Kind) -> Arc<str> {
        let render = || match kind {
            Kind::Postgres => self.postgres().into(),
            Kind::Sqlite => self.sqlite().into(),
        };
        self.rendered[kind as usize].get_or_init(render).clone()
    }

    /// The set as one array a column.
    fn postgres(&self) -> String {
        let names: Vec<&str> = self.set.iter().map(|(name, _)| *name).collect();
        let arrays = arrays(self.set, &mut 0);
        self.text.replace("{0}", &format!("unnest({arrays}) as t0({})", names.join(", ")))
    }

    /// The set's columns as parameters.
    fn sqlite(&self) -> String {
        let mut text = ["{0} cross join ", " cross join {0}", "from {0}"]
            .iter()
            .fold(self.text.to_owned(), |text, set| text.replace(set, ""));
        let mut columns: Vec<(usize, &str)> =
            self.set.iter().map(|(name, _)| *name).enumerate().collect();
        // The longest first: a name may begin with another.
        columns.sort_by_key(|(_, name)| std::cmp::Reverse(name.len()));
        for (place, name) in columns {
            text = text.replace(&format!("t0.{name}"), &format!("?{}", place + 1));
        }
        text
    }
}

/// One array a column, numbered from the parameter after `last`.
fn arrays(columns: Columns, last: &mut usize) -> String {
    let arrays = columns.iter().map(|(_, kind)| {
        *last += 1;
        format!("${last}::{}[]", kind.postgres())
    });
    arrays.collect::<Vec<_>>().join(", ")
}

/// One parameter a column.
fn parameters(columns: Columns) -> String {
    (1..=columns.len()).map(|place| format!("?{place}")).collect::<Vec<_>>().join(", ")
}

/// A bulk insert or upsert.
pub struct Insert {
    /// The table; also the name in metrics.
    pub table: &'static str,
    /// The columns written, in the order of the cells.
    pub columns: Columns,
    /// What follows: `on conflict ...`, `returning ...`.
    pub tail: &'static str,
    rendered: [OnceLock<Arc<str>>; 2],
}

impl Insert {
    /// Declares an insert.
    pub const fn new(table: &'static str, columns: Columns, tail: &'static str) -> Insert {
        Insert { table, columns, tail, rendered: [const { OnceLock::new() }; 2] }
    }

    /// The text in a dialect: any number of rows for PostgreSQL, one for SQLite.
    pub(super) fn render(&self, kind: Kind) -> Arc<str> {
        let render = || match kind {
            Kind::Postgres => self.postgres(&mut 0).into(),
            Kind::Sqlite => {
                format!("{} values ({}) {}", self.head(), parameters(self.columns), self.tail)
                    .into()
            }
        };
        self.rendered[kind as usize].get_or_init(render).clone()
    }

    fn postgres(&self, last: &mut usize) -> String {
        let arrays = arrays(self.columns, last);
        format!("{} select * from unnest({arrays}) {}", self.head(), self.tail)
    }

    fn head(&self) -> String {
        let names: Vec<&str> = self.columns.iter().map(|(name, _)| *name).collect();
        format!("insert into {} ({})", self.table, names.join(", "))
    }
}

/// A bulk delete by key.
pub struct Delete {
    /// The table.
    pub table: &'static str,
    /// The columns of the key.
    pub columns: Columns,
    rendered: OnceLock<Arc<str>>,
}

impl Delete {
    /// Declares a delete.
    pub const fn new(table: &'static str, columns: Columns) -> Delete {
        Delete { table, columns, rendered: OnceLock::new() }
    }

    fn postgres(&self, last: &mut usize) -> String {
        self.text(&format!("select * from unnest({})", arrays(self.columns, last)))
    }

    /// The text for one row.
    pub(super) fn sqlite(&self) -> Arc<str> {
        let render = || self.text(&format!("values ({})", parameters(self.columns))).into();
        self.rendered.get_or_init(render).clone()
    }

    fn text(&self, rows: &str) -> String {
        let names: Vec<&str> = self.columns.iter().map(|(name, _)| *name).collect();
        format!("delete from {} where ({}) in ({rows})", self.table, names.join(", "))
    }
}

/// A part of a bundle.
pub enum Part {
    /// Rows to insert.
    Insert(&'static Insert),
    /// Keys to delete.
    Delete(&'static Delete),
}

impl Part {
    pub(super) fn columns(&self) -> Columns {
        match self {
            Part::Insert(insert) => insert.columns,
            Part::Delete(delete) => delete.columns,
        }
    }
}

/// Writes to several tables in one round trip: PostgreSQL runs them as one statement with a common
/// table expression each.
pub struct Bundle {
    /// The name in metrics.
    pub name: &'static str,
    /// What is written, in this order.
    pub parts: &'static [Part],
    rendered: OnceLock<Arc<str>>,
}

impl Bundle {
    /// Declares a bundle.
    pub const fn new(name: &'static str, parts: &'static [Part]) -> Bundle {
        Bundle { name, parts, rendered: OnceLock::new() }
    }

    /// The one statement.
    pub(super) fn postgres(&self) -> Arc<str> {
        self.rendered.get_or_init(|| self.statement().into()).clone()
    }

    fn statement(&self) -> String {
        let mut last = 0;
        let parts = self.parts.iter().enumerate().map(|(place, part)| {
            let text = match part {
                Part::Insert(insert) => insert.postgres(&mut last),
                Part::Delete(delete) => delete.postgres(&mut last),
            };
            format!("w{place} as ({text})")
        });
        format!("with {} select 1", parts.collect::<Vec<_>>().join(", "))
    }
}
