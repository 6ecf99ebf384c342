//! `POST /revenue/webhooks/stripe`: the raw body goes on untouched.

use crate::app::App;
use crate::error::Error;
use crate::revenue::intake;
use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use std::sync::Arc;
use std::time::Duration;

/// The largest body taken: 1 MiB.
const LARGEST: usize = 1 << 20;

/// How long a body may take to arrive; Stripe's is here within milliseconds.
const SLOWEST: Duration = Duration::from_secs(30);

/// Takes one event in; 2xx means that its effect is durable.
pub(super) async fn stripe(
    State(app): State<Arc<App>>,
    headers: HeaderMap,
    body: Body,
) -> Response {
    let mut response = match take_in(&app, &headers, body).await {
        Ok(answer) => ([(header::CONTENT_TYPE, "application/json")], answer).into_response(),
        Err(error) => refuse(&error),
    };
    if app.stopping.is_cancelled() {
        // So that nobody sends the next event into a connection that is about to close.
        response
            .headers_mut()
            .insert(header::CONNECTION, header::HeaderValue::from_static("close"));
    }
    response
}

/// The whole body, unless it is too large or too slow.
async fn gather(body: Body) -> Result<Bytes, Error> {
    match tokio::time::timeout(SLOWEST, axum::body::to_bytes(body, LARGEST)).await {
        Ok(Ok(body)) => Ok(body),
        Ok(Err(_)) => Err(Error::payload_too_large()),
        Err(_) => Err(Error::payload_too_slow()),
    }
}

async fn take_in(app: &App, headers: &HeaderMap, body: Body) -> Result<String, Error> {
    let declared =
        headers.get(header::CONTENT_LENGTH).and_then(|it| it.to_str().ok()?.parse().ok());
    if declared.is_some_and(|length: usize| length > LARGEST) {
        return Err(Error::payload_too_large());
    }
    let body = gather(body).await?;
    // Two headers are no header: which of them would count?
    let mut signatures = headers.get_all("stripe-signature").iter();
    let signature = match (signatures.next(), signatures.next()) {
        (Some(only), None) => only.to_str().unwrap_or_default(),
        _ => "",
    };
    let taken = intake::stripe(app, body, signature).await?;
    let mut answer = serde_json::json!({
        "event_id": taken.event,
        "outcome": taken.outcome.as_str(),
    });
    if let Some(reason) = taken.reason {
        answer["reason"] = reason.into();
    }
    Ok(format!("{answer}\n"))
}

fn refuse(error: &Error) -> Response {
    error.log();
    let status =
        StatusCode::from_u16(error.http_status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let body = serde_json::json!({ "reason": error.reason_name(), "message": error.message() });
    let mut response = (status, format!("{body}\n")).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, header::HeaderValue::from_static("application/json"));
    if let Some(after) = error.retry_after() {
        headers.insert(header::RETRY_AFTER, after.as_secs().max(1).into());
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_body_that_never_ends_is_not_waited_for() {
        let (sender, parts) = tokio::sync::mpsc::channel::<Result<Bytes, std::io::Error>>(1);
        assert!(sender.try_send(Ok(Bytes::from_static(b"{"))).is_ok());
        let body = Body::from_stream(tokio_stream::wrappers::ReceiverStream::new(parts));
        let refusal = gather(body).await.map_err(|error| error.http_status());
        assert_eq!(refusal, Err(400));
        drop(sender);
    }
}
