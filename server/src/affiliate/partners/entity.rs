//! Partners as rows.

use super::{Email, METHODS, Partner, Payout, TAX_FORMS};
use crate::db;
use crate::error::Error;
use crate::privacy::{Keys, partners};
use sea_orm::FromQueryResult;
use takings_core::time::Timestamp;

/// A partner, with the own terms where there are any.
#[derive(Debug, FromQueryResult)]
pub(super) struct Row {
    id: String,
    program: String,
    name: String,
    email: String,
    email_key: String,
    payout_method: Option<String>,
    payout_account: Option<String>,
    tax_profile: Option<String>,
    own_version: Option<i64>,
    terms: Option<String>,
    terms_version: i64,
    created_at: i64,
    updated_at: i64,
}

impl Row {
    /// Reads a transaction's row of these columns.
    pub(super) fn read(row: &db::Row) -> Result<Row, db::Error> {
        Ok(Row {
            id: row.text(0)?,
            program: row.text(1)?,
            name: row.text(2)?,
            email: row.text(3)?,
            email_key: row.text(4)?,
            payout_method: row.opt_text(5)?,
            payout_account: row.opt_text(6)?,
            tax_profile: row.opt_text(7)?,
            own_version: row.opt_int(8)?,
            terms: row.opt_text(9)?,
            terms_version: row.int(10)?,
            created_at: row.int(11)?,
            updated_at: row.int(12)?,
        })
    }

    /// The partner's id.
    pub(super) fn id(&self) -> &str {
        &self.id
    }

    /// The partner, opened; one who was erased has no name, address or account.
    pub(super) fn partner(self, keys: &Keys) -> Result<Partner, Error> {
        let open = |column, sealed: &str| partners::open(keys, &self.id, column, sealed);
        let (name, address) = (open("name", &self.name)?, open("email", &self.email)?);
        let account = self.payout_account.as_deref().map(|it| open("payout_account", it));
        let account = account.transpose()?.filter(|account| !account.is_empty());
        let known = |names: &[&'static str], stored: Option<String>| {
            names.iter().find(|name| stored.as_deref() == Some(name)).copied()
        };
        let method = known(&METHODS, self.payout_method);
        let payout = method.zip(account);
        let terms = self.terms.map(|terms| serde_json::from_str(&terms)).transpose();
        let own = self.own_version.zip(terms.map_err(Error::internal)?);
        Ok(Partner {
            id: self.id,
            program: self.program,
            name,
            email: Email { address, key: self.email_key },
            payout: payout.map(|(method, account)| Payout { method, account }),
            tax: known(&TAX_FORMS, self.tax_profile),
            version: self.own_version.unwrap_or(self.terms_version),
            own,
            created_at: Timestamp(self.created_at),
            updated_at: Timestamp(self.updated_at),
        })
    }
}
