//! Pages by key: what is asked for, and what is answered.

use crate::error::Error;
use crate::page;
use serde::{Serialize, de::DeserializeOwned};

/// The part of a list that is asked for.
#[derive(Debug)]
pub(crate) struct Slice<K> {
    /// The last key of the page before.
    pub(crate) after: Option<K>,
    size: u32,
    filters: Vec<String>,
}

/// One page, and the token of the next; empty after the last.
#[derive(Debug)]
pub(crate) struct Page<T> {
    /// The rows.
    pub(crate) rows: Vec<T>,
    /// The token.
    pub(crate) next: String,
}

impl<T> Page<T> {
    /// The rows and the token, as a response has them.
    pub(crate) fn answer<U: From<T>>(self) -> (Vec<U>, String) {
        (self.rows.into_iter().map(Into::into).collect(), self.next)
    }
}

impl<K: Serialize + DeserializeOwned> Slice<K> {
    /// Reads `page_size` and `page_token`; `filters` begin with the name of the RPC.
    pub(crate) fn read(size: i32, token: &str, filters: &[&str]) -> Result<Slice<K>, Error> {
        let size = page::size(size)?;
        let after = page::decode(token, filters)?.map(|key| parse(&key)).transpose()?;
        Ok(Slice { after, size, filters: filters.iter().map(|it| (*it).to_owned()).collect() })
    }

    /// How many rows to read: one more than the page has, which tells whether another follows.
    pub(crate) fn limit(&self) -> u64 {
        u64::from(self.size) + 1
    }

    /// Makes a page of the rows read.
    pub(crate) fn page<T>(&self, mut rows: Vec<T>, key: impl Fn(&T) -> K) -> Page<T> {
        let size = self.size as usize;
        let more = rows.len() > size;
        rows.truncate(size);
        let last = rows.last().filter(|_| more).map(key);
        let next = last.map(|key| self.token(&key)).unwrap_or_default();
        Page { rows, next }
    }

    /// The token of the page after a key.
    pub(crate) fn token(&self, key: &K) -> String {
        let filters: Vec<&str> = self.filters.iter().map(String::as_str).collect();
        page::encode(&filters, &[serde_json::to_string(key).unwrap_or_default()])
    }
}

fn parse<K: DeserializeOwned>(key: &[String]) -> Result<K, Error> {
    let [key] = key else { return Err(page::invalid_token()) };
    serde_json::from_str(key).map_err(|_| page::invalid_token())
}
