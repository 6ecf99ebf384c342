//! Events, as the contract says them.

use super::entity::Row;
use super::{Event, Filter};
use crate::error::{Error, Reason};
use crate::ingest::Outcome;
use crate::revenue::convert::{Span, instant, text};
use crate::revenue::intake::Taken;
use crate::revenue::paging::Slice;
use takings::v1 as pb;

/// The page that is asked for.
pub(in crate::revenue) fn list(
    asked: pb::ListWebhookEventsRequest,
) -> Result<(Filter, Slice<i64>), Error> {
    let pb::ListWebhookEventsRequest { outcome, r#type, created_range, page_size, page_token } =
        asked;
    let outcome = outcome_asked(outcome)?;
    let kind = text("type", r#type)?;
    let created = Span::read("created_range", created_range)?;
    let name = outcome.map_or("", Outcome::as_str);
    let filters = ["ListWebhookEvents", name, &kind, &created.text()];
    let slice = Slice::read(page_size, &page_token, &filters)?;
    Ok((Filter { outcome, kind, created }, slice))
}

fn outcome_asked(outcome: i32) -> Result<Option<Outcome>, Error> {
    let refuse = |message: &str| Err(Error::invalid(Reason::InvalidField, "outcome", message));
    match pb::WebhookOutcome::try_from(outcome) {
        Ok(pb::WebhookOutcome::Unspecified) => Ok(None),
        Ok(pb::WebhookOutcome::Applied) => Ok(Some(Outcome::Applied)),
        Ok(pb::WebhookOutcome::Ignored) => Ok(Some(Outcome::Ignored)),
        Ok(pb::WebhookOutcome::Quarantined) => Ok(Some(Outcome::Quarantined)),
        Ok(pb::WebhookOutcome::Duplicate) => {
            refuse("no stored event is a duplicate: it answers a delivery only")
        }
        Err(_) => refuse("not an outcome that this server knows"),
    }
}

fn outcome(outcome: Outcome) -> pb::WebhookOutcome {
    match outcome {
        Outcome::Applied => pb::WebhookOutcome::Applied,
        Outcome::Duplicate => pb::WebhookOutcome::Duplicate,
        Outcome::Ignored => pb::WebhookOutcome::Ignored,
        Outcome::Quarantined => pb::WebhookOutcome::Quarantined,
    }
}

impl From<Taken> for pb::IngestWebhookResponse {
    fn from(Taken { event, outcome: became, reason }: Taken) -> pb::IngestWebhookResponse {
        // A repeat of a quarantined event is a duplicate, which has no reason.
        let reason = reason.filter(|_| became == Outcome::Quarantined);
        pb::IngestWebhookResponse {
            event_id: event,
            outcome: outcome(became).into(),
            quarantine_reason: reason.unwrap_or_default().to_owned(),
        }
    }
}

impl From<Event> for pb::WebhookEvent {
    fn from(Event { row, source, outcome: became }: Event) -> pb::WebhookEvent {
        let Row {
            seq: _,
            source_id: _,
            event_id,
            api_version,
            kind,
            created_at,
            outcome: _,
            reason,
            message,
            object,
            recorded_at,
        } = row;
        pb::WebhookEvent {
            event_id,
            source,
            r#type: kind,
            api_version,
            object_id: object.unwrap_or_default(),
            outcome: outcome(became).into(),
            quarantine_reason: reason.unwrap_or_default(),
            quarantine_detail: message.unwrap_or_default(),
            created_time: Some(instant(created_at)),
            received_time: recorded_at.map(instant),
        }
    }
}
