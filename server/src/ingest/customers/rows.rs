//! Rows of one customer: points, marks, mirrors.

use super::Window;
use crate::ingest::output::{Batch, Mirror, Output};
use crate::ingest::{Key, Trouble, tables};
use crate::privacy::{Keys, customers};
use std::collections::{BTreeMap, BTreeSet};
use takings_core::billing::Point;
use takings_core::billing::facts::{Seconds, State};
use takings_core::privacy::Indexes;
use takings_core::time::Timestamp;
use takings_core::unconfirmed::Reason;

pub(super) fn write_points(
    output: &mut Output,
    (source, customer): &Key,
    subscription: &str,
    (stored, target): (&BTreeMap<Seconds, Point>, &BTreeMap<Seconds, Point>),
    batch: Batch,
) -> Result<(), Trouble> {
    for at in stored.keys().filter(|at| !target.contains_key(at)) {
        let key = [(*source).into(), customer.as_str().into(), subscription.into(), (*at).into()];
        output.dropped_points.push(key);
    }
    for (at, point) in target.iter().filter(|(at, point)| stored.get(at) != Some(point)) {
        let content = serde_json::to_string(point)
            .map_err(|error| Trouble::Unreadable { what: "point", why: error.to_string() })?;
        output.points.push([
            (*source).into(),
            customer.as_str().into(),
            subscription.into(),
            (*at).into(),
            point.second.into(),
            point.event.as_str().into(),
            point.units.into(),
            point.currency.map(|currency| currency.as_str().to_owned()).into(),
            status_of(point).into(),
            content.into(),
            batch.id.into(),
        ]);
    }
    Ok(())
}

/// Marks, each with the second it came up.
type MarkSet = BTreeSet<(Reason, Seconds)>;

/// The marks of a timeline, each at the instant it came up.
pub(super) fn mark_changes(points: &BTreeMap<Seconds, Point>, start: Seconds) -> MarkSet {
    let mut before: BTreeSet<Reason> = BTreeSet::new();
    let mut changes = BTreeSet::new();
    for (at, point) in points {
        if *at >= start {
            changes.extend(point.marks.difference(&before).map(|reason| (*reason, *at)));
        }
        before = point.marks.clone();
    }
    changes
}

/// Lifts the marks that no longer hold, and puts down those that now do.
pub(in crate::ingest) fn write_marks(
    output: &mut Output,
    (source, object): (i64, &str),
    (stored, target): (MarkSet, MarkSet),
    batch: Batch,
) {
    for (reason, since) in stored.difference(&target) {
        let since = Timestamp::from_secs(*since).0;
        output.lifted.push([source.into(), object.into(), reason.as_str().into(), since.into()]);
    }
    for (reason, since) in target.difference(&stored) {
        let since = Timestamp::from_secs(*since).0;
        output.marks.push([
            source.into(),
            object.into(),
            reason.as_str().into(),
            since.into(),
            batch.id.into(),
        ]);
    }
}

pub(super) fn status_of(point: &Point) -> String {
    word(&point.status)
}

/// The word serde writes for a unit variant.
pub(in crate::ingest) fn word(value: &impl serde::Serialize) -> String {
    match serde_json::to_value(value) {
        Ok(serde_json::Value::String(word)) => word,
        _ => String::new(),
    }
}

/// The mirror of a subscription.
pub(super) fn mirror(
    output: &mut Output,
    key: &Key,
    subscription: &str,
    window: &Window,
    batch: Batch,
) {
    let Some(last) = window.last() else { return };
    let State::Subscription(it) = &last.state else { return };
    let mirror = Mirror {
        customer: Some(&key.1),
        parent: None,
        status: Some(word(&it.status)),
        currency: it.currency.map(|currency| currency.as_str().to_owned()),
        amount: 0,
        created: it.created,
        deleted: last.deleted,
        content: serde_json::to_string(&last.state).unwrap_or_default(),
        personal: None,
        event: &last.event,
    };
    output.mirror(&tables::SUBSCRIPTIONS, &(key.0, subscription.to_owned()), mirror, batch);
}

/// The mirror of the customer itself, and by what mailbox the customer is found.
pub(super) fn own(
    output: &mut Output,
    (keys, indexes): (&Keys, &Indexes),
    key: &Key,
    window: &Window,
    batch: Batch,
) {
    let (Some(last), Some(told)) = (window.last(), window.told()) else { return };
    let State::Customer(it) = &told.state else { return };
    let personal = match window.personal.as_ref().map(|it| it.open(keys, key)) {
        Some(Ok(personal)) => personal,
        // Somebody has changed the row: what it says is lost, and nothing else is to wait for that.
        Some(Err(error)) => {
            tracing::error!(%error, customer = key.1, "what is known of a customer cannot be read");
            None
        }
        None => None,
    };
    let others = window.others.iter().filter_map(|it| it.open(keys, key).ok().flatten());
    for plain in others.chain(personal.clone()) {
        let address = customers::email_of(&plain);
        let index = address.and_then(|address| customers::email_index(indexes, &address));
        let person = |index| (customers::customer(key.0, &key.1), index);
        output.people.extend(index.map(person));
    }
    let mirror = Mirror {
        customer: None,
        parent: None,
        status: None,
        currency: it.currency.map(|currency| currency.as_str().to_owned()),
        amount: it.balance,
        created: it.created,
        deleted: last.deleted,
        content: serde_json::to_string(&told.state).unwrap_or_default(),
        personal: personal.and_then(|plain| customers::seal(keys, key.0, &key.1, &plain)),
        event: &last.event,
    };
    output.mirror(&tables::CUSTOMERS, key, mirror, batch);
}
