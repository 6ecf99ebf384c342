//! Pages and their headers.

use crate::error::Error;
use crate::lead::escaped;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};

/// What every answer says to browsers. Tokens stand in addresses: no page is told where somebody came
/// from, none is kept, none is shown within another.
const HEADERS: [(HeaderName, &str); 7] = [
    (
        header::CONTENT_SECURITY_POLICY,
        "default-src 'none'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'",
    ),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::X_FRAME_OPTIONS, "DENY"),
    (header::REFERRER_POLICY, "no-referrer"),
    (header::CACHE_CONTROL, "no-store"),
    (HeaderName::from_static("x-robots-tag"), "noindex, nofollow"),
    (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
];

/// Adds what every answer says.
pub(super) fn strict(headers: &mut HeaderMap) {
    for (name, value) in HEADERS {
        headers.insert(name, HeaderValue::from_static(value));
    }
}

/// A page, with a button that posts to its own address where there is one.
pub(super) fn page(status: StatusCode, title: &str, text: &str, button: Option<&str>) -> Response {
    let button = button.map_or(String::new(), |label| {
        format!("<form method=\"post\"><button type=\"submit\">{}</button></form>", escaped(label))
    });
    let html = format!(
        "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" \
         content=\"width=device-width\"><title>{title}</title></head><body><main><h1>{title}</h1>\
         <p>{text}</p>{button}</main></body></html>\n",
        title = escaped(title),
        text = escaped(text)
    );
    let mut response = (status, html).into_response();
    let headers = response.headers_mut();
    strict(headers);
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
    response
}

/// A page that says why something failed.
pub(super) fn refusal(error: &Error) -> Response {
    error.log();
    let status = status(error);
    let mut response = page(status, "This did not work", &error.message(), None);
    if let Some(after) = error.retry_after() {
        response.headers_mut().insert(header::RETRY_AFTER, after.as_secs().max(1).into());
    }
    response
}

/// The status of a failure.
pub(super) fn status(error: &Error) -> StatusCode {
    StatusCode::from_u16(error.http_status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
}
