//! A key in shares, so that it takes all of them to have it again.

use super::Key;

/// Splits a key: every share but the last is given, and has to be random; the last is what is left.
/// Whoever lacks one share knows nothing of the key.
pub fn split(key: &Key, mut given: Vec<Key>) -> Vec<Key> {
    let last = given.iter().fold(key.clone(), |rest, share| xor(&rest, share));
    given.push(last);
    given
}

/// The key again, of all its shares in any order; `None` of none.
pub fn join(shares: impl IntoIterator<Item = Key>) -> Option<Key> {
    shares.into_iter().reduce(|key, share| xor(&key, &share))
}

fn xor(one: &Key, other: &Key) -> Key {
    let mut bytes = zeroize::Zeroizing::new(*one.bytes());
    bytes.iter_mut().zip(other.bytes()).for_each(|(byte, other)| *byte ^= other);
    Key::new(*bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_takes_every_share_to_have_the_key_again() {
        let key = Key::new([7; 32]);
        for others in 0..4_u8 {
            let given = (0..others).map(|other| Key::new([other + 100; 32])).collect();
            let shares = split(&key, given);
            assert_eq!(shares.len(), usize::from(others) + 1);
            assert_eq!(join(shares.iter().rev().cloned()), Some(key.clone()));
            for missing in 0..shares.len() {
                let mut rest = shares.clone();
                rest.remove(missing);
                assert_ne!(join(rest), Some(key.clone()), "without {missing} of {others}");
            }
        }
        assert_eq!(join([]), None);
    }
}
