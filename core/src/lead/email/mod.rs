//! Whether an email address can be written to, and which mailbox it is, without asking its server.
//!
//! [`validate`] reads an address, looks its domain up in the [`lists`] and for a misspelling
//! ([`typo`]), and says what it found as [`Reason`]s, of which the [`Verdict`] follows. What the
//! domain name system knows is asked for in the order that [`dns`] says, by whoever can ask, and
//! added by [`Validation::with`].
//!
//! [`Address::key`] is the one form by which addresses of one mailbox are equal.

mod address;
mod domain;
mod key;
mod local;
mod reason;
mod unsafe_text;
mod validation;

pub mod dns;
pub mod lists;
pub mod suffix;
pub mod typo;

pub use address::Address;
pub use reason::{Reason, Verdict};
pub use validation::{Validation, validate};

use icu_normalizer::ComposingNormalizerBorrowed;

const NFC: ComposingNormalizerBorrowed<'static> = ComposingNormalizerBorrowed::new_nfc();

/// Forms of addresses that the standards know and hardly anybody has: none is accepted by default,
/// but for letters beyond ASCII.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Options {
    /// A quoted local part: `"anna smith"@example.com` (RFC 5321, section 4.1.2).
    pub quoted: bool,
    /// An address of the network instead of a domain: `anna@[192.0.2.1]` (RFC 5321, 4.1.3).
    pub literal: bool,
    /// A domain without a dot, or with digits alone after its last dot.
    pub any_top_level: bool,
    /// A local part with letters beyond ASCII, which needs SMTPUTF8 on the way (RFC 6531).
    pub international: bool,
}

impl Default for Options {
    fn default() -> Options {
        Options { quoted: false, literal: false, any_top_level: false, international: true }
    }
}

/// The key of the mailbox that a text names, read with the default options. `None`: this is no
/// address.
pub fn mailbox(text: &str) -> Option<String> {
    Address::parse(text, &Options::default()).ok().map(|address| address.key())
}
