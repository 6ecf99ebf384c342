//! Stub.
#![allow(missing_docs)]
use crate::money::Currency;
use crate::time::{Month, Timestamp};
use crate::unconfirmed::Mark;
use crate::version::Moment;
use std::collections::{BTreeMap, BTreeSet};
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Account(String);
impl Account {
    pub fn parse(text: &str) -> Option<Account> {
        Some(Account(text.into()))
    }
}
impl std::fmt::Display for Account {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum TransferKind {
    Charge,
}
impl TransferKind {
    pub fn as_str(self) -> &'static str {
        "charge"
    }
    pub fn parse(_: &str) -> Option<TransferKind> {
        Some(TransferKind::Charge)
    }
}
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum RevenueKind {
    Payment,
}
impl RevenueKind {
    pub fn as_str(self) -> &'static str {
        "payment"
    }
}
pub struct Member {
    pub id: String,
    pub moments: Vec<Moment>,
}
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct TransferKey {
    pub object: String,
    pub kind: TransferKind,
    pub debit: Account,
    pub credit: Account,
    pub currency: Currency,
    pub occurred: Timestamp,
}
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct NetKey {
    pub object: String,
    pub kind: TransferKind,
    pub low: Account,
    pub high: Account,
    pub currency: Currency,
    pub occurred: Timestamp,
}
impl NetKey {
    pub fn new(
        object: &str,
        kind: TransferKind,
        debit: Account,
        credit: Account,
        currency: Currency,
        occurred: Timestamp,
    ) -> (NetKey, i64) {
        (NetKey { object: object.into(), kind, low: debit, high: credit, currency, occurred }, 1)
    }
}
impl TransferKey {
    pub fn net(&self) -> (NetKey, i64) {
        NetKey::new(
            &self.object,
            self.kind,
            self.debit.clone(),
            self.credit.clone(),
            self.currency,
            self.occurred,
        )
    }
}
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct RevenueKey {
    pub object: String,
    pub kind: RevenueKind,
    pub currency: Currency,
    pub occurred: Timestamp,
}
pub struct Posting {
    pub amount: i64,
    pub observation: String,
}
#[derive(Default)]
pub struct Links {
    pub customer: Option<String>,
    pub invoices: BTreeMap<String, String>,
}
#[derive(Default)]
pub struct Books {
    pub transfers: BTreeMap<TransferKey, Posting>,
    pub revenue: BTreeMap<RevenueKey, Posting>,
    pub marks: BTreeSet<Mark>,
    pub links: Links,
}
pub fn books(_: &[Member], _: Option<Month>) -> Result<Books, String> {
    Ok(Books::default())
}
pub fn difference(_: &Books, _: &BTreeMap<NetKey, i64>) -> Vec<(TransferKey, Posting)> {
    vec![]
}
