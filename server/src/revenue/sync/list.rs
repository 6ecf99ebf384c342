//! Lists of Stripe's API, a page at a time.

use crate::error::Error;
use crate::stripe::{Answer, Client, ErrorKind, RequestBuilder, StripeMethod};
use serde::Serialize;
use serde_json::{Map, Value};
use takings_core::billing::facts::Seconds;

/// As many as one page holds.
const PAGE: u8 = 100;

/// What of a list is asked for: newest first.
#[derive(Clone, Copy, Debug, Serialize)]
pub(super) struct Question<'a> {
    pub(super) limit: u8,
    pub(super) created: Created,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) status: Option<&'a str>,
    #[serde(skip_serializing_if = "<[&str]>::is_empty")]
    pub(super) expand: &'a [&'a str],
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) starting_after: Option<&'a str>,
}

/// When objects were made: a half-open range of seconds.
#[derive(Clone, Copy, Debug, Default, Serialize)]
pub(super) struct Created {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) gte: Option<Seconds>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) lt: Option<Seconds>,
}

impl Question<'_> {
    /// The newest object alone.
    pub(super) fn one() -> Question<'static> {
        Question { limit: 1, ..Question::of(Created::default()) }
    }

    /// Whole pages of what was made in a range.
    pub(super) fn of(created: Created) -> Question<'static> {
        Question { limit: PAGE, created, status: None, expand: &[], starting_after: None }
    }
}

/// A page of a list.
#[derive(Debug)]
pub(super) struct Page {
    /// The objects, newest first.
    pub(super) objects: Vec<Map<String, Value>>,
    /// Stripe's clock.
    pub(super) second: Seconds,
    /// The last object's id, where others follow it.
    pub(super) next: Option<String>,
}

/// Asks for a page.
pub(super) async fn page(
    client: &Client,
    path: &str,
    question: &Question<'_>,
) -> Result<Page, Error> {
    let request = RequestBuilder::new(StripeMethod::Get, path).query(question);
    let Answer { mut body, head } = client.ask(request, None).await?;
    let (Some(date), Some(Value::Array(data))) = (head.date, body.remove("data")) else {
        return Err(unlike(path, head.request_id));
    };
    let objects: Vec<Map<String, Value>> = data.into_iter().filter_map(object).collect();
    let last = objects.last().and_then(|object| object.get("id")).and_then(Value::as_str);
    let more = body.get("has_more").and_then(Value::as_bool).unwrap_or(false);
    let next = last.filter(|_| more).map(str::to_owned);
    Ok(Page { objects, second: date.secs(), next })
}

fn object(value: Value) -> Option<Map<String, Value>> {
    match value {
        Value::Object(object) => Some(object),
        _ => None,
    }
}

/// What no list of Stripe's is.
fn unlike(path: &str, request_id: Option<String>) -> Error {
    let message = format!("the answer to GET /v1{path} is no list, or has no date");
    let kind = ErrorKind::Unreadable;
    crate::stripe::Error { kind, message, request_id }.into()
}
