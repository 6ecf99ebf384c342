//! A replay, as the contract says it.

use super::Asked;
use crate::error::Error;
use crate::revenue::commands::Request;
use crate::revenue::convert::{required, text};
use takings::v1 as pb;

/// What is asked for.
pub(in crate::revenue) fn read(asked: pb::ReplayWebhookEventRequest) -> Result<Asked, Error> {
    let pb::ReplayWebhookEventRequest { event_id, source, request_id } = asked;
    let (event, source) = (required("event_id", event_id)?, text("source", source)?);
    let request = Request::new(&request_id, "ReplayWebhookEvent", &[&event, &source])?;
    Ok(Asked { event, source, request })
}
