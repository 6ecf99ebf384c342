//! Programs as rows.

use super::Program;
use crate::db;
use crate::error::Error;
use sea_orm::FromQueryResult;
use takings_core::time::Timestamp;

/// A program with one version of its terms.
#[derive(Debug, FromQueryResult)]
pub(super) struct Row {
    id: String,
    name: String,
    destination: String,
    hosts: String,
    version: i64,
    terms: String,
    created_at: i64,
    updated_at: i64,
}

impl Row {
    /// The columns, of a program `p` and its terms `t`.
    pub(super) const COLUMNS: &str = "p.id, p.name, p.destination, p.hosts, t.version, t.terms, \
                                      p.created_at, p.updated_at";

    /// Reads a transaction's row of these columns.
    pub(super) fn read(row: &db::Row) -> Result<Row, db::Error> {
        Ok(Row {
            id: row.text(0)?,
            name: row.text(1)?,
            destination: row.text(2)?,
            hosts: row.text(3)?,
            version: row.int(4)?,
            terms: row.text(5)?,
            created_at: row.int(6)?,
            updated_at: row.int(7)?,
        })
    }

    /// The program.
    pub(super) fn program(self) -> Result<Program, Error> {
        let Row { id, name, destination, hosts, version, terms, created_at, updated_at } = self;
        Ok(Program {
            id,
            name,
            destination,
            hosts: serde_json::from_str(&hosts).map_err(Error::internal)?,
            terms: serde_json::from_str(&terms).map_err(Error::internal)?,
            version,
            created_at: Timestamp(created_at),
            updated_at: Timestamp(updated_at),
        })
    }
}
