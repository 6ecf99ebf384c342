//! What is due to each partner of a program.

use super::entity::currency;
use super::store;
use crate::db::{Row, Tx};
use crate::error::Error;
use std::collections::{BTreeMap, BTreeSet};
use takings_core::affiliate::Terms;
use takings_core::affiliate::commission::{Key, Kind};
use takings_core::affiliate::decision::State;
use takings_core::affiliate::payout::{self, Entry, Outcome, Payee, TaxProfile};
use takings_core::money::Currency;
use takings_core::time::Timestamp;

/// A partner with unclaimed commissions.
#[derive(Debug)]
pub(super) struct Candidate {
    pub(super) partner: String,
    pub(super) method: Option<String>,
    terms: Terms,
    payee: Payee,
}

impl Candidate {
    /// Reads a row of [`store::candidates`].
    pub(super) fn read(row: &Row) -> Result<Candidate, Error> {
        let tax = row.opt_text(2)?.and_then(|name| TaxProfile::parse(&name));
        Ok(Candidate {
            partner: row.text(0)?,
            method: row.opt_text(1)?,
            terms: serde_json::from_str(&row.text(3)?).map_err(Error::internal)?,
            payee: Payee {
                tax: tax.unwrap_or_default(),
                paying_customers: row.int(4)?,
                paid_before: row.int(5)? > 0,
            },
        })
    }

    /// What becomes of the partner's unclaimed commissions, by currency.
    pub(super) fn outcomes(&self, open: &Open) -> Result<BTreeMap<Currency, Outcome>, Error> {
        let is_payable = |sale: &str| open.payable.contains(sale);
        payout::batches(&self.terms, self.payee, &open.entries, is_payable).map_err(Error::internal)
    }
}

/// The unclaimed commissions of one partner.
#[derive(Debug, Default)]
pub(super) struct Open {
    entries: Vec<Entry>,
    /// Sales of which what is left may be paid, and is past its hold.
    payable: BTreeSet<String>,
}

/// The unclaimed commissions of some partners, by partner; what was due by `through` can be paid.
pub(super) async fn open(
    tx: &mut Tx<'_>,
    program: &str,
    partners: &[&str],
    only: Option<Currency>,
    through: Timestamp,
) -> Result<BTreeMap<String, Open>, Error> {
    let mut open: BTreeMap<String, Open> = BTreeMap::new();
    for row in store::open(tx, program, partners).await? {
        let currency = currency(&row.text(5)?)?;
        if only.is_some_and(|only| only != currency) {
            continue;
        }
        // Two sources may have sales of one name.
        let sale = format!("{}|{}", row.int(2)?, row.text(3)?);
        let of = open.entry(row.text(1)?).or_default();
        let due = row.opt_int(9)?.is_some_and(|at| at <= through.0);
        let state = row.opt_text(8)?.and_then(|name| State::parse(&name));
        if due && state.is_some_and(State::may_be_paid) {
            of.payable.insert(sale.clone());
        }
        let kind = Kind::parse(&row.text(4)?).unwrap_or(Kind::Earned);
        let key = Key { sale, kind, occurred: Timestamp(row.int(6)?), currency };
        of.entries.push(Entry { id: row.text(0)?, key, amount: row.int(7)?, claimed: false });
    }
    Ok(open)
}
