//! Pages of leads: the form's door, and the pages that mails lead to. They need no script, and say to
//! browsers to trust nothing but themselves.

mod form;
mod page;

use super::peer::{Peer, client};
use crate::app::App;
use crate::error::Error;
use crate::lead::forms;
use axum::Extension;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, Method, StatusCode, header};
use axum::response::Response;
pub(super) use form::{preflight, submit};
use page::{page, refusal};
use std::net::IpAddr;
use std::sync::Arc;

/// Who asks, as far as it is known.
fn asker(app: &App, peer: Peer, headers: &HeaderMap) -> (Option<IpAddr>, String) {
    let address = client(peer, headers, &app.config.http.trusted_proxies);
    let agent = headers.get(header::USER_AGENT).and_then(|it| it.to_str().ok()).unwrap_or_default();
    (address, agent.chars().take(500).collect())
}

/// Whether another request of an address is answered; the answer, where it is not.
fn limited(app: &App, address: Option<IpAddr>) -> Option<Response> {
    if forms::allows(app, address) {
        return None;
    }
    let text = "Too much at once: try again in a minute.";
    let mut response = page(StatusCode::TOO_MANY_REQUESTS, "Too many requests", text, None);
    response.headers_mut().insert(header::RETRY_AFTER, 60.into());
    Some(response)
}

/// `GET /revenue/leads/confirm/{token}`: shows what would be confirmed, and confirms nothing: scanners
/// of mail open every page.
pub(super) async fn show_confirmation(
    State(app): State<Arc<App>>,
    Extension(peer): Extension<Peer>,
    Path(token): Path<String>,
    method: Method,
    headers: HeaderMap,
) -> Response {
    let (address, agent) = asker(&app, peer, &headers);
    match forms::look(&app, &token).await {
        Ok(Ok(_)) if app.config.leads.one_click && method == Method::GET => {
            confirmed(&app, token, address, agent).await
        }
        Ok(Ok(purpose)) => {
            let text = format!("You asked for: {purpose}. One more step:");
            page(StatusCode::OK, "Please confirm", &text, Some("Confirm"))
        }
        Ok(Err(why)) => missed(&app, address, gone(&why)),
        Err(error) => refusal(&error),
    }
}

fn gone(why: &str) -> Response {
    page(StatusCode::GONE, "Nothing to confirm", &sentence(why), None)
}

/// The answer to a token that is none, or the limit's: only who guesses is counted. Programs of mail
/// providers come for many from few addresses.
fn missed(app: &App, address: Option<IpAddr>, answer: Response) -> Response {
    limited(app, address).unwrap_or(answer)
}

/// `POST /revenue/leads/confirm/{token}`: confirms.
pub(super) async fn confirm(
    State(app): State<Arc<App>>,
    Extension(peer): Extension<Peer>,
    Path(token): Path<String>,
    headers: HeaderMap,
) -> Response {
    let (address, agent) = asker(&app, peer, &headers);
    confirmed(&app, token, address, agent).await
}

async fn confirmed(
    app: &Arc<App>,
    token: String,
    address: Option<IpAddr>,
    agent: String,
) -> Response {
    match forms::confirm(app, token, address, agent).await {
        Ok(purpose) => {
            let text = format!("Thank you. Confirmed: {purpose}.");
            page(StatusCode::OK, "Confirmed", &text, None)
        }
        Err(error @ Error::Precondition { .. }) => missed(app, address, gone(&error.message())),
        Err(error) => refusal(&error),
    }
}

/// `GET /revenue/leads/unsubscribe/{token}`: shows the button, and withdraws nothing.
pub(super) async fn show_withdrawal(
    State(app): State<Arc<App>>,
    Extension(peer): Extension<Peer>,
    Path(token): Path<String>,
    headers: HeaderMap,
) -> Response {
    let (address, _) = asker(&app, peer, &headers);
    match forms::is_known(&app, &token).await {
        Ok(true) => {
            let text = "Press the button, and you will not be written to any more.";
            page(StatusCode::OK, "Unsubscribe", text, Some("Unsubscribe"))
        }
        Ok(false) => missed(&app, address, nobody()),
        Err(error) => refusal(&error),
    }
}

/// `POST /revenue/leads/unsubscribe/{token}`: withdraws everything, also with one click of a mail program
/// (RFC 8058).
pub(super) async fn withdraw(
    State(app): State<Arc<App>>,
    Extension(peer): Extension<Peer>,
    Path(token): Path<String>,
    headers: HeaderMap,
) -> Response {
    let (address, _) = asker(&app, peer, &headers);
    match forms::withdraw(&app, &token).await {
        Ok(true) => {
            let text = "You will not be written to any more.";
            page(StatusCode::OK, "Unsubscribed", text, None)
        }
        Ok(false) => missed(&app, address, nobody()),
        Err(error) => refusal(&error),
    }
}

fn nobody() -> Response {
    let text = "This link is not valid: perhaps it was cut short.";
    page(StatusCode::NOT_FOUND, "Not found", text, None)
}

/// A sentence for people.
fn sentence(text: &str) -> String {
    let mut letters = text.chars();
    let first = letters.next().map(|it| it.to_uppercase().to_string()).unwrap_or_default();
    format!("{first}{}.", letters.as_str())
}
