//! How far the answers can be trusted: what is not settled, and what is not worked in yet.

mod store;

use crate::app::App;
use crate::error::Error;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use takings_core::money::Currency;
use takings_core::time::Timestamp;
use takings_core::unconfirmed::Reason;

/// What is not settled now.
#[derive(Clone, Debug, Default)]
pub(super) struct Confidence {
    /// Marked objects, by reason and currency.
    counts: BTreeMap<(Reason, Option<Currency>), i64>,
    /// Units of MRR that marked subscriptions hold.
    held: BTreeMap<Currency, i64>,
}

impl Confidence {
    /// Marked objects by reason, in any currency or none.
    pub(super) fn all(&self) -> BTreeMap<Reason, i64> {
        let mut all = BTreeMap::new();
        for ((reason, _), count) in &self.counts {
            *all.entry(*reason).or_default() += count;
        }
        all
    }

    /// Marked objects of one currency, by reason.
    pub(super) fn of(&self, currency: Currency) -> BTreeMap<Reason, i64> {
        let of = self.counts.iter().filter(|((_, known), _)| *known == Some(currency));
        of.map(|((reason, _), count)| (*reason, *count)).collect()
    }

    /// Units of MRR that marked subscriptions hold in one currency.
    pub(super) fn held(&self, currency: Currency) -> i64 {
        self.held.get(&currency).copied().unwrap_or(0)
    }

    /// The currencies of marked objects.
    pub(super) fn currencies(&self) -> impl Iterator<Item = Currency> {
        self.counts.keys().filter_map(|(_, currency)| *currency)
    }
}

/// The recorded instant up to which everything that follows from what was taken in is worked in.
pub(crate) async fn settled_through(app: &App) -> Result<Timestamp, Error> {
    Ok(store::oldest_waiting(&app.database).await?.unwrap_or_else(|| app.now()))
}

/// What is not settled now, counted anew.
pub(super) async fn count(app: &App) -> Result<Confidence, Error> {
    store::count(&app.database, app.now()).await
}

/// The last count. Counting takes time that grows with the number of marks, so a count is used
/// again until a transaction comes in; a slow one for a hundred times as long as it took, so that
/// no more than a hundredth of the time goes into it.
#[derive(Debug, Default)]
pub(super) struct Counted(Mutex<Option<Count>>);

#[derive(Clone, Debug)]
struct Count {
    newest_batch: i64,
    at: Timestamp,
    /// Microseconds that counting took.
    took: i64,
    confidence: Arc<Confidence>,
}

/// For how long a count is believed at most where no transaction came in: one may come in with an
/// older number, and a change of MRR that was known beforehand may become due.
const BELIEVED: i64 = 1_000_000;

/// A count that takes longer than this is slow.
const SLOW: i64 = 5_000;

impl Counted {
    /// What is not settled now.
    pub(super) async fn read(&self, app: &App) -> Result<Arc<Confidence>, Error> {
        let (newest_batch, at) = (store::newest_batch(&app.database).await?, app.now());
        let last = self.0.lock().ok().and_then(|last| last.clone());
        if let Some(last) = last.filter(|last| last.holds(newest_batch, at)) {
            return Ok(last.confidence);
        }
        let confidence = Arc::new(store::count(&app.database, at).await?);
        let took = app.now().0 - at.0;
        if let Ok(mut last) = self.0.lock() {
            *last = Some(Count { newest_batch, at, took, confidence: confidence.clone() });
        }
        Ok(confidence)
    }
}

impl Count {
    fn holds(&self, newest_batch: i64, now: Timestamp) -> bool {
        let age = now.0 - self.at.0;
        let unchanged = newest_batch == self.newest_batch && age < BELIEVED;
        let slow = self.took > SLOW && age < 100 * self.took;
        age >= 0 && (unchanged || slow)
    }
}
