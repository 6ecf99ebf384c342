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
pub(super) type Columns = &'static [(&'static str, Type)];

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

    /// The text in a dialect: any number of rows, one text.
    pub(super) fn render(&self, kind: Kind) -> Arc<str> {
        let render = || match kind {
            Kind::Postgres => self.postgres(&mut 0).into(),
            Kind::Sqlite => self.sqlite("?1").into(),
        };
        self.rendered[kind as usize].get_or_init(render).clone()
    }

    /// One array a column, numbered from the parameter after `last`.
    fn postgres(&self, last: &mut usize) -> String {
        let arrays: Vec<String> = self
            .columns
            .iter()
            .map(|(_, kind)| {
                *last += 1;
                format!("${last}::{}[]", kind.postgres())
            })
            .collect();
        format!("{} select * from unnest({}) {}", self.head(), arrays.join(", "), self.tail)
    }

    /// All rows as one JSON array of arrays.
    fn sqlite(&self, rows: &str) -> String {
        let fields: Vec<String> = (self.columns.iter().enumerate())
            .map(|(place, (_, kind))| match kind {
                Type::Bytes => format!("unhex(value ->> {place})"),
                _ => format!("value ->> {place}"),
            })
            .collect();
        let (head, fields) = (self.head(), fields.join(", "));
        format!("{head} select {fields} from json_each({rows}) where true {}", self.tail)
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
}

impl Delete {
    fn text(&self, rows: &str) -> String {
        let names: Vec<&str> = self.columns.iter().map(|(name, _)| *name).collect();
        format!("delete from {} where ({}) in ({rows})", self.table, names.join(", "))
    }

    fn postgres(&self, last: &mut usize) -> String {
        let arrays: Vec<String> = self
            .columns
            .iter()
            .map(|(_, kind)| {
                *last += 1;
                format!("${last}::{}[]", kind.postgres())
            })
            .collect();
        self.text(&format!("select * from unnest({})", arrays.join(", ")))
    }

    fn sqlite(&self, rows: &str) -> String {
        let fields: Vec<String> =
            (0..self.columns.len()).map(|place| format!("value ->> {place}")).collect();
        self.text(&format!("select {} from json_each({rows})", fields.join(", ")))
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

/// Writes to several tables in one round trip. PostgreSQL runs them as one statement with a
/// common table expression each; SQLite as a trigger of a temporary view, fired by one insert.
pub struct Bundle {
    /// The view's name; also the name in metrics.
    pub name: &'static str,
    /// What is written, in this order.
    pub parts: &'static [Part],
    rendered: [OnceLock<Arc<str>>; 2],
}

impl Bundle {
    /// Declares a bundle.
    pub const fn new(name: &'static str, parts: &'static [Part]) -> Bundle {
        Bundle { name, parts, rendered: [const { OnceLock::new() }; 2] }
    }

    /// The text in a dialect.
    pub(super) fn render(&self, kind: Kind) -> Arc<str> {
        let render = || match kind {
            Kind::Postgres => self.postgres().into(),
            Kind::Sqlite => {
                let marks: Vec<String> =
                    (1..=self.parts.len()).map(|it| format!("?{it}")).collect();
                format!("insert into {} values ({})", self.name, marks.join(", ")).into()
            }
        };
        self.rendered[kind as usize].get_or_init(render).clone()
    }

    fn postgres(&self) -> String {
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

    /// What SQLite needs once a connection.
    pub(super) fn sqlite_setup(&self) -> String {
        let nulls = vec!["null"; self.parts.len()].join(", ");
        let names: Vec<String> = (0..self.parts.len()).map(|it| format!("c{it}")).collect();
        let steps: Vec<String> = (self.parts.iter().enumerate())
            .map(|(place, part)| match part {
                Part::Insert(insert) => insert.sqlite(&format!("new.c{place}")),
                Part::Delete(delete) => delete.sqlite(&format!("new.c{place}")),
            })
            .collect();
        let (name, names, steps) = (self.name, names.join(", "), steps.join("; "));
        format!(
            "create temp view if not exists {name} ({names}) as select {nulls}; \
             create temp trigger if not exists {name}_in instead of insert on {name} \
             begin {steps}; end"
        )
    }
}
