//! One attempt over HTTP: rustls, kept connections, and the headers that matter.

use crate::config;
use bytes::Bytes;
use http_body_util::{BodyExt, Full, Limited};
use hyper::header::{AUTHORIZATION, CONTENT_TYPE, DATE, HeaderMap, HeaderValue, RETRY_AFTER};
use hyper::header::{InvalidHeaderValue, USER_AGENT};
use hyper::{Method, Request};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use std::time::Duration;
use takings_core::stripe::API_VERSION;
use takings_core::time::Timestamp;

/// No page of a hundred objects comes near it.
const LARGEST_ANSWER: usize = 32 << 20;
/// Shorter than an attempt, so that a dead address leaves time for another.
const CONNECTING: Duration = Duration::from_secs(5);
/// Shorter than balancers keep a silent connection.
const IDLING: Duration = Duration::from_secs(50);
/// Longer than this, a wait that an answer asks for is not believed.
const LONGEST_WAIT: u64 = 60;

/// What goes out; every attempt sends the same.
pub(super) struct Message {
    pub(super) method: Method,
    /// Path and query, after `/v1`.
    pub(super) path: String,
    pub(super) form: Option<String>,
    /// Made before the first attempt.
    pub(super) idempotency_key: Option<String>,
    pub(super) account: Option<String>,
}

/// What came back.
pub(super) struct Response {
    pub(super) status: u16,
    pub(super) head: Head,
    pub(super) retry: Retry,
    pub(super) body: Bytes,
}

/// What an answer says of itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Head {
    /// Stripe's id of the request.
    pub request_id: Option<String>,
    /// When Stripe answered, by its own clock, to the second.
    pub date: Option<Timestamp>,
    /// It is an earlier answer, kept under the idempotency key: what it shows may have changed since.
    pub replayed: bool,
}

/// What an answer says of trying again.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Retry {
    pub(super) should: Option<bool>,
    pub(super) after: Option<Duration>,
}

/// Why nothing came back.
#[derive(Debug, thiserror::Error)]
pub(super) enum NoAnswer {
    #[error("it did not answer in time")]
    Late,
    #[error("it cannot be reached: {0}")]
    Unreachable(String),
    #[error("the connection broke: {0}")]
    Broken(String),
}

/// Connections to Stripe.
pub(super) struct Transport {
    http: legacy::Client<HttpsConnector<HttpConnector>, Full<Bytes>>,
    base: String,
    authorization: HeaderValue,
}

impl Transport {
    pub(super) fn new(url: &str, key: &config::ApiKey) -> Result<Transport, InvalidHeaderValue> {
        let mut authorization = HeaderValue::try_from(format!("Bearer {}", key.expose()))?;
        authorization.set_sensitive(true);
        let mut tcp = HttpConnector::new();
        tcp.enforce_http(false);
        tcp.set_nodelay(true);
        tcp.set_connect_timeout(Some(CONNECTING));
        // The configuration lets plain HTTP through to this machine alone.
        let tls = HttpsConnectorBuilder::new().with_webpki_roots().https_or_http().enable_http1();
        let http = legacy::Client::builder(TokioExecutor::new())
            .pool_timer(TokioTimer::new())
            .pool_idle_timeout(IDLING)
            .build(tls.wrap_connector(tcp));
        Ok(Transport { http, base: url.trim_end_matches('/').to_owned(), authorization })
    }

    /// The request of an attempt.
    pub(super) fn request(&self, message: &Message) -> hyper::http::Result<Request<Full<Bytes>>> {
        let mut request = Request::builder()
            .method(&message.method)
            .uri(format!("{}/v1{}", self.base, message.path))
            .header(AUTHORIZATION, &self.authorization)
            .header(USER_AGENT, concat!("takings/", env!("CARGO_PKG_VERSION")))
            .header("stripe-version", API_VERSION);
        if message.form.is_some() {
            request = request.header(CONTENT_TYPE, "application/x-www-form-urlencoded");
        }
        let optional =
            [("idempotency-key", &message.idempotency_key), ("stripe-account", &message.account)];
        for (name, value) in optional {
            if let Some(value) = value {
                request = request.header(name, value);
            }
        }
        request.body(Full::from(message.form.clone().unwrap_or_default()))
    }

    /// Sends a request once.
    pub(super) async fn send(&self, request: Request<Full<Bytes>>) -> Result<Response, NoAnswer> {
        let answer = self.http.request(request).await.map_err(|error| {
            let why = chain(&error);
            if error.is_connect() { NoAnswer::Unreachable(why) } else { NoAnswer::Broken(why) }
        })?;
        let (parts, body) = answer.into_parts();
        let body = Limited::new(body, LARGEST_ANSWER).collect().await;
        let body = body.map_err(|error| NoAnswer::Broken(error.to_string()))?.to_bytes();
        let (head, retry) = (Head::read(&parts.headers), Retry::read(&parts.headers));
        Ok(Response { status: parts.status.as_u16(), head, retry, body })
    }
}

impl Head {
    fn read(headers: &HeaderMap) -> Head {
        let date = text(headers, DATE.as_str()).and_then(|date| {
            let parser = jiff::fmt::rfc2822::DateTimeParser::new();
            Some(Timestamp::from_secs(parser.parse_timestamp(date).ok()?.as_second()))
        });
        let request_id = text(headers, "request-id").map(str::to_owned);
        let replayed = text(headers, "idempotent-replayed") == Some("true");
        Head { request_id, date, replayed }
    }
}

impl Retry {
    fn read(headers: &HeaderMap) -> Retry {
        let seconds = text(headers, RETRY_AFTER.as_str()).and_then(|it| it.parse().ok());
        Retry {
            should: text(headers, "stripe-should-retry").and_then(|it| it.parse().ok()),
            after: seconds.filter(|it| *it <= LONGEST_WAIT).map(Duration::from_secs),
        }
    }
}

fn text<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name)?.to_str().ok()
}

/// The innermost cause: the layers around it only say that there was one.
fn chain(error: &legacy::Error) -> String {
    let mut inner: &dyn std::error::Error = error;
    while let Some(source) = inner.source() {
        inner = source;
    }
    inner.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answers_date_is_stripes_own_second() {
        let mut headers = HeaderMap::new();
        headers.insert(DATE, HeaderValue::from_static("Sun, 06 Nov 1994 08:49:37 GMT"));
        let head = Head::read(&headers);
        let date = Some(Timestamp(784_111_777_000_000));
        assert_eq!(head, Head { date, ..Head::default() });
    }
}
