//! Sources: which provider account, in which mode, a key belongs to.

mod store;

use crate::db::Database;
use crate::error::Error;
use std::collections::HashMap;
use std::sync::Mutex;

/// The numbers of the sources seen so far.
pub struct Sources {
    database: Database,
    numbers: Mutex<HashMap<String, i64>>,
}

/// The name of a Stripe account in one mode: `stripe:<account>:live` or `...:test`.
pub fn stripe(account: Option<&str>, livemode: bool) -> String {
    let mode = if livemode { "live" } else { "test" };
    format!("stripe:{}:{mode}", account.unwrap_or("default"))
}

impl Sources {
    /// None seen yet.
    pub fn new(database: Database) -> Sources {
        Sources { database, numbers: Mutex::default() }
    }

    /// The number of a source, given to it now where it is new.
    pub async fn number(&self, name: &str) -> Result<i64, Error> {
        let known = self.numbers.lock().ok().and_then(|numbers| numbers.get(name).copied());
        if let Some(number) = known {
            return Ok(number);
        }
        let number = store::number(&self.database, name).await?;
        if let Ok(mut numbers) = self.numbers.lock() {
            numbers.insert(name.to_owned(), number);
        }
        Ok(number)
    }

    /// The names of all sources, by number.
    pub async fn names(&self) -> Result<HashMap<i64, String>, Error> {
        Ok(store::names(&self.database).await?.into_iter().collect())
    }
}
