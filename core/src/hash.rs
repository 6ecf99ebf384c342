//! The state hash: one number for everything that must not depend on the order of arrival.
//!
//! Every line (a fact, a mark, a target's net of a day, ...) is hashed by itself with SHA-256, its
//! fields told apart by their lengths; the hash of the state is the sum of the lines' hashes, in
//! four lanes of 64 bits. So lines may come in any order, and repeated ones count.

use sha2::{Digest, Sha256};
use std::fmt;

/// SHA-256 of fields told apart by their lengths, in hexadecimal: equal fields have equal keys, and
/// nothing else can be read from one.
pub fn key_of(fields: &[&str]) -> String {
    let mut hasher = Sha256::new();
    for field in fields {
        hasher.update((field.len() as u64).to_le_bytes());
        hasher.update(field.as_bytes());
    }
    hex::encode(hasher.finalize())
}

/// The hash of a set of lines.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct StateHash {
    lanes: [u64; 4],
    lines: u64,
}

impl StateHash {
    /// Takes in one line.
    pub fn add(&mut self, fields: &[&str]) {
        let mut hasher = Sha256::new();
        for field in fields {
            hasher.update((field.len() as u64).to_le_bytes());
            hasher.update(field.as_bytes());
        }
        let digest = hasher.finalize();
        for (lane, bytes) in self.lanes.iter_mut().zip(digest.chunks_exact(8)) {
            let mut word = [0; 8];
            word.copy_from_slice(bytes);
            *lane = lane.wrapping_add(u64::from_le_bytes(word));
        }
        self.lines += 1;
    }

    /// How many lines were taken in.
    pub fn lines(&self) -> u64 {
        self.lines
    }
}

impl fmt::Display for StateHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.lanes.iter().try_for_each(|lane| write!(f, "{lane:016x}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hash(lines: &[&[&str]]) -> StateHash {
        let mut hash = StateHash::default();
        lines.iter().for_each(|line| hash.add(line));
        hash
    }

    #[test]
    fn the_order_of_lines_does_not_matter() {
        assert_eq!(hash(&[&["a", "b"], &["c"]]), hash(&[&["c"], &["a", "b"]]));
    }

    #[test]
    fn fields_and_repetitions_do() {
        assert_ne!(hash(&[&["a", "b"]]), hash(&[&["ab"]]));
        assert_ne!(hash(&[&["a"]]), hash(&[&["a"], &["a"]]));
    }
}
