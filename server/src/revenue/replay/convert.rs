//! A replay, as the contract says it.

use super::Asked;
use crate::error::{Error, Reason};
use crate::revenue::convert::{required, text};
use takings::v1 as pb;
use uuid::Uuid;

/// What is asked for.
pub(in crate::revenue) fn read(asked: pb::ReplayWebhookEventRequest) -> Result<Asked, Error> {
    let pb::ReplayWebhookEventRequest { event_id, source, request_id } = asked;
    let (event, source) = (required("event_id", event_id)?, text("source", source)?);
    Ok(Asked { event, source, request: request(&request_id)? })
}

/// The id of an act.
pub(in crate::revenue) fn request(id: &str) -> Result<Uuid, Error> {
    Uuid::try_parse(id).map_err(|_| {
        let message = "`request_id` must be a UUID, the same for every attempt at this act";
        Error::invalid(Reason::InvalidRequestId, "request_id", message)
    })
}
