//! Links as rows.

use super::Link;
use crate::db;
use sea_orm::FromQueryResult;
use takings_core::time::Timestamp;

/// A link, with its program's destination.
#[derive(Debug, FromQueryResult)]
pub(super) struct Row {
    id: String,
    code: String,
    program: String,
    partner: String,
    destination: Option<String>,
    usual_destination: String,
    campaign: String,
    coupon: Option<String>,
    created_at: i64,
    disabled_at: Option<i64>,
}

impl Row {
    /// Reads a transaction's row of these columns.
    pub(super) fn read(row: &db::Row) -> Result<Row, db::Error> {
        Ok(Row {
            id: row.text(0)?,
            code: row.text(1)?,
            program: row.text(2)?,
            partner: row.text(3)?,
            destination: row.opt_text(4)?,
            usual_destination: row.text(5)?,
            campaign: row.text(6)?,
            coupon: row.opt_text(7)?,
            created_at: row.int(8)?,
            disabled_at: row.opt_int(9)?,
        })
    }
}

impl From<Row> for Link {
    fn from(row: Row) -> Link {
        let Row {
            id,
            code,
            program,
            partner,
            destination,
            usual_destination,
            campaign,
            coupon,
            created_at,
            disabled_at,
        } = row;
        Link {
            id,
            code,
            program,
            partner,
            destination,
            usual_destination,
            campaign,
            coupon,
            created_at: Timestamp(created_at),
            disabled_at: disabled_at.map(Timestamp),
        }
    }
}
