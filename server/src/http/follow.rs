//! `GET /r/{code}`: the way from a link to its page; and the script that keeps the click there.

use super::peer::{Peer, client, is_https};
use crate::affiliate::clicks::{Visit, Way, follow as take};
use crate::app::App;
use axum::Extension;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use std::sync::Arc;
use takings_core::affiliate::code::Code;

/// The script of the page that links lead to.
const SCRIPT: &str = include_str!("takings.js");
/// How long a browser keeps a click: 90 days.
const KEPT_SECONDS: u32 = 90 * 86_400;
/// The cookie, and the parameter, by which a visitor says not to be tracked.
const OPT_OUT: &str = "tk_opt_out";

/// Sends a visitor on. Nothing about the click can make it fail, or wait for long.
pub(super) async fn follow(
    State(app): State<Arc<App>>,
    Extension(peer): Extension<Peer>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
) -> Response {
    let code = uri.path().strip_prefix("/r/").unwrap_or_default();
    let Ok(code) = Code::parse(code) else { return unknown() };
    let target = match app.links.get(&app.database, &code, app.now()).await {
        Ok(Some(target)) => target,
        Ok(None) => return unknown(),
        Err(error) => {
            error.log();
            return later();
        }
    };
    let proxies = &app.config.http.trusted_proxies;
    let address = client(peer, &headers, proxies);
    let query = uri.query().unwrap_or_default();
    let visit = Visit {
        address,
        user_agent: text(&headers, header::USER_AGENT),
        referrer: text(&headers, header::REFERER),
        query: query.to_owned(),
        method: method.to_string(),
        purposes: purposes(&headers),
        opt_out: opts_out(&headers, query),
    };
    let is_https = is_https(peer, &headers, proxies);
    on_the_way(&take(&app, &target, &visit).await, is_https)
}

/// The answer that leads on; the cookie of a visitor who came by https is sent by https alone.
fn on_the_way(Way { location, click }: &Way, is_https: bool) -> Response {
    let Ok(location) = HeaderValue::from_str(location) else { return later() };
    let mut response = StatusCode::FOUND.into_response();
    let headers = response.headers_mut();
    headers.insert(header::LOCATION, location);
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("strict-origin"));
    let secure = if is_https { "; Secure" } else { "" };
    let cookie = click
        .as_ref()
        .map(|id| format!("tk_click={id}; Max-Age={KEPT_SECONDS}; Path=/; SameSite=Lax{secure}"));
    if let Some(Ok(cookie)) = cookie.map(|cookie| HeaderValue::from_str(&cookie)) {
        headers.insert(header::SET_COOKIE, cookie);
    }
    response
}

fn unknown() -> Response {
    page(StatusCode::NOT_FOUND, "This link leads nowhere: there is none of this name.\n")
}

fn later() -> Response {
    let mut response =
        page(StatusCode::SERVICE_UNAVAILABLE, "This link cannot be looked up now. Try again.\n");
    response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static("1"));
    response
}

fn page(status: StatusCode, text: &'static str) -> Response {
    let mut response = (status, text).into_response();
    let no_store = HeaderValue::from_static("no-store");
    response.headers_mut().insert(header::CACHE_CONTROL, no_store);
    response
}

/// A header's value; what is not UTF-8 is read as far as it is.
fn text(headers: &HeaderMap, name: HeaderName) -> Option<String> {
    headers.get(name).map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned())
}

/// What the request says it is for.
fn purposes(headers: &HeaderMap) -> Vec<String> {
    let names = ["sec-purpose", "purpose", "x-purpose", "x-moz"];
    let values = names.iter().flat_map(|name| headers.get_all(*name));
    values.filter_map(|value| value.to_str().ok()).map(str::to_owned).take(4).collect()
}

/// Whether the visitor does not want to be tracked.
fn opts_out(headers: &HeaderMap, query: &str) -> bool {
    let says = |name: &str| headers.get(name).is_some_and(|value| value == "1");
    let cookies = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
    let mut cookies = cookies.flat_map(|value| value.split(';'));
    let wanted = format!("{OPT_OUT}=1");
    says("sec-gpc")
        || says("dnt")
        || query.split('&').any(|pair| pair == wanted)
        || cookies.any(|cookie| cookie.trim() == wanted)
}

/// The script for the pages that links lead to.
pub(super) async fn script() -> Response {
    let headers = [
        (header::CONTENT_TYPE, "text/javascript; charset=utf-8"),
        (header::CACHE_CONTROL, "public, max-age=3600"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    ];
    (headers, SCRIPT).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_script_is_small() {
        assert!(SCRIPT.len() < 2_048, "{} bytes", SCRIPT.len());
    }

    #[test]
    fn a_visitor_can_say_no() {
        let with = |name: &'static str, value: &'static str| {
            let mut headers = HeaderMap::new();
            headers.insert(name, HeaderValue::from_static(value));
            opts_out(&headers, "")
        };
        assert!(with("dnt", "1") && with("sec-gpc", "1") && with("cookie", "a=b; tk_opt_out=1"));
        assert!(!with("dnt", "0") && !with("cookie", "tk_opt_out=10"));
        assert!(opts_out(&HeaderMap::new(), "sub1=a&tk_opt_out=1"));
    }
}
