//! What Stripe's failures mean.

use super::transport::{NoAnswer, Response};
use serde::{Deserialize, Serialize};
use std::fmt::{Display, Formatter};
use stripe_client_core::StripeClientErr;

/// Why a request has no result.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
pub struct Error {
    /// What it means.
    pub kind: ErrorKind,
    /// In Stripe's words, or ours where Stripe said nothing.
    pub message: String,
    /// Stripe's id of the request, by which its log and its support find it.
    pub request_id: Option<String>,
    /// Whether it answers the first attempt: no other went before that may have been done.
    #[serde(skip)]
    pub first: bool,
}

/// Failures by meaning.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ErrorKind {
    /// The bank or the card said no.
    Declined {
        /// Such as `card_declined`, `expired_card`.
        code: Option<String>,
        /// Such as `insufficient_funds`.
        decline_code: Option<String>,
    },
    /// The request can never succeed as it is.
    Invalid {
        /// Such as `parameter_missing`, `resource_missing`.
        code: Option<String>,
        /// Which parameter.
        param: Option<String>,
    },
    /// The key is unknown, revoked or expired.
    Authentication,
    /// The key may not do this.
    Permission,
    /// No such object: a wrong id, key, mode or account.
    NotFound,
    /// The idempotency key belongs to another request.
    Idempotency,
    /// Too many requests, even after waiting.
    RateLimited,
    /// No answer, or none but failures. What was asked for may have been done all the same: only
    /// the same idempotency key tells.
    Unavailable,
    /// Stripe failed while it worked, and keeps that answer under the key: its events alone tell what
    /// was done.
    Failed,
    /// An answer that is not Stripe's, such as a page of HTML.
    Unreadable,
}

impl Display for Error {
    fn fmt(&self, f: &mut Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.message)?;
        match &self.request_id {
            Some(id) => write!(f, " (Stripe's request {id})"),
            None => Ok(()),
        }
    }
}

/// `{"error": {...}}`, as far as it is used.
#[derive(Deserialize)]
struct Body {
    error: Details,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Details {
    #[serde(rename = "type")]
    kind: Option<String>,
    code: Option<String>,
    decline_code: Option<String>,
    param: Option<String>,
    message: Option<String>,
}

impl Error {
    fn new(kind: ErrorKind, message: impl Into<String>) -> Error {
        Error { kind, message: message.into(), request_id: None, first: false }
    }

    /// A call that was never sent.
    pub(super) fn nothing() -> Error {
        Error::new(ErrorKind::Unavailable, "nothing was sent")
    }

    /// Nothing came back.
    pub(super) fn no_answer(why: &NoAnswer) -> Error {
        Error::new(ErrorKind::Unavailable, why.to_string())
    }

    /// What cannot be sent at all, such as an id that makes no path.
    pub(super) fn unsendable(why: impl Display) -> Error {
        let kind = ErrorKind::Invalid { code: None, param: None };
        Error::new(kind, format!("the request cannot be written: {why}"))
    }

    /// Reads an answer that is not a success.
    pub(super) fn read(response: &Response) -> Error {
        let error = match serde_json::from_slice::<Body>(&response.body) {
            Ok(Body { error }) => Error::told(response, error),
            Err(_) if response.status >= 500 => {
                Error::new(ErrorKind::Unavailable, format!("it answers HTTP {}", response.status))
            }
            Err(_) => Error::new(ErrorKind::Unreadable, describe(response)),
        };
        error.about(response.head.request_id.clone())
    }

    fn told(response: &Response, details: Details) -> Error {
        let status = response.status;
        let Details { kind, code, decline_code, param, message } = details;
        let kind = match (status, kind.as_deref()) {
            (402, _) | (_, Some("card_error")) => ErrorKind::Declined { code, decline_code },
            (401, _) => ErrorKind::Authentication,
            (403, _) => ErrorKind::Permission,
            (404, _) => ErrorKind::NotFound,
            (429, _) => ErrorKind::RateLimited,
            (500.., _) if response.head.replayed => ErrorKind::Failed,
            // Something holds the object, or an earlier attempt is still under way.
            (409 | 500.., _) => ErrorKind::Unavailable,
            (_, Some("idempotency_error")) => ErrorKind::Idempotency,
            _ => ErrorKind::Invalid { code, param },
        };
        Error::new(kind, message.unwrap_or_else(|| format!("it answers HTTP {status}")))
    }

    /// Events of an old version of the API do not tell what they followed from.
    pub(crate) fn keyless() -> Error {
        let message = "the account's default version of the API is older than 2017-05-25, whose events \
                       name no idempotency key: upgrade it in Stripe's dashboard";
        Error::new(ErrorKind::Unreadable, message)
    }

    /// An answer that is no list.
    pub(super) fn unlisted(message: String) -> Error {
        Error::new(ErrorKind::Unreadable, message)
    }

    /// A success that is not what was asked for.
    pub(super) fn unreadable(response: &Response) -> Error {
        let error = Error::new(ErrorKind::Unreadable, describe(response));
        error.about(response.head.request_id.clone())
    }

    pub(super) fn of_attempt(self, number: u32) -> Error {
        Error { first: number == 1, ..self }
    }

    pub(super) fn about(self, request_id: Option<String>) -> Error {
        Error { request_id, ..self }
    }

    /// A server that echoes what it was sent must not bring the key into a log.
    pub(super) fn hiding(self, secret: &str) -> Error {
        Error { message: self.message.replace(secret, "(the key)"), ..self }
    }
}

impl StripeClientErr for Error {
    fn deserialize_err(message: impl Display) -> Error {
        Error::new(ErrorKind::Unreadable, format!("its answer has another shape: {message}"))
    }
}

/// The status and how the body begins, which tells a proxy's page from an old API. An object of
/// Stripe's is not quoted: it may tell of a person.
fn describe(response: &Response) -> String {
    let text = String::from_utf8_lossy(&response.body);
    let words: Vec<&str> = text.split_whitespace().collect();
    let begins: String = words.join(" ").chars().take(60).collect();
    if begins.starts_with('{') {
        return format!("it answers HTTP {} with JSON of another shape", response.status);
    }
    format!("it answers HTTP {} with `{begins}`", response.status)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stripe::Head;

    fn read(status: u16, body: &'static str) -> Error {
        let head = Head { request_id: Some("req_1".into()), ..Head::default() };
        let retry = Default::default();
        Error::read(&Response { status, head, retry, body: body.into() })
    }

    fn some(text: &str) -> Option<String> {
        Some(text.to_owned())
    }

    #[test]
    fn failures_are_told_apart_by_meaning() {
        let missing = ErrorKind::Invalid { code: some("parameter_missing"), param: some("url") };
        let declined =
            ErrorKind::Declined { code: some("card_declined"), decline_code: some("lost_card") };
        for (status, body, kind) in [
            (400, r#"{"error":{"code":"parameter_missing","param":"url"}}"#, missing),
            (400, r#"{"error":{"type":"idempotency_error"}}"#, ErrorKind::Idempotency),
            (401, r#"{"error":{"code":"api_key_expired"}}"#, ErrorKind::Authentication),
            (402, r#"{"error":{"code":"card_declined","decline_code":"lost_card"}}"#, declined),
            (403, r#"{"error":{}}"#, ErrorKind::Permission),
            (404, r#"{"error":{"code":"resource_missing"}}"#, ErrorKind::NotFound),
            (409, r#"{"error":{"code":"lock_timeout"}}"#, ErrorKind::Unavailable),
            (409, r#"{"error":{"type":"idempotency_error"}}"#, ErrorKind::Unavailable),
            (429, r#"{"error":{"code":"rate_limit"}}"#, ErrorKind::RateLimited),
            (500, r#"{"error":{"type":"api_error"}}"#, ErrorKind::Unavailable),
            (502, "<html></html>", ErrorKind::Unavailable),
            (403, "<html></html>", ErrorKind::Unreadable),
            (302, "", ErrorKind::Unreadable),
            (400, r#"{"error":"no"}"#, ErrorKind::Unreadable),
        ] {
            let error = read(status, body);
            assert_eq!((error.kind, error.request_id), (kind, some("req_1")), "{status} {body}");
        }
    }

    #[test]
    fn a_page_is_quoted_by_its_beginning_and_a_key_never() {
        let error = read(403, "<html>\n  <title>Who is sk_test_1?</title>").hiding("sk_test_1");
        let quoted = "it answers HTTP 403 with `<html> <title>Who is (the key)?</title>`";
        assert_eq!(error.to_string(), format!("{quoted} (Stripe's request req_1)"));
    }
}
