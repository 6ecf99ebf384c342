//! What is known of customers: as each observation said it, and as it stands.

use super::{Keys, Names};
use crate::ingest::Trouble;
use serde::Deserialize;
use takings_core::lead::email::mailbox;
use takings_core::privacy::{Cell, Indexes, Subject};
use zeroize::Zeroizing;

/// The name of a customer's key.
pub(crate) fn customer(source: i64, id: &str) -> String {
    Subject::Customer(source, id.to_owned()).to_string()
}

/// What one observation said of a customer: a fact's `personal`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Said<'a> {
    pub(crate) source: i64,
    pub(crate) customer: &'a str,
    pub(crate) second: i64,
    pub(crate) event: &'a str,
    pub(crate) api_version: &'a str,
}

impl Said<'_> {
    /// Seals it; `None`: the customer was erased.
    pub(crate) fn seal(&self, keys: &Keys, plain: &str) -> Option<String> {
        self.within(|cell| keys.seal(&customer(self.source, self.customer), cell, plain))
    }

    /// Opens it; `None`: the customer was erased.
    ///
    /// # Errors
    ///
    /// If it does not belong there.
    pub(crate) fn open(
        &self,
        keys: &Keys,
        sealed: &str,
    ) -> Result<Option<Zeroizing<String>>, Trouble> {
        self.within(|cell| keys.open(&customer(self.source, self.customer), cell, sealed))
    }

    fn within<T>(&self, work: impl FnOnce(&Cell<'_>) -> T) -> T {
        let Said { source, customer, second, event, api_version } = *self;
        let (source, second) = (source.to_string(), second.to_string());
        let row = [source.as_str(), customer, &second, event, api_version];
        work(&Cell { table: "facts", column: "personal", row: &row })
    }
}

/// Seals what stands of a customer: the mirror's `personal`.
pub(crate) fn seal(keys: &Keys, source: i64, id: &str, plain: &str) -> Option<String> {
    within(source, id, |cell| keys.seal(&customer(source, id), cell, plain))
}

/// Opens what stands of a customer; `None`: the customer was erased.
///
/// # Errors
///
/// If it does not belong there.
pub(crate) fn open(
    keys: &Keys,
    source: i64,
    id: &str,
    sealed: &str,
) -> Result<Option<Zeroizing<String>>, Trouble> {
    within(source, id, |cell| keys.open(&customer(source, id), cell, sealed))
}

fn within<T>(source: i64, id: &str, work: impl FnOnce(&Cell<'_>) -> T) -> T {
    let row = [&source.to_string(), id];
    work(&Cell { table: "customers", column: "personal", row: &row })
}

/// The names of some customers' keys.
pub(crate) fn names<'a>(customers: impl Iterator<Item = (i64, &'a str)>) -> Names {
    customers.map(|(source, id)| customer(source, id)).collect()
}

/// The email address in what is known of a customer.
pub(crate) fn email_of(plain: &str) -> Option<String> {
    #[derive(Deserialize)]
    struct Personal {
        email: Option<String>,
    }
    serde_json::from_str::<Personal>(plain).ok()?.email
}

/// By what an address is found again, whoever wrote it how.
pub(crate) fn email_index(indexes: &Indexes, address: &str) -> Option<String> {
    Some(indexes.equal("email", &mailbox(address)?))
}
