//! Links kept in memory, so that a redirect asks the database once in two seconds at most.

use super::{Link, store};
use crate::db::Database;
use crate::error::Error;
use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use takings_core::affiliate::code::Code;
use takings_core::affiliate::destination::Destination;
use takings_core::time::Timestamp;
use tokio::time::timeout;

/// For how long a link is taken as it was read.
const FRESH: Duration = Duration::from_secs(2);
/// For how long one is used after that, while the database does not answer.
const STALE: Duration = Duration::from_secs(600);
/// How long a visitor waits for the database.
const PATIENCE: Duration = Duration::from_millis(500);
/// The most links that are kept, and the most codes of which it is known that there is no link.
const MOST: usize = 10_000;

/// What a redirect has to know of a link.
#[derive(Debug)]
pub struct Target {
    /// The link's id.
    pub link: String,
    /// The program.
    pub program: String,
    /// The partner.
    pub partner: String,
    /// Where to go: of a disabled link the program's destination.
    pub destination: Destination,
    /// Whether the link brings nothing any more.
    pub disabled: bool,
}

impl Target {
    fn of(link: Link) -> Option<Target> {
        let disabled = link.disabled_at.is_some();
        let own = link.destination.filter(|_| !disabled);
        let address = own.unwrap_or(link.usual_destination);
        Some(Target {
            link: link.id,
            program: link.program,
            partner: link.partner,
            destination: Destination::parse(&address).ok()?,
            disabled,
        })
    }
}

type Kept<T> = Mutex<HashMap<String, (T, Timestamp)>>;

/// The links that were read lately, by the keys of their codes.
#[derive(Debug, Default)]
pub struct Cache {
    known: Kept<Arc<Target>>,
    /// Apart, so that made-up codes do not drive out links.
    unknown: Kept<()>,
}

impl Cache {
    /// The link of a code, as it was at most two seconds ago; while the database does not answer, as
    /// it was at most ten minutes ago.
    ///
    /// # Errors
    ///
    /// If the database does not answer, and the link was not read lately.
    pub async fn get(
        &self,
        database: &Database,
        code: &Code,
        now: Timestamp,
    ) -> Result<Option<Arc<Target>>, Error> {
        if let Some(target) = read(&self.known, code.key(), now, FRESH) {
            return Ok(Some(target));
        }
        if read(&self.unknown, code.key(), now, FRESH).is_some() {
            return Ok(None);
        }
        let asked = timeout(PATIENCE, store::find(database, "l.code_key", code.key())).await;
        let error = match asked {
            Ok(Ok(link)) => return Ok(self.keep(code, link, now)),
            Ok(Err(error)) => error,
            Err(_) => Error::silent_database(),
        };
        read(&self.known, code.key(), now, STALE).map(Some).ok_or(error)
    }

    fn keep(&self, code: &Code, link: Option<Link>, now: Timestamp) -> Option<Arc<Target>> {
        let target = link.and_then(Target::of).map(Arc::new);
        match &target {
            Some(target) => write(&self.known, code.key(), target.clone(), now),
            None => write(&self.unknown, code.key(), (), now),
        }
        target
    }

    /// Forgets every link.
    pub fn forget(&self) {
        for_each(&self.known, HashMap::clear);
        for_each(&self.unknown, HashMap::clear);
    }
}

fn for_each<T>(kept: &Kept<T>, work: impl FnOnce(&mut HashMap<String, (T, Timestamp)>)) {
    if let Ok(mut kept) = kept.lock() {
        work(&mut kept);
    }
}

fn read<T: Clone>(kept: &Kept<T>, key: &str, now: Timestamp, within: Duration) -> Option<T> {
    let kept = kept.lock().ok()?;
    kept.get(key).filter(|(_, at)| is_within(*at, now, within)).map(|(value, _)| value.clone())
}

/// Keeps a value; where there is no room, those that are not fresh go, and if all are, all.
fn write<T>(kept: &Kept<T>, key: &str, value: T, now: Timestamp) {
    for_each(kept, |kept| {
        if kept.len() >= MOST && !kept.contains_key(key) {
            kept.retain(|_, (_, at)| is_within(*at, now, FRESH));
            if kept.len() >= MOST {
                kept.clear();
            }
        }
        kept.insert(key.to_owned(), (value, now));
    });
}

fn is_within(at: Timestamp, now: Timestamp, within: Duration) -> bool {
    u128::from(now.0.abs_diff(at.0)) < within.as_micros()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn made_up_codes_fill_no_memory() {
        let kept = Kept::<()>::default();
        for number in 0..MOST * 2 + 10 {
            write(&kept, &number.to_string(), (), Timestamp(0));
        }
        assert!(kept.lock().unwrap().len() <= MOST);
    }

    #[test]
    fn what_was_read_is_fresh_for_two_seconds() {
        let kept = Kept::<()>::default();
        write(&kept, "anna", (), Timestamp::from_secs(10));
        assert!(read(&kept, "anna", Timestamp::from_secs(11), FRESH).is_some());
        assert!(read(&kept, "anna", Timestamp::from_secs(12), FRESH).is_none());
        assert!(read(&kept, "anna", Timestamp::from_secs(12), STALE).is_some());
    }
}
