//! Keys that this process knows: the master keys, the tenant's indexes, and a bounded number of
//! subjects' keys, unwrapped.

use super::MasterSource;
use super::keys::locked;
use super::masters::MasterError;
use crate::app::now;
use crate::ingest::Trouble;
use std::collections::HashMap;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, RwLock};
use takings_core::privacy::{Indexes, Key, MasterKeys};

/// Subjects' keys in memory: at most twice as many.
const MOST: usize = 8_192;
/// How long a key is believed to be there, in microseconds: another process may destroy it.
const BELIEVED: i64 = 60_000_000;

/// What this process knows.
pub struct Vault {
    source: MasterSource,
    masters: RwLock<Arc<MasterKeys>>,
    indexes: OnceLock<Indexes>,
    known: Mutex<Known>,
}

/// A subject's key, as far as it is known.
#[derive(Clone)]
pub(super) enum Held {
    /// The key.
    Key(Key),
    /// It was destroyed: the subject was erased.
    Erased,
}

/// Two generations: what was not asked for while the younger filled up is forgotten.
#[derive(Default)]
struct Known {
    young: HashMap<String, (Held, i64)>,
    old: HashMap<String, (Held, i64)>,
}

impl Vault {
    /// A vault whose master keys are read now.
    ///
    /// # Errors
    ///
    /// If they cannot be read.
    pub(crate) fn new(source: MasterSource) -> Result<Vault, MasterError> {
        let masters = RwLock::new(source.read()?.into());
        Ok(Vault { source, masters, indexes: OnceLock::new(), known: Mutex::default() })
    }

    /// The master keys.
    pub(super) fn masters(&self) -> Arc<MasterKeys> {
        self.masters.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Makes a master key where none is configured and one may be made.
    pub(super) fn make_master(&self) -> Result<(), MasterError> {
        if let Some(keys) = self.source.make()? {
            self.set(keys);
        }
        Ok(())
    }

    /// Puts a new master key in front of those in the file that the configuration names.
    pub(super) fn renew_master(&self, path: &Path) -> Result<(), MasterError> {
        self.set(self.source.put_in_front(path)?);
        Ok(())
    }

    /// The file that the master keys are in, where there is one.
    pub(super) fn file(&self) -> Option<&Path> {
        self.source.path()
    }

    /// The file that a new master key is put into, where there is one.
    pub(super) fn renewed_file(&self) -> Option<&Path> {
        self.source.renewed()
    }

    /// Reads the master keys again. What cannot be read, and a file that is empty for a moment, is
    /// not believed.
    pub(crate) fn look(&self) {
        match self.source.read() {
            Ok(keys) if keys.is_empty() => {}
            Ok(keys) => {
                let ids = |keys: &MasterKeys| keys.iter().map(|it| it.id().to_owned()).collect();
                let (before, after): (Vec<String>, Vec<String>) =
                    (ids(&self.masters()), ids(&keys));
                if before != after {
                    tracing::info!(
                        current = after[0],
                        keys = after.len(),
                        "master keys have changed"
                    );
                    self.set(keys);
                }
            }
            Err(error) => tracing::warn!(%error, "the master keys stay as they are"),
        }
    }

    fn set(&self, keys: MasterKeys) {
        *self.masters.write().unwrap_or_else(PoisonError::into_inner) = keys.into();
    }

    /// The keyed hashes, once personal data is unlocked.
    pub(crate) fn indexes(&self) -> Option<&Indexes> {
        self.indexes.get()
    }

    /// The keyed hashes.
    ///
    /// # Errors
    ///
    /// Before personal data is unlocked.
    pub(crate) fn unlocked_indexes(&self) -> Result<&Indexes, Trouble> {
        self.indexes().ok_or_else(locked)
    }

    pub(super) fn unlocked(&self, indexes: Indexes) {
        let _ = self.indexes.set(indexes);
    }

    /// What is known of a subject's key.
    pub(super) fn known(&self, subject: &str) -> Option<Held> {
        let (mut known, now) = (self.lock(), now().0);
        let (held, since) = match known.young.get(subject) {
            Some(found) => found.clone(),
            None => {
                let (subject, found) = known.old.remove_entry(subject)?;
                known.put(subject, found.clone());
                found
            }
        };
        (now.saturating_sub(since) < BELIEVED).then_some(held)
    }

    /// Keeps keys that are durable.
    pub(crate) fn keep(&self, made: HashMap<String, Key>) {
        if !made.is_empty() {
            self.learn(made.into_iter().map(|(subject, key)| (subject, Held::Key(key))));
        }
    }

    /// Forgets what was known of subjects.
    pub(crate) fn forget(&self, subjects: &[String]) {
        let mut known = self.lock();
        for subject in subjects {
            known.young.remove(subject);
            known.old.remove(subject);
        }
    }

    /// Keeps what the key store says of subjects.
    pub(super) fn learn(&self, held: impl Iterator<Item = (String, Held)>) {
        let (mut known, now) = (self.lock(), now().0);
        held.for_each(|(subject, held)| known.put(subject, (held, now)));
    }

    fn lock(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Known {
    fn put(&mut self, subject: String, held: (Held, i64)) {
        if self.young.len() >= MOST {
            self.old = std::mem::take(&mut self.young);
        }
        self.young.insert(subject, held);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_is_bounded_and_keeps_what_is_asked_for() {
        let vault = Vault::new(MasterSource::of(&hex::encode([1; 32]))).unwrap();
        let key = |number: usize| (format!("lead:{number}"), Held::Key(Key::new([2; 32])));
        vault.learn(std::iter::once(key(0)));
        for number in 1..5 * MOST {
            vault.learn(std::iter::once(key(number)));
            if number % 1_000 == 0 {
                assert!(vault.known("lead:0").is_some(), "{number}");
            }
        }
        let known = vault.lock();
        assert!(known.young.len() + known.old.len() <= 2 * MOST);
        drop(known);
        assert!(vault.known("lead:1").is_none());
    }

    #[test]
    fn what_is_known_of_a_key_is_believed_for_a_while_only() {
        let vault = Vault::new(MasterSource::of(&hex::encode([1; 32]))).unwrap();
        vault.learn(std::iter::once(("lead:1".into(), Held::Erased)));
        assert!(matches!(vault.known("lead:1"), Some(Held::Erased)));
        vault.lock().young.get_mut("lead:1").unwrap().1 -= BELIEVED;
        assert!(vault.known("lead:1").is_none());
    }
}
