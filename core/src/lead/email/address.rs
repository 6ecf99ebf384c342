//! An address that was read.

use super::{NFC, Options, Reason, domain, key, local, suffix, unsafe_text};
use std::borrow::Cow;
use std::fmt;

/// The longest address, in octets, with its domain as A-labels.
const LONGEST: usize = 254;
/// What is longer as it was typed is not looked at: even decomposed, and with four octets a
/// character, no address is.
const LONGEST_TYPED: usize = 4096;

/// An email address, in the form in which it is delivered.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Address {
    local: String,
    domain: String,
}

impl Address {
    /// Reads what a person typed: spaces around it are ignored, the rest is brought to NFC.
    ///
    /// # Errors
    ///
    /// Everything that speaks against it, in order: the whole, then its characters, then its parts.
    pub fn parse(text: &str, options: &Options) -> Result<Address, Vec<Reason>> {
        Typed::read(text, options)?.address()
    }

    /// What stands before the `@`: NFC, with case as it was typed.
    pub fn local(&self) -> &str {
        &self.local
    }

    /// What stands after the `@`: A-labels in lower case, or a literal in brackets.
    pub fn domain(&self) -> &str {
        &self.domain
    }

    /// The domain to ask the domain name system about; a literal has none.
    pub fn host(&self) -> Option<&str> {
        (!self.domain.starts_with('[')).then_some(self.domain.as_str())
    }

    /// The domain that somebody registered: one label more than a public suffix.
    pub fn registrable(&self) -> Option<&str> {
        self.host().and_then(suffix::registrable)
    }

    /// The form to write to.
    pub fn delivery(&self) -> String {
        format!("{}@{}", self.local, self.domain)
    }

    /// The form by which addresses of one mailbox are equal. It is never without a local part.
    pub fn key(&self) -> String {
        key::of(&self.local, &self.domain)
    }

    /// Whether only servers with SMTPUTF8 take it.
    pub fn needs_smtputf8(&self) -> bool {
        !self.local.is_ascii()
    }

    /// The same mailbox name elsewhere, where that is an address.
    pub(super) fn at(local: &str, domain: &str, options: &Options) -> Option<Address> {
        let domain = domain::read(domain, options).ok()?;
        joined(local.to_owned(), domain).ok()
    }
}

/// No address is shown by accident, in a log or an error.
impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Address(hidden)")
    }
}

/// The two parts of an address, each read or with what speaks against it.
pub(super) struct Typed {
    pub(super) local: Result<String, Reason>,
    pub(super) domain: Result<String, Reason>,
    /// The domain as it was typed, in NFC and lower case.
    pub(super) typed_domain: String,
}

impl Typed {
    pub(super) fn read(text: &str, options: &Options) -> Result<Typed, Vec<Reason>> {
        let text = text.trim();
        if text.is_empty() {
            return Err(vec![Reason::Empty]);
        }
        if text.len() > LONGEST_TYPED {
            return Err(vec![Reason::TooLong]);
        }
        let text = safe(text)?;
        let at = last_unquoted_at(&text).ok_or_else(|| vec![Reason::NoAtSign])?;
        let (before, after) = (&text[..at], &text[at + 1..]);
        Ok(Typed {
            local: local::read(before, options),
            domain: domain::read(after, options),
            typed_domain: after.to_lowercase(),
        })
    }

    pub(super) fn address(self) -> Result<Address, Vec<Reason>> {
        match (self.local, self.domain) {
            (Ok(local), Ok(domain)) => joined(local, domain).map_err(|it| vec![it]),
            (local, domain) => {
                let mut reasons: Vec<Reason> =
                    local.err().into_iter().chain(domain.err()).collect();
                reasons.sort_unstable();
                Err(reasons)
            }
        }
    }
}

fn joined(local: String, domain: String) -> Result<Address, Reason> {
    if local.len() + 1 + domain.len() > LONGEST {
        return Err(Reason::TooLong);
    }
    Ok(Address { local, domain })
}

/// The text in NFC, if no character speaks against it before and after.
fn safe(text: &str) -> Result<Cow<'_, str>, Vec<Reason>> {
    let normal = NFC.normalize(text);
    let mut reasons = unsafe_text::reasons(text);
    if normal != text {
        reasons.extend(unsafe_text::reasons(&normal));
        reasons.sort_unstable();
        reasons.dedup();
    }
    if reasons.is_empty() { Ok(normal) } else { Err(reasons) }
}

/// Where the local part ends. Quotes count only where they begin the text, as they must.
fn last_unquoted_at(text: &str) -> Option<usize> {
    let quoted = closing_quote(text).unwrap_or(0);
    text[quoted..].rfind('@').map(|at| quoted + at)
}

/// Where the quotes end that a text begins with.
fn closing_quote(text: &str) -> Option<usize> {
    let inside = text.strip_prefix('"')?;
    let mut escaped = false;
    for (place, c) in inside.char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' => return Some(1 + place),
            _ => {}
        }
    }
    None
}
