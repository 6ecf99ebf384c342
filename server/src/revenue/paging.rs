//! Pages by key: what is asked for, and what is answered.

use crate::error::{Error, Reason};
use serde::{Serialize, de::DeserializeOwned};
use takings_core::hash::StateHash;

/// How many rows a page has where the caller does not say.
const USUAL: usize = 50;

/// The most rows of a page.
const MOST: usize = 1_000;

/// The part of a list that is asked for.
#[derive(Debug)]
pub(crate) struct Slice<K> {
    /// The last key of the page before.
    pub(crate) after: Option<K>,
    size: usize,
    binding: String,
}

/// One page, and the token of the next; empty after the last.
#[derive(Debug)]
pub(crate) struct Page<T> {
    /// The rows.
    pub(crate) rows: Vec<T>,
    /// The token.
    pub(crate) next: String,
}

impl<K: Serialize + DeserializeOwned> Slice<K> {
    /// Reads `page_size` and `page_token`; `filters` begin with the name of the RPC.
    pub(crate) fn read(size: i32, token: &str, filters: &[&str]) -> Result<Slice<K>, Error> {
        let size = match usize::try_from(size) {
            Ok(0) => USUAL,
            Ok(size) => size.min(MOST),
            Err(_) => {
                let message = format!("{size} is negative: send 0 for {USUAL}, or 1 to {MOST}");
                return Err(Error::invalid(Reason::InvalidPageSize, "page_size", message));
            }
        };
        let mut hash = StateHash::default();
        hash.add(filters);
        let binding = hash.to_string();
        let after = if token.is_empty() { None } else { Some(decode(token, &binding)?) };
        Ok(Slice { after, size, binding })
    }

    /// How many rows to read: one more than the page has, which tells whether another follows.
    pub(crate) fn limit(&self) -> u64 {
        self.size as u64 + 1
    }

    /// Makes a page of the rows read.
    pub(crate) fn page<T>(&self, mut rows: Vec<T>, key: impl Fn(&T) -> K) -> Page<T> {
        let more = rows.len() > self.size;
        rows.truncate(self.size);
        let last = rows.last().filter(|_| more).map(key);
        let next = last.map(|key| encode(&key, &self.binding)).unwrap_or_default();
        Page { rows, next }
    }
}

fn encode<K: Serialize>(key: &K, binding: &str) -> String {
    let text = serde_json::to_string(&(binding, key)).unwrap_or_default();
    text.bytes().map(|byte| format!("{byte:02x}")).collect()
}

fn decode<K: DeserializeOwned>(token: &str, binding: &str) -> Result<K, Error> {
    let byte = |pair: &[u8]| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok();
    let bytes: Option<Vec<u8>> = token.as_bytes().chunks(2).map(byte).collect();
    let read = bytes.and_then(|bytes| serde_json::from_slice::<(String, K)>(&bytes).ok());
    match read {
        Some((bound, key)) if bound == binding => Ok(key),
        _ => {
            let message = "not a token of this RPC with these filters: start without one, and \
                           keep every filter the same while paging";
            Err(Error::invalid(Reason::InvalidPageToken, "page_token", message))
        }
    }
}
