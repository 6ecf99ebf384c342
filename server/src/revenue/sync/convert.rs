//! Sync status and backfills, as the contract says them.

use super::{Backfill, Progress, Status, Sweep};
use crate::error::{Error, Reason};
use crate::revenue::commands::request_id as read_id;
use crate::revenue::convert::{instant, micros};
use takings::v1 as pb;
use takings_core::billing::facts::Seconds;
use uuid::Uuid;

/// Since when objects are wanted, and the id of the act.
pub(in crate::revenue) fn start(asked: pb::StartBackfillRequest) -> Result<(Seconds, Uuid), Error> {
    let pb::StartBackfillRequest { since_time, request_id } = asked;
    let since = since_time.ok_or_else(|| {
        let message = "`since_time` is required: objects made before it are not listed";
        Error::invalid(Reason::InvalidField, "since_time", message)
    })?;
    let since = micros("since_time", since)?.div_euclid(1_000_000);
    Ok((since.max(0), read_id(&request_id)?))
}

/// A backfill that was not found.
pub(in crate::revenue) fn missing(id: &str) -> Error {
    Error::not_found(Reason::BackfillNotFound, format!("there is no backfill `{id}`"))
}

fn second(seconds: Seconds) -> prost_types::Timestamp {
    prost_types::Timestamp { seconds, nanos: 0 }
}

impl From<Status> for pb::SyncStatus {
    fn from(status: Status) -> pb::SyncStatus {
        let Status { configured, interval, sweep, failure, backfill } = status;
        let (swept, counted) = match sweep {
            Some(Sweep { source_id: _, since, through, swept_at, listed, healed }) => {
                (Some((since, through, swept_at)), (listed, healed))
            }
            None => (None, (0, 0)),
        };
        pb::SyncStatus {
            stripe_configured: configured,
            sweep_interval_seconds: i64::try_from(interval).unwrap_or(i64::MAX),
            complete_since_time: swept.map(|(since, ..)| second(since)),
            complete_through_time: swept.map(|(_, through, _)| second(through)),
            last_sweep_time: swept.map(|(.., at)| instant(at)),
            listed_event_count: counted.0,
            healed_event_count: counted.1,
            sweep_failure: failure.unwrap_or_default(),
            backfill: backfill.map(Into::into),
        }
    }
}

impl From<Backfill> for pb::Backfill {
    fn from(backfill: Backfill) -> pb::Backfill {
        let Backfill { id, since, started_at, finished_at, failure, kinds } = backfill;
        let state = match finished_at {
            Some(_) => pb::BackfillState::Completed,
            None => pb::BackfillState::Running,
        };
        pb::Backfill {
            backfill_id: id,
            since_time: Some(second(since)),
            state: state.into(),
            start_time: Some(instant(started_at)),
            end_time: finished_at.map(instant),
            failure: failure.unwrap_or_default(),
            kinds: kinds.into_iter().map(Into::into).collect(),
        }
    }
}

impl From<Progress> for pb::BackfillKind {
    fn from(progress: Progress) -> pb::BackfillKind {
        let Progress { kind, cursor_id: _, objects, skipped, finished } = progress;
        pb::BackfillKind {
            kind,
            object_count: objects,
            skipped_count: skipped,
            completed: finished != 0,
        }
    }
}
