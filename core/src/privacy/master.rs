//! Master keys, which wrap the keys of subjects and are kept apart from every database.

use super::index::derive;
use super::{Cell, Key, Nonce, Unreadable, open, seal};

/// A master key, and the id by which it is told from others.
#[derive(Clone, Debug)]
pub struct MasterKey {
    id: String,
    key: Key,
}

/// Why a text holds no usable master keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MasterKeyError {
    /// One has another form.
    #[error("a master key is 64 hexadecimal digits: make one by `openssl rand -hex 32`")]
    Form,
    /// One is there twice.
    #[error("a master key is there twice")]
    Twice,
}

impl MasterKey {
    /// A master key; its id is derived from it and is no secret.
    pub fn new(key: Key) -> MasterKey {
        let id = hex::encode(&derive(&key, "takings master key id v1").bytes()[..8]);
        MasterKey { id, key }
    }

    /// The id: 16 hexadecimal digits.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Wraps the key of a subject.
    pub fn wrap(&self, nonce: Nonce, subject: &str, key: &[u8]) -> Vec<u8> {
        seal(&self.key, nonce, &place(subject, &self.id), key)
    }

    /// Unwraps what was wrapped for a subject.
    ///
    /// # Errors
    ///
    /// If it was wrapped by another master key, for another subject, or was changed.
    pub fn unwrap(
        &self,
        subject: &str,
        wrapped: &[u8],
    ) -> Result<zeroize::Zeroizing<Vec<u8>>, Unreadable> {
        open(&self.key, &place(subject, &self.id), wrapped)
    }
}

fn place(subject: &str, id: &str) -> Vec<u8> {
    Cell { table: "keys", column: "wrapped", row: &[subject, id] }.place()
}

/// The master keys of a process: the one that wraps new keys, and older ones that still unwrap.
#[derive(Clone, Debug, Default)]
pub struct MasterKeys(Vec<MasterKey>);

impl MasterKeys {
    /// Reads keys parted by commas, spaces or lines; the first is the current one. What follows a
    /// `#` up to the end of its line is a remark.
    ///
    /// # Errors
    ///
    /// If one has not 64 hexadecimal digits, or is there twice. The text is not repeated.
    pub fn parse(text: &str) -> Result<MasterKeys, MasterKeyError> {
        let lines = text.lines().map(|line| line.split('#').next().unwrap_or_default());
        let words = lines.flat_map(|line| line.split([',', ' ', '\t', '\r']));
        let mut keys: Vec<MasterKey> = Vec::new();
        for word in words.filter(|word| !word.is_empty()) {
            let mut bytes = zeroize::Zeroizing::new([0; 32]);
            hex::decode_to_slice(word, bytes.as_mut()).map_err(|_| MasterKeyError::Form)?;
            let key = MasterKey::new(Key::new(*bytes));
            if keys.iter().any(|known| known.id == key.id) {
                return Err(MasterKeyError::Twice);
            }
            keys.push(key);
        }
        Ok(MasterKeys(keys))
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The one that wraps new keys.
    pub fn current(&self) -> Option<&MasterKey> {
        self.0.first()
    }

    /// The one of an id.
    pub fn get(&self, id: &str) -> Option<&MasterKey> {
        self.0.iter().find(|key| key.id == id)
    }

    /// All of them, the current one first.
    pub fn iter(&self) -> impl Iterator<Item = &MasterKey> {
        self.0.iter()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ONE: &str = "0000000000000000000000000000000000000000000000000000000000000001";
    const TWO: &str = "0000000000000000000000000000000000000000000000000000000000000002";

    #[test]
    fn what_is_no_master_key_is_refused_and_not_repeated() {
        for text in ["secret", &ONE[1..], &format!("{ONE}0"), &format!("{ONE},x")] {
            let error = MasterKeys::parse(text).unwrap_err();
            assert_eq!(error, MasterKeyError::Form);
            assert!(!error.to_string().contains(text));
        }
        assert_eq!(MasterKeys::parse(&format!("{ONE}\n{ONE}")).unwrap_err(), MasterKeyError::Twice);
    }

    #[test]
    fn the_first_of_several_is_current_and_all_are_found_by_their_ids() {
        let keys = MasterKeys::parse(&format!("# made today\n{TWO} # new\r\n{ONE}\n")).unwrap();
        let ids: Vec<&str> = keys.iter().map(MasterKey::id).collect();
        assert_eq!((ids.len(), keys.current().unwrap().id()), (2, ids[0]));
        assert_eq!(MasterKeys::parse(TWO).unwrap().current().unwrap().id(), ids[0]);
        assert_eq!(keys.get(ids[1]).unwrap().id(), ids[1]);
        assert!(keys.get("0000000000000000").is_none());
        assert!(!format!("{keys:?}").contains(&TWO[50..]));
        assert!(MasterKeys::parse(" \n# nothing\n").unwrap().is_empty());
    }

    #[test]
    fn a_key_is_unwrapped_for_its_subject_by_its_master_key_alone() {
        let keys = MasterKeys::parse(&format!("{ONE},{TWO}")).unwrap();
        let [one, two] = [keys.current().unwrap(), keys.iter().last().unwrap()];
        let wrapped = one.wrap([3; 12], "customer:1:cus_1", &[9; 32]);
        assert_eq!(one.unwrap("customer:1:cus_1", &wrapped).unwrap().as_slice(), [9; 32]);
        assert_eq!(one.unwrap("customer:1:cus_2", &wrapped), Err(Unreadable));
        assert_eq!(two.unwrap("customer:1:cus_1", &wrapped), Err(Unreadable));
    }
}
