//! Signals as rows.

use super::{Signal, State};
use crate::db;
use crate::error::Error;
use sea_orm::FromQueryResult;
use takings_core::time::Timestamp;

/// A signal, without the commissions that it holds.
#[derive(Debug, FromQueryResult)]
pub(super) struct Row {
    id: String,
    program: String,
    partner: String,
    customer: String,
    kind: String,
    evidence: String,
    state: String,
    raised_at: i64,
    resolved_at: Option<i64>,
    resolution: String,
}

impl Row {
    /// Reads a transaction's row of these columns.
    pub(super) fn read(row: &db::Row) -> Result<Row, db::Error> {
        Ok(Row {
            id: row.text(0)?,
            program: row.text(1)?,
            partner: row.text(2)?,
            customer: row.text(3)?,
            kind: row.text(4)?,
            evidence: row.text(5)?,
            state: row.text(6)?,
            raised_at: row.int(7)?,
            resolved_at: row.opt_int(8)?,
            resolution: row.text(9)?,
        })
    }

    /// The signal.
    pub(super) fn signal(self, commissions: Vec<String>) -> Result<Signal, Error> {
        let state = State::parse(&self.state);
        Ok(Signal {
            id: self.id,
            program: self.program,
            partner: self.partner,
            customer: self.customer,
            kind: self.kind,
            evidence: self.evidence,
            state: state.ok_or_else(|| Error::internal("a signal's state is not known"))?,
            raised_at: Timestamp(self.raised_at),
            resolved_at: self.resolved_at.map(Timestamp),
            note: self.resolution,
            commissions,
        })
    }

    /// Its id.
    pub(super) fn id(&self) -> &str {
        &self.id
    }
}
