//! The only source of chance. Probabilities are basis points: no float decides anything.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{RngCore, SeedableRng};

pub(crate) struct Dice(ChaCha8Rng);

const ALPHABET: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

impl Dice {
    pub(crate) fn new(seed: u64) -> Self {
        Self(ChaCha8Rng::seed_from_u64(seed))
    }

    /// A number in `0..n`.
    pub(crate) fn below(&mut self, n: u64) -> u64 {
        self.0.next_u64() % n.max(1)
    }

    /// A number in `low..=high`.
    pub(crate) fn range(&mut self, low: i64, high: i64) -> i64 {
        debug_assert!(low <= high);
        let width = u64::try_from(high - low).unwrap_or(0) + 1;
        low + i64::try_from(self.below(width)).unwrap_or(0)
    }

    /// True in `basis_points` of 10,000 cases.
    pub(crate) fn chance(&mut self, basis_points: u64) -> bool {
        self.below(10_000) < basis_points
    }

    /// One of the values, as often as its weight says.
    pub(crate) fn weighted<T: Copy>(&mut self, table: &[(u64, T)]) -> T {
        let mut left = self.below(table.iter().map(|(weight, _)| weight).sum());
        for (weight, value) in table {
            if left < *weight {
                return *value;
            }
            left -= weight;
        }
        table[0].1
    }

    /// A random name in Stripe's alphabet.
    pub(crate) fn token(&mut self, length: usize) -> String {
        (0..length).map(|_| char::from(ALPHABET[self.below(62) as usize])).collect()
    }

    /// A new object id such as `in_1Pgc6tB7WZ01zgkWu9fdqL6I`.
    pub(crate) fn id(&mut self, prefix: &str) -> String {
        let length = if matches!(prefix, "cus" | "prod" | "si") { 14 } else { 24 };
        format!("{prefix}_{}", self.token(length))
    }
}
