//! The salts under which visitors are known for a day, shared by all processes.

use super::store;
use crate::db::Tx;
use crate::ingest::Trouble;
use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use takings_core::affiliate::click::VisitorKey;
use takings_core::time::{DAY_MICROS, Day, Timestamp};
use uuid::Uuid;

/// For how long a salt is kept, counted from the beginning of its day: until every click of its last
/// hour is an hour old.
const TERM: i64 = 25 * 3_600 * 1_000_000;

/// The salts of some days.
#[derive(Debug, Default)]
pub(super) struct Salts(BTreeMap<i64, [u8; 32]>);

impl Salts {
    /// Reads the salts for clicks of some days; only today gets a new one.
    pub(super) async fn of(
        tx: &mut Tx<'_>,
        days: impl Iterator<Item = Day>,
        now: Timestamp,
    ) -> Result<Salts, Trouble> {
        let kept = |day: i64| day * DAY_MICROS + TERM > now.0;
        let days: BTreeSet<i64> = days
            .flat_map(|day| [i64::from(day.0), i64::from(day.0) - 1])
            .filter(|day| kept(*day))
            .collect();
        let today = i64::from(now.day().0);
        let mut salts = store::salts(tx, &days).await?;
        if days.contains(&today) && !salts.contains_key(&today) {
            // Another process may be first; then its salt is the one that is read.
            store::make_salt(tx, today, fresh()).await?;
            salts = store::salts(tx, &days).await?;
        }
        Ok(Salts(salts))
    }

    /// A visitor's key on a day, and on the day before; nothing where the day has no salt.
    pub(super) fn visitor(
        &self,
        day: Day,
        address: IpAddr,
        user_agent: &str,
    ) -> Option<(VisitorKey, Option<VisitorKey>)> {
        let today = self.0.get(&i64::from(day.0))?;
        let yesterday = self.0.get(&(i64::from(day.0) - 1));
        Some(VisitorKey::under(today, yesterday, address, user_agent))
    }
}

/// The first day whose salt is still kept.
pub(super) fn first_kept(now: Timestamp) -> i64 {
    i64::from(Timestamp(now.0 - TERM).day().0) + 1
}

/// Two random ids: 244 bits that nobody can guess.
fn fresh() -> [u8; 32] {
    let mut salt = [0; 32];
    salt[..16].copy_from_slice(Uuid::new_v4().as_bytes());
    salt[16..].copy_from_slice(Uuid::new_v4().as_bytes());
    salt
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_salt_is_kept_for_twenty_five_hours() {
        let at = |hour: i64| Timestamp::from_secs(10 * 86_400 + hour * 3_600 + 1);
        assert_eq!(first_kept(at(0)), 9, "just after midnight");
        assert_eq!(first_kept(Timestamp(at(1).0 - 2_000_000)), 9);
        assert_eq!(first_kept(at(1)), 10);
        assert_eq!(first_kept(at(23)), 10);
    }
}
