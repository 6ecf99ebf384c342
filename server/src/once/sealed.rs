//! Answers that name persons: sealed, and unreadable once one of these is erased.

use crate::ingest::Trouble;
use crate::privacy::{Keys, Names, Shared, owners_in, owners_of, random_key};

/// An answer as it is stored.
#[derive(Debug)]
pub(crate) struct Sealed {
    pub(crate) answer: Vec<u8>,
    /// Whom it names, parted by spaces; `None`: nobody, and it is stored as it is.
    pub(crate) owners: Option<String>,
    /// Its key, in shares; `None`: whom it names was erased before.
    pub(crate) key: Option<Vec<u8>>,
}

impl Sealed {
    /// The answer to a request, as it is to be stored.
    pub(crate) fn new(request: &str, answer: &[u8], owners: &Names, keys: &Keys) -> Sealed {
        if owners.is_empty() {
            return Sealed { answer: answer.to_vec(), owners: None, key: None };
        }
        let key = random_key();
        let (sealed, shares) =
            within(request, |it| (it.seal(&key, answer), it.share(&key, owners, keys)));
        let answer = if shares.is_some() { sealed } else { Vec::new() };
        Sealed { answer, owners: Some(owners_of(owners)), key: shares }
    }

    /// Whose keys open it.
    pub(crate) fn owners(&self) -> Names {
        self.owners.as_deref().map(owners_in).unwrap_or_default()
    }

    /// The answer. `None`: whom it names was erased.
    ///
    /// # Errors
    ///
    /// If it does not belong there.
    pub(crate) fn open(self, request: &str, keys: &Keys) -> Result<Option<Vec<u8>>, Trouble> {
        let owners = self.owners();
        let Sealed { answer, owners: named, key } = self;
        if named.is_none() {
            return Ok(Some(answer));
        }
        let Some(shares) = key else { return Ok(None) };
        within(request, |it| {
            let Some(key) = it.join(&shares, &owners, keys)? else { return Ok(None) };
            Ok(Some(it.open(&key, &answer)?.to_vec()))
        })
    }
}

fn within<T>(request: &str, work: impl FnOnce(&Shared<'_>) -> T) -> T {
    work(&Shared { table: "intents", column: "answer", row: &[request] })
}
