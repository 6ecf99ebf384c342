//! Lists of Stripe's, a page at a time: the newest objects come first.

use super::client::{Answer, Client};
use super::error::Error;
use serde::Serialize;
use serde_json::{Map, Value};
use stripe_client_core::{RequestBuilder, StripeMethod};
use takings_core::billing::facts::Seconds;

/// As many as one page holds.
const PAGE: u8 = 100;

/// What of a list is asked for.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Question<'a> {
    /// The most objects of a page.
    pub limit: u8,
    /// When the objects were made.
    pub created: Created,
    /// A filter that some lists have: `all` shows what is hidden without it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<&'a str>,
    /// The object that balance transactions settle.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source: Option<&'a str>,
    /// What is shown only where it is asked for.
    #[serde(skip_serializing_if = "<[&str]>::is_empty")]
    pub expand: &'a [&'a str],
    /// The last object of the page before.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub starting_after: Option<&'a str>,
}

/// A half-open range of seconds.
#[derive(Clone, Copy, Debug, Default, Serialize)]
pub struct Created {
    /// From this second on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub gte: Option<Seconds>,
    /// Before this second.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lt: Option<Seconds>,
}

impl<'a> Question<'a> {
    /// Whole pages of everything.
    pub const ALL: Question<'static> = Question {
        limit: PAGE,
        created: Created { gte: None, lt: None },
        status: None,
        source: None,
        expand: &[],
        starting_after: None,
    };

    /// The newest object alone.
    pub const NEWEST: Question<'static> = Question { limit: 1, ..Question::ALL };

    /// Whole pages of what was made in a range.
    pub fn made(created: Created) -> Question<'a> {
        Question { created, ..Question::ALL }
    }
}

/// A page of a list.
#[derive(Clone, Debug)]
pub struct Page {
    /// The objects as shown.
    pub objects: Vec<Map<String, Value>>,
    /// When Stripe answered, by its clock.
    pub second: Seconds,
    /// The last object's id, where more follow it.
    pub next: Option<String>,
}

/// Asks for a page.
///
/// # Errors
///
/// By meaning, once no further attempt helps; if the answer is no list.
pub async fn page(client: &Client, path: &str, question: &Question<'_>) -> Result<Page, Error> {
    let request = RequestBuilder::new(StripeMethod::Get, path).query(question);
    Page::of(client.ask(request, None).await?, path)
}

impl Page {
    /// The page that an answer is.
    ///
    /// # Errors
    ///
    /// If it is none, or nothing says when it was given.
    pub fn of(answer: Answer<Map<String, Value>>, path: &str) -> Result<Page, Error> {
        let Answer { mut body, head } = answer;
        let (Some(date), Some(Value::Array(data))) = (head.date, body.remove("data")) else {
            let message = format!("the answer to GET /v1{path} is no list, or has no date");
            return Err(Error::unlisted(message).about(head.request_id));
        };
        let objects: Vec<Map<String, Value>> = data.into_iter().filter_map(object).collect();
        let last = objects.last().and_then(|object| object.get("id")).and_then(Value::as_str);
        let more = body.get("has_more").and_then(Value::as_bool).unwrap_or(false);
        let next = last.filter(|_| more).map(str::to_owned);
        Ok(Page { objects, second: date.secs(), next })
    }
}

fn object(value: Value) -> Option<Map<String, Value>> {
    match value {
        Value::Object(object) => Some(object),
        _ => None,
    }
}
