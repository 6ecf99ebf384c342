//! What is counted of customers and subscriptions: how many there are, in which status.

use super::{Timelines, Work, status_of};
use crate::db::Tx;
use crate::ingest::Trouble;
use crate::ingest::measures::{self, Measure, Measures, Wanted};
use crate::ingest::output::{Batch, Output};
use std::collections::BTreeMap;
use takings_core::billing::Point;
use takings_core::billing::facts::State;
use takings_core::time::Timestamp;

/// A customer counts from when it was made until it is deleted.
pub(super) async fn customers(
    tx: &mut Tx<'_>,
    works: &[Work<'_>],
    output: &mut Output,
    batch: Batch,
) -> Result<(), Trouble> {
    let mut wanted = Wanted::new();
    for work in works {
        let Some(window) = work.own else { continue };
        let Some(told) = window.told() else { continue };
        // Whoever was deleted stays deleted, and may change all the same.
        let deleted = window.moments.iter().find(|moment| moment.deleted);
        let known = window.anchor.as_ref();
        if known.is_some_and(|anchor| anchor.deleted || deleted.is_none()) {
            continue;
        }
        let State::Customer(it) = &told.state else { continue };
        let mut measures = Measures { customer: Some(work.key.1.clone()), ..Default::default() };
        let measure = |at| Measure {
            kind: "customers".into(),
            currency: String::new(),
            occurred: Timestamp::from_secs(at),
        };
        // Of whom nothing but the end was seen, nobody knows since when.
        if it.created > 0 {
            measures.add(measure(it.created), 1, &told.event)?;
            if let Some(deleted) = deleted {
                measures.add(measure(deleted.second), -1, &deleted.event)?;
            }
        }
        wanted.insert(work.key.clone(), (Timestamp(i64::MIN), measures));
    }
    measures::post(tx, output, batch, wanted).await
}

/// A subscription counts in its status from point to point.
pub(super) async fn statuses(
    tx: &mut Tx<'_>,
    works: &[Work<'_>],
    output: &mut Output,
    batch: Batch,
) -> Result<(), Trouble> {
    let mut wanted = Wanted::new();
    for work in works {
        for subscription in work.windows.keys() {
            let old = transitions(&work.stored, subscription, work)?;
            let new = transitions(&work.target, subscription, work)?;
            let amounts = |measures: &Measures| -> BTreeMap<Measure, i64> {
                measures.targets.iter().map(|(key, (amount, _))| (key.clone(), *amount)).collect()
            };
            if amounts(&old) != amounts(&new) {
                let key = (work.key.0, (*subscription).to_owned());
                wanted.insert(key, (Timestamp::from_secs(work.start), new));
            }
        }
    }
    measures::post(tx, output, batch, wanted).await
}

/// The changes of status from the work's start on.
fn transitions(
    timelines: &Timelines,
    subscription: &str,
    work: &Work<'_>,
) -> Result<Measures, Trouble> {
    let mut measures = Measures { customer: Some(work.key.1.clone()), ..Default::default() };
    let mut before: Option<(String, String)> = None;
    for (at, point) in timelines.get(subscription).into_iter().flatten() {
        let now = counted(point);
        if *at >= work.start && before != now {
            let leaving = before.iter().map(|name| (name, -1));
            for ((kind, currency), sign) in leaving.chain(now.iter().map(|name| (name, 1))) {
                let occurred = Timestamp::from_secs(*at);
                let measure = Measure { kind: kind.into(), currency: currency.into(), occurred };
                measures.add(measure, sign, &point.event)?;
            }
        }
        before = now;
    }
    measures.targets.retain(|_, (amount, _)| *amount != 0);
    Ok(measures)
}

/// The name a point is counted under, and its currency.
fn counted(point: &Point) -> Option<(String, String)> {
    let status = status_of(point);
    let counts = ["active", "trialing", "past_due", "unpaid", "paused"].contains(&status.as_str());
    let currency = point.currency.map(|it| it.as_str().to_owned()).unwrap_or_default();
    counts.then(|| (format!("subscriptions:{status}"), currency))
}
