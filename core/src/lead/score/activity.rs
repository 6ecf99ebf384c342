//! What a lead did, and which of it counts.

use crate::time::Timestamp;
use std::collections::{BTreeMap, HashSet};

/// Something a lead did. Two with the same id are one.
// The order of the fields is the order of activities: by time, then by id, then by all the rest.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Activity {
    /// When it happened.
    pub at: Timestamp,
    /// Its id; the order of activities of one instant.
    pub id: String,
    /// What it was, such as `form` or `page`; an open set.
    pub kind: String,
    /// What else is known of it, such as `path`.
    pub attributes: BTreeMap<String, String>,
    /// When it was learned.
    pub recorded_at: Timestamp,
    /// When it was recognised as the act of a scanner or another robot; it counts for nothing by
    /// what is known from then on.
    pub automated_at: Option<Timestamp>,
}

/// The time that is asked for, and what is known by then.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AsOf {
    /// Business time: what happened later does not count; the instant itself does.
    pub at: Timestamp,
    /// Recorded time: what was learned later is not known; at the instant itself it is.
    pub known_at: Timestamp,
}

impl AsOf {
    /// Whether something that happened and was learned then counts.
    pub fn includes(&self, at: Timestamp, recorded_at: Timestamp) -> bool {
        at <= self.at && recorded_at <= self.known_at
    }

    fn counts(&self, activity: &Activity) -> bool {
        let automated = activity.automated_at.is_some_and(|at| at <= self.known_at);
        self.includes(activity.at, activity.recorded_at) && !automated
    }
}

/// The activities that count, each once, in their order.
pub(super) fn counted(activities: &[Activity], as_of: AsOf) -> Vec<&Activity> {
    let mut counted: Vec<&Activity> = activities.iter().filter(|it| as_of.counts(it)).collect();
    counted.sort_unstable();
    let mut seen = HashSet::with_capacity(counted.len());
    counted.retain(|activity| seen.insert(activity.id.as_str()));
    counted
}
