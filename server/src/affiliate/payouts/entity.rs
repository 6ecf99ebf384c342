//! Batches and payouts as rows.

use super::{Batch, Payout, State, Sums};
use crate::db;
use crate::error::Error;
use sea_orm::FromQueryResult;
use takings_core::money::Currency;
use takings_core::time::Timestamp;

/// A batch, without what its payouts add up to.
#[derive(Debug, FromQueryResult)]
pub(super) struct BatchRow {
    id: String,
    program: String,
    through_at: i64,
    left_out: String,
    created_at: i64,
}

impl BatchRow {
    /// The batch.
    pub(super) fn batch(self, sums: Sums) -> Result<Batch, Error> {
        let BatchRow { id, program, through_at, left_out, created_at } = self;
        Ok(Batch {
            id,
            program,
            through: Timestamp(through_at),
            left_out: serde_json::from_str(&left_out).map_err(Error::internal)?,
            created_at: Timestamp(created_at),
            sums,
        })
    }

    /// Its id.
    pub(super) fn id(&self) -> &str {
        &self.id
    }
}

/// What a batch's payouts in one currency add up to.
#[derive(Debug, FromQueryResult)]
pub(super) struct SumsRow {
    pub(super) payout_batch: String,
    currency: String,
    payouts: i64,
    open: i64,
    amount: i64,
}

impl SumsRow {
    /// Adds it to the sums of its batch.
    pub(super) fn add_to(&self, sums: &mut Sums) -> Result<(), Error> {
        sums.payouts += self.payouts;
        sums.open += self.open;
        sums.totals.insert(currency(&self.currency)?, self.amount);
        Ok(())
    }
}

/// A payout.
#[derive(Debug, FromQueryResult)]
pub(super) struct Row {
    id: String,
    payout_batch: String,
    program: String,
    partner: String,
    currency: String,
    amount: i64,
    commissions: i64,
    state: String,
    method: Option<String>,
    reference: String,
    failure_reason: String,
    settled_at: Option<i64>,
}

impl Row {
    /// Reads a transaction's row of these columns.
    pub(super) fn read(row: &db::Row) -> Result<Row, db::Error> {
        Ok(Row {
            id: row.text(0)?,
            payout_batch: row.text(1)?,
            program: row.text(2)?,
            partner: row.text(3)?,
            currency: row.text(4)?,
            amount: row.int(5)?,
            commissions: row.int(6)?,
            state: row.text(7)?,
            method: row.opt_text(8)?,
            reference: row.text(9)?,
            failure_reason: row.text(10)?,
            settled_at: row.opt_int(11)?,
        })
    }

    /// The payout.
    pub(super) fn payout(self) -> Result<Payout, Error> {
        let state = State::parse(&self.state);
        Ok(Payout {
            id: self.id,
            batch: self.payout_batch,
            program: self.program,
            partner: self.partner,
            currency: currency(&self.currency)?,
            amount: self.amount,
            commissions: self.commissions,
            state: state.ok_or_else(|| Error::internal("a payout's state is not known"))?,
            method: self.method,
            reference: self.reference,
            failure_reason: self.failure_reason,
            settled_at: self.settled_at.map(Timestamp),
        })
    }
}

/// A currency as it is stored.
pub(super) fn currency(stored: &str) -> Result<Currency, Error> {
    Currency::parse(stored).map_err(Error::internal)
}
