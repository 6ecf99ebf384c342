//! Pages of a list, by key: how many rows, after which one, and the token that says so.
//!
//! A token is the last key of a page with a fingerprint of the filters it was made for, so that
//! another filter with it is refused. Filters begin with the name of the RPC.

use crate::error::{Error, Reason};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use takings_core::hash::StateHash;

/// How many rows a page has where the caller does not say.
const USUAL: u32 = 50;

/// The most rows of a page.
const MOST: u32 = 1_000;

/// The longest token that is read: keys are a few ids and numbers.
const LONGEST_TOKEN: usize = 4_096;

/// The part of a list that is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page {
    /// The most rows to answer.
    pub size: u32,
    /// The key of the last row of the page before; `None`: the first page.
    pub after: Option<Vec<String>>,
}

impl Page {
    /// Reads `page_size` and `page_token`.
    pub fn read(page_size: i32, page_token: &str, filters: &[&str]) -> Result<Page, Error> {
        Ok(Page { size: size(page_size)?, after: decode(page_token, filters)? })
    }
}

/// How many rows a page has: 0 stands for 50, more than 1,000 for 1,000.
pub fn size(page_size: i32) -> Result<u32, Error> {
    match u32::try_from(page_size) {
        Ok(0) => Ok(USUAL),
        Ok(size) => Ok(size.min(MOST)),
        Err(_) => {
            let message = format!("{page_size} is negative: send 0 for {USUAL}, or 1 to {MOST}");
            Err(Error::invalid(Reason::InvalidPageSize, "page_size", message))
        }
    }
}

/// The token of the page after the row with this key.
pub fn encode(filters: &[&str], key: &[String]) -> String {
    let text = serde_json::to_string(&(fingerprint(filters), key)).unwrap_or_default();
    URL_SAFE_NO_PAD.encode(text)
}

/// The key that a token holds; nothing where the token is empty: the first page.
pub fn decode(page_token: &str, filters: &[&str]) -> Result<Option<Vec<String>>, Error> {
    if page_token.is_empty() {
        return Ok(None);
    }
    match unpack(page_token) {
        Some((bound, key)) if bound == fingerprint(filters) => Ok(Some(key)),
        _ => Err(invalid_token()),
    }
}

/// A token that holds no key of this list.
pub fn invalid_token() -> Error {
    let message = "not a token of this RPC with these filters: start without one, and keep every \
                   filter the same while paging";
    Error::invalid(Reason::InvalidPageToken, "page_token", message)
}

fn unpack(page_token: &str) -> Option<(String, Vec<String>)> {
    let short = Some(page_token).filter(|token| token.len() <= LONGEST_TOKEN)?;
    let unpacked: (String, Vec<String>) =
        serde_json::from_slice(&URL_SAFE_NO_PAD.decode(short).ok()?).ok()?;
    // No key of ours holds a NUL, which PostgreSQL does not take; a key may be JSON itself.
    let has_nul = |key: &String| key.contains('\0') || key.contains("\\u0000");
    Some(unpacked).filter(|(_, key)| !key.iter().any(has_nul))
}

/// Sixteen digits are enough to tell an honest mistake.
fn fingerprint(filters: &[&str]) -> String {
    let mut hash = StateHash::default();
    hash.add(filters);
    hash.to_string().chars().take(16).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_leads_back_to_its_key() {
        let filters = ["ListThings", "USD", ""];
        let key = ["1700000000".to_owned(), "cus_ä\"1".to_owned()];
        let token = encode(&filters, &key);
        assert!(token.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte)));
        assert_eq!(decode(&token, &filters).unwrap(), Some(key.to_vec()));
        assert_eq!(decode("", &filters).unwrap(), None);
    }

    #[test]
    fn a_token_of_other_filters_is_refused() {
        let token = encode(&["ListThings", "USD", ""], &["1".to_owned()]);
        for (token, filters) in [
            (token.as_str(), ["ListThings", "", "USD"]),
            (token.as_str(), ["ListOthers", "USD", ""]),
            ("%%%", ["ListThings", "USD", ""]),
            ("bm8", ["ListThings", "USD", ""]),
            (&encode(&["ListThings", "USD", ""], &["a\0".to_owned()]), ["ListThings", "USD", ""]),
            (
                &encode(&["ListThings", "USD", ""], &["\"\\u0000\"".to_owned()]),
                ["ListThings", "USD", ""],
            ),
            (&"A".repeat(LONGEST_TOKEN + 1), ["ListThings", "USD", ""]),
        ] {
            let error = decode(token, &filters).unwrap_err();
            assert_eq!(error.reason(), Reason::InvalidPageToken, "{token} {filters:?}");
        }
    }

    #[test]
    fn sizes_have_a_usual_and_a_most() {
        for (asked, answered) in
            [(0, 50), (1, 1), (1_000, 1_000), (1_001, 1_000), (i32::MAX, 1_000)]
        {
            assert_eq!(size(asked).unwrap(), answered);
        }
        assert_eq!(size(-1).unwrap_err().reason(), Reason::InvalidPageSize);
    }
}
