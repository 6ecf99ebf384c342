//! Raw bodies: each under a key of its own, which lies beside it in shares, one for each customer
//! that the body is about, or in the key store as long as nobody is known.

use super::keys::{key_in, unwrap};
use super::shared::{Shared, owners_in};
use super::{Keys, Names, store};
use crate::db::{Database, Rows};
use crate::ingest::{Body, Trouble};
use takings_core::privacy::{Key, Subject};

/// What a body is named by.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Named<'a> {
    pub(crate) source: i64,
    pub(crate) event: &'a str,
    pub(crate) api_version: &'a str,
}

impl Named<'_> {
    /// Its subject while nobody is known.
    pub(crate) fn subject(&self) -> String {
        let (event, version) = (self.event.to_owned(), self.api_version.to_owned());
        Subject::Event(self.source, event, version).to_string()
    }

    /// Seals the body.
    pub(crate) fn seal(&self, key: &Key, bytes: &[u8]) -> Vec<u8> {
        self.within(|it| it.seal(key, bytes))
    }

    /// Puts its key into shares of its owners. `None`: one of them was erased, or nobody owns it.
    pub(crate) fn share(&self, key: &Key, owners: &Names, keys: &Keys) -> Option<Vec<u8>> {
        self.within(|it| it.share(key, owners, keys))
    }

    fn within<T>(&self, work: impl FnOnce(&Shared<'_>) -> T) -> T {
        let row = [&self.source.to_string(), self.event, self.api_version];
        work(&Shared { table: "webhook_bodies", column: "body", row: &row })
    }
}

/// A body as it is stored.
#[derive(Debug)]
pub(crate) struct Stored {
    pub(crate) source: i64,
    pub(crate) event: String,
    pub(crate) api_version: String,
    pub(crate) codec: i64,
    pub(crate) bytes: Vec<u8>,
    /// Its owners' names, parted by spaces; `None`: it is not there any more.
    pub(crate) owners: Option<String>,
    /// Its key, in shares; `None`: the key store has it.
    pub(crate) key: Option<Vec<u8>>,
}

impl Stored {
    /// What it is named by.
    pub(super) fn named(&self) -> Named<'_> {
        Named { source: self.source, event: &self.event, api_version: &self.api_version }
    }
}

/// Opens a body. `None`: whom it was about was erased.
///
/// # Errors
///
/// If it was changed, or the key store does not answer.
pub(crate) async fn open_body(
    database: &Database,
    stored: &Stored,
) -> Result<Option<Body>, Trouble> {
    let Stored { codec, bytes, owners, key, .. } = stored;
    let named = stored.named();
    let Some(owners) = owners else { return Ok(None) };
    let found = match key {
        Some(shares) => Some((shares.clone(), owners_in(owners))),
        None => kept(database, &named.subject()).await?,
    };
    let Some((inner, owners)) = found else { return Ok(None) };
    let keys = Keys::read(database, owners.clone()).await?;
    let key = match owners.is_empty() {
        true => Some(key_in(&inner)?),
        false => named.within(|it| it.join(&inner, &owners, &keys))?,
    };
    let Some(key) = key else { return Ok(None) };
    let plain = named.within(|it| it.open(&key, bytes))?;
    Ok(Some(Body::stored(*codec, plain.to_vec())))
}

/// What the key store keeps of a body's key, and whose shares it is in.
async fn kept(database: &Database, subject: &str) -> Result<Option<(Vec<u8>, Names)>, Trouble> {
    let mut row = Rows::default();
    row.push([subject.into()]);
    let rows = database.read_keys(&store::KEYS, &row).await?;
    let Some(row) = rows.first() else { return Ok(None) };
    let Some(master) = row.opt_text(1)? else { return Ok(None) };
    let inner = unwrap(&database.vault, subject, &master, &row.bytes(2)?)?;
    Ok(Some((inner.to_vec(), owners_in(&row.text(3)?))))
}
