//! `POST /revenue/leads`: what forms of the web send.

use super::page::{page, refusal, status, strict};
use super::{asker, limited};
use crate::app::App;
use crate::error::{Error, Reason};
use crate::http::peer::Peer;
use crate::lead::forms::{self, Form, Sent};
use axum::Extension;
use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::Duration;

/// The largest form taken: 64 KiB.
const LARGEST: usize = 64 * 1024;
/// The most fields of a form.
const MOST_FIELDS: usize = 100;
/// How long a form may take to arrive.
const SLOWEST: Duration = Duration::from_secs(15);

/// `OPTIONS /revenue/leads`: which pages may send JSON by a script.
pub(in crate::http) async fn preflight(
    State(app): State<Arc<App>>,
    headers: HeaderMap,
) -> Response {
    let mut response = StatusCode::NO_CONTENT.into_response();
    strict(response.headers_mut());
    if allow(&app, &headers, response.headers_mut()) {
        let headers = response.headers_mut();
        let add = [
            (header::ACCESS_CONTROL_ALLOW_METHODS, "POST"),
            (header::ACCESS_CONTROL_ALLOW_HEADERS, "content-type"),
            (header::ACCESS_CONTROL_MAX_AGE, "600"),
        ];
        add.into_iter().for_each(|(name, it)| {
            headers.insert(name, HeaderValue::from_static(it));
        });
    }
    response
}

/// Names the asking page as one that may read the answer; tells whether it may.
fn allow(app: &App, asked: &HeaderMap, answer: &mut HeaderMap) -> bool {
    answer.append(header::VARY, HeaderValue::from_static("origin"));
    let Some(origin) = asked.get(header::ORIGIN) else { return false };
    let allowed = &app.config.leads.allowed_origins;
    let is_allowed = allowed.iter().any(|it| it == "*" || it.as_bytes() == origin.as_bytes());
    if is_allowed {
        answer.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin.clone());
        let name = axum::http::HeaderName::from_static("cross-origin-resource-policy");
        answer.insert(name, HeaderValue::from_static("cross-origin"));
    }
    is_allowed
}

/// Takes a form in.
pub(in crate::http) async fn submit(
    State(app): State<Arc<App>>,
    Extension(peer): Extension<Peer>,
    headers: HeaderMap,
    body: Body,
) -> Response {
    let (address, user_agent) = asker(&app, peer, &headers);
    let is_json = content_type(&headers) == "application/json";
    let mut response = match limited(&app, address) {
        Some(limited) => limited,
        None => {
            let referrer = text(&headers, header::REFERER);
            let form = read(&headers, body).await;
            let form = form.map(|fields| Form { fields, address, user_agent, referrer });
            match form {
                Ok(form) => answer(&app, form, is_json).await,
                Err(refused) => refused.response(is_json),
            }
        }
    };
    allow(&app, &headers, response.headers_mut());
    response
}

async fn answer(app: &Arc<App>, form: Form, is_json: bool) -> Response {
    match forms::submit(app, form).await {
        Ok(_) if is_json => as_json(StatusCode::ACCEPTED, &json!({ "accepted": true })),
        Ok(sent) => {
            let text = match sent {
                Sent { asks: true } => {
                    "Thank you. A mail is on its way to you: please confirm by the link in it."
                }
                Sent { asks: false } => "Thank you.",
            };
            page(StatusCode::ACCEPTED, "Thank you", text, None)
        }
        Err(error) if is_json => {
            error.log();
            let said = json!({ "reason": error.reason_name(), "message": error.message() });
            as_json(status(&error), &said)
        }
        Err(error) => refusal(&error),
    }
}

fn as_json(status: StatusCode, said: &Value) -> Response {
    let mut response = (status, format!("{said}\n")).into_response();
    let headers = response.headers_mut();
    strict(headers);
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}

/// Why a form cannot be read.
enum Refused {
    TooLarge,
    OtherType,
    Unreadable(&'static str),
}

impl Refused {
    fn response(self, is_json: bool) -> Response {
        let (status, message) = match self {
            Refused::TooLarge => {
                (StatusCode::PAYLOAD_TOO_LARGE, "a form has at most 65,536 bytes and 100 fields")
            }
            Refused::OtherType => (
                StatusCode::UNSUPPORTED_MEDIA_TYPE,
                "send application/x-www-form-urlencoded or application/json",
            ),
            Refused::Unreadable(why) => (StatusCode::BAD_REQUEST, why),
        };
        let error = Error::invalid(Reason::InvalidField, "", message);
        if is_json {
            return as_json(
                status,
                &json!({ "reason": error.reason_name(), "message": error.message() }),
            );
        }
        page(status, "This did not work", message, None)
    }
}

async fn read(headers: &HeaderMap, body: Body) -> Result<Vec<(String, String)>, Refused> {
    let kind = content_type(headers);
    if kind != "application/json" && kind != "application/x-www-form-urlencoded" {
        return Err(Refused::OtherType);
    }
    let declared = text(headers, header::CONTENT_LENGTH).parse().ok();
    if declared.is_some_and(|length: usize| length > LARGEST) {
        return Err(Refused::TooLarge);
    }
    let body = match tokio::time::timeout(SLOWEST, axum::body::to_bytes(body, LARGEST)).await {
        Ok(Ok(body)) => body,
        Ok(Err(_)) => return Err(Refused::TooLarge),
        Err(_) => return Err(Refused::Unreadable("the form did not arrive whole within 15 s")),
    };
    let fields = match kind.as_str() {
        "application/json" => fields_of(&body)?,
        _ => form_urlencoded::parse(&body).into_owned().take(MOST_FIELDS + 1).collect(),
    };
    if fields.len() > MOST_FIELDS { Err(Refused::TooLarge) } else { Ok(fields) }
}

/// The fields of a JSON object; values are texts, numbers, or yes and no.
fn fields_of(body: &[u8]) -> Result<Vec<(String, String)>, Refused> {
    let Ok(Value::Object(object)) = serde_json::from_slice(body) else {
        return Err(Refused::Unreadable("send one JSON object"));
    };
    let field = |(name, value): (String, Value)| match value {
        Value::String(text) => Ok((name, text)),
        Value::Number(number) => Ok((name, number.to_string())),
        Value::Bool(yes) => Ok((name, yes.to_string())),
        Value::Null => Ok((name, String::new())),
        Value::Array(_) | Value::Object(_) => {
            Err(Refused::Unreadable("fields are texts, numbers, or true and false"))
        }
    };
    object.into_iter().map(field).collect()
}

fn content_type(headers: &HeaderMap) -> String {
    let value = text(headers, header::CONTENT_TYPE);
    value.split(';').next().unwrap_or_default().trim().to_ascii_lowercase()
}

fn text(headers: &HeaderMap, name: header::HeaderName) -> String {
    headers.get(name).and_then(|it| it.to_str().ok()).unwrap_or_default().to_owned()
}
