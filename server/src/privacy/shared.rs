//! Bytes under a key of their own, which lies beside them in shares: one for each subject that they
//! are about, so that they are unreadable once one of these is erased.

use super::keys::key_in;
use super::{Keys, Names, random_key, random_nonce};
use crate::ingest::Trouble;
use takings_core::privacy::{Cell, Key, join, open, seal, split};
use zeroize::Zeroizing;

/// The bytes of a sealed share.
const SHARE: usize = 1 + 12 + 32 + 16;

/// Where shared bytes lie.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Shared<'a> {
    pub(crate) table: &'a str,
    pub(crate) column: &'a str,
    pub(crate) row: &'a [&'a str],
}

impl Shared<'_> {
    /// Seals the bytes.
    pub(crate) fn seal(&self, key: &Key, bytes: &[u8]) -> Vec<u8> {
        seal(key, random_nonce(), &self.place(self.column, ""), bytes)
    }

    /// Opens the bytes.
    ///
    /// # Errors
    ///
    /// If they do not belong there.
    pub(crate) fn open(&self, key: &Key, sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, Trouble> {
        open(key, &self.place(self.column, ""), sealed).map_err(|_| self.altered())
    }

    /// Puts a key into shares of its owners, sealed, in the order of their names. `None`: one of them
    /// was erased, or nobody owns it.
    pub(crate) fn share(&self, key: &Key, owners: &Names, keys: &Keys) -> Option<Vec<u8>> {
        let others = owners.iter().skip(1).map(|_| random_key()).collect();
        let mut sealed = Vec::with_capacity(owners.len() * SHARE);
        for (owner, share) in owners.iter().zip(split(key, others)) {
            let place = self.place("key", owner);
            sealed.extend(seal(keys.get(owner)?, random_nonce(), &place, share.bytes()));
        }
        (!owners.is_empty()).then_some(sealed)
    }

    /// The key again. `None`: one of its owners was erased.
    ///
    /// # Errors
    ///
    /// If a share does not belong there.
    pub(crate) fn join(
        &self,
        sealed: &[u8],
        owners: &Names,
        keys: &Keys,
    ) -> Result<Option<Key>, Trouble> {
        let mut shares = Vec::with_capacity(owners.len());
        for (owner, sealed) in owners.iter().zip(sealed.chunks(SHARE)) {
            let Some(key) = keys.get(owner) else { return Ok(None) };
            let share = open(key, &self.place("key", owner), sealed);
            shares.push(key_in(&share.map_err(|_| self.altered())?)?);
        }
        if shares.len() < owners.len() { Err(self.altered()) } else { Ok(join(shares)) }
    }

    fn place(&self, column: &str, owner: &str) -> Vec<u8> {
        let row = [self.row, &[owner]].concat();
        Cell { table: self.table, column, row: &row }.place()
    }

    fn altered(&self) -> Trouble {
        let why =
            format!("{}.{} of a row, or its key, does not belong there", self.table, self.column);
        Trouble::Unreadable { what: "personal data", why }
    }
}

/// Owners as they are stored.
pub(crate) fn owners_of(owners: &Names) -> String {
    owners.iter().map(String::as_str).collect::<Vec<_>>().join(" ")
}

/// Owners that were stored.
pub(crate) fn owners_in(stored: &str) -> Names {
    stored.split(' ').filter(|owner| !owner.is_empty()).map(str::to_owned).collect()
}
