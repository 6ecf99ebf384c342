//! Finding what is sealed by equality, and remembering whom not to write to.

use super::Key;
use hkdf::Hkdf;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use zeroize::Zeroizing;

/// Keys derived from the tenant's secret, one a use: whoever learns one learns no other.
///
/// Indexes show which rows are equal, and nothing else to who has not the secret. That holds for
/// emails and accounts, which cannot be guessed one by one without it.
#[derive(Clone, Debug)]
pub struct Indexes {
    equality: Key,
    suppression: Key,
    fingerprint: Key,
}

impl Indexes {
    /// The keys of a tenant's secret: HKDF-SHA256 without salt, a label a use.
    pub fn new(secret: &Key) -> Indexes {
        Indexes {
            equality: derive(secret, "takings index v1"),
            suppression: derive(secret, "takings suppression v1"),
            fingerprint: derive(secret, "takings tenant v1"),
        }
    }

    /// What equal values of a kind have in common, in hexadecimal: HMAC-SHA256 of the kind, a NUL
    /// and the value, which is in its one form already.
    pub fn equal(&self, kind: &str, value: &str) -> String {
        mac(&self.equality, kind, value)
    }

    /// By what someone who was erased is still known, so as not to be written to again.
    pub fn suppressed(&self, kind: &str, value: &str) -> String {
        mac(&self.suppression, kind, value)
    }

    /// By what the secret can be recognised, and nothing be learned of it.
    pub fn fingerprint(&self) -> String {
        hex::encode(&self.fingerprint.bytes()[..8])
    }
}

/// A key for one use.
pub(super) fn derive(secret: &Key, label: &str) -> Key {
    let mut bytes = Zeroizing::new([0; 32]);
    // It refuses only more than 255 times 32 bytes.
    let _ = Hkdf::<Sha256>::new(None, secret.bytes()).expand(label.as_bytes(), bytes.as_mut());
    Key::new(*bytes)
}

fn mac(key: &Key, kind: &str, value: &str) -> String {
    // A key of any length is taken.
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(key.bytes()) else { return String::new() };
    for part in [kind.as_bytes(), b"\0", value.as_bytes()] {
        mac.update(part);
    }
    hex::encode(mac.finalize().into_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_values_of_one_kind_and_secret_alone_are_equal() {
        let (ours, others) = (Indexes::new(&Key::new([1; 32])), Indexes::new(&Key::new([2; 32])));
        let index = ours.equal("email", "anna@example.com");
        assert_eq!(index, ours.equal("email", "anna@example.com"));
        assert_ne!(index, ours.equal("email", "anne@example.com"));
        assert_ne!(index, ours.equal("payout", "anna@example.com"));
        assert_ne!(index, ours.suppressed("email", "anna@example.com"));
        assert_ne!(index, others.equal("email", "anna@example.com"));
        assert_ne!(ours.fingerprint(), others.fingerprint());
    }
}
