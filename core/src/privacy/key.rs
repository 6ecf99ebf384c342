//! Sealing under one key.
//!
//! A sealed text is a byte that says how it was sealed (1: as here), the nonce of 12 bytes, the
//! ciphertext, and its tag of 16 bytes. The associated data is authenticated and not stored.

use aes_gcm_siv::aead::{Aead, Payload};
use aes_gcm_siv::{Aes256GcmSiv, KeyInit};
use zeroize::Zeroizing;

/// The bytes of a nonce.
pub const NONCE: usize = 12;
/// A number used once: random, because one key seals fewer than 2^32 texts, and a repeated one shows
/// no more than that two texts are equal (RFC 8452, section 9).
pub type Nonce = [u8; NONCE];

/// How texts are sealed here.
const VERSION: u8 = 1;
const HEAD: usize = 1 + NONCE;

/// A key of 256 bits, wiped from memory when it is dropped. It is never printed.
#[derive(Clone, PartialEq, Eq)]
pub struct Key(Zeroizing<[u8; 32]>);

impl Key {
    /// The key of these bytes, which have to be random.
    pub fn new(bytes: [u8; 32]) -> Key {
        Key(Zeroizing::new(bytes))
    }

    /// The key that was read from somewhere; `None` if it has not 32 bytes.
    pub fn read(bytes: &[u8]) -> Option<Key> {
        bytes.try_into().ok().map(Key::new)
    }

    /// Its bytes.
    pub fn bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl std::fmt::Debug for Key {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Key(..)")
    }
}

/// What was sealed cannot be opened: it was sealed under another key or for another place, or it was
/// changed since. Which of these, nobody can tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("this was sealed under another key or for another place, or changed since")]
pub struct Unreadable;

/// Seals a text for the place that the associated data tells.
pub fn seal(key: &Key, nonce: Nonce, place: &[u8], plain: &[u8]) -> Vec<u8> {
    let payload = Payload { msg: plain, aad: place };
    // It refuses only texts of more than 64 GiB, which no request can hold.
    let sealed = cipher(key).encrypt(&nonce.into(), payload).unwrap_or_default();
    [&[VERSION], nonce.as_slice(), &sealed].concat()
}

/// Opens what was sealed for a place.
///
/// # Errors
///
/// If it cannot be opened.
pub fn open(key: &Key, place: &[u8], sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, Unreadable> {
    let (head, sealed) = sealed.split_at_checked(HEAD).ok_or(Unreadable)?;
    let (version, nonce) = head.split_at(1);
    let nonce: Nonce = nonce.try_into().map_err(|_| Unreadable)?;
    if version != [VERSION] {
        return Err(Unreadable);
    }
    let payload = Payload { msg: sealed, aad: place };
    let plain = cipher(key).decrypt(&nonce.into(), payload).map_err(|_| Unreadable)?;
    Ok(Zeroizing::new(plain))
}

fn cipher(key: &Key) -> Aes256GcmSiv {
    Aes256GcmSiv::new(key.bytes().into())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(byte: u8) -> Key {
        Key::new([byte; 32])
    }

    #[test]
    fn what_was_changed_or_cut_anywhere_is_refused() {
        let sealed = seal(&key(1), [7; 12], b"here", b"anna@example.com");
        for place in 0..sealed.len() {
            let mut changed = sealed.clone();
            changed[place] ^= 1;
            assert_eq!(open(&key(1), b"here", &changed), Err(Unreadable), "byte {place}");
            assert_eq!(open(&key(1), b"here", &sealed[..place]), Err(Unreadable), "cut {place}");
        }
        assert_eq!(open(&key(1), b"here", b""), Err(Unreadable));
    }

    #[test]
    fn another_key_and_another_place_are_refused() {
        let sealed = seal(&key(1), [7; 12], b"here", b"anna@example.com");
        assert_eq!(open(&key(2), b"here", &sealed), Err(Unreadable));
        assert_eq!(open(&key(1), b"there", &sealed), Err(Unreadable));
    }

    #[test]
    fn what_was_sealed_is_opened_and_shows_nothing_of_the_text() {
        for plain in [b"".as_slice(), b"anna@example.com", &[0; 100_000]] {
            let sealed = seal(&key(1), [7; 12], b"here", plain);
            assert_eq!(sealed.len(), HEAD + plain.len() + 16);
            assert_eq!(open(&key(1), b"here", &sealed).unwrap().as_slice(), plain);
        }
        let sealed = seal(&key(1), [7; 12], b"here", b"anna@example.com");
        assert!(!sealed.windows(4).any(|it| it == b"anna"));
    }

    #[test]
    fn a_key_is_never_printed() {
        assert_eq!(format!("{:?}", key(9)), "Key(..)");
    }
}
