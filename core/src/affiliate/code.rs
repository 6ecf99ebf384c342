//! The codes of links: the part of a link's address that names it.

use std::fmt;

/// Codes that would hide pages of the server, or pass for them.
const RESERVED: [&str; 28] = [
    "about",
    "account",
    "admin",
    "api",
    "app",
    "assets",
    "auth",
    "billing",
    "checkout",
    "docs",
    "favicon",
    "health",
    "healthz",
    "help",
    "login",
    "logout",
    "metrics",
    "null",
    "ready",
    "robots",
    "signup",
    "static",
    "status",
    "stripe",
    "support",
    "undefined",
    "webhooks",
    "www",
];

/// The shortest and the longest code, in characters.
const LENGTH: std::ops::RangeInclusive<usize> = 3..=64;

/// A link's code: 3 to 64 ASCII letters, digits, `-` and `_`. Case makes no difference.
#[derive(Clone, Debug)]
pub struct Code {
    shown: String,
    key: String,
}

/// Why a text is no code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadCode {
    /// Shorter than 3 characters, or longer than 64.
    #[error("use 3 to 64 characters")]
    Length,
    /// Something else than letters, digits, `-` and `_` of ASCII: no letters that look like them,
    /// no slashes, no spaces.
    #[error("use only the letters a to z, digits, `-` and `_`")]
    Alphabet,
    /// A word that the server keeps for itself.
    #[error("this word is kept for the server's own pages: use another one")]
    Reserved,
}

impl Code {
    /// Reads a code as somebody typed it.
    pub fn parse(text: &str) -> Result<Code, BadCode> {
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
        if !text.bytes().all(allowed) {
            return Err(BadCode::Alphabet);
        }
        if !LENGTH.contains(&text.len()) {
            return Err(BadCode::Length);
        }
        let key = text.to_ascii_lowercase();
        if RESERVED.contains(&key.as_str()) {
            return Err(BadCode::Reserved);
        }
        Ok(Code { shown: text.to_owned(), key })
    }

    /// The form by which codes are stored and found: lower case.
    pub fn key(&self) -> &str {
        &self.key
    }
}

impl PartialEq for Code {
    fn eq(&self, other: &Code) -> bool {
        self.key == other.key
    }
}

impl Eq for Code {}

impl fmt::Display for Code {
    /// As it was typed.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.shown)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn case_makes_no_difference() {
        let (typed, found) = (Code::parse("Anna-2026").unwrap(), Code::parse("aNNA-2026").unwrap());
        assert_eq!(typed, found);
        assert_eq!(typed.key(), "anna-2026");
        assert_eq!(typed.to_string(), "Anna-2026");
    }

    #[test]
    fn what_is_no_code_is_refused_by_its_reason() {
        let cases = [
            ("ab", BadCode::Length),
            ("", BadCode::Length),
            ("a/b", BadCode::Alphabet),
            ("..%2f", BadCode::Alphabet),
            ("a b c", BadCode::Alphabet),
            ("a\nbc", BadCode::Alphabet),
            ("\u{430}nna", BadCode::Alphabet),
            ("ann\u{e9}", BadCode::Alphabet),
            ("anna@example.com", BadCode::Alphabet),
            ("Admin", BadCode::Reserved),
        ];
        for (text, why) in cases {
            assert_eq!(Code::parse(text).unwrap_err(), why, "{text:?}");
        }
        assert_eq!(Code::parse(&"a".repeat(65)).unwrap_err(), BadCode::Length);
        assert!(Code::parse(&"a".repeat(64)).is_ok());
    }
}
