//! Lists of Stripe's, a page at a time.

use super::{Client, Error};
use serde::Serialize;
use serde_json::{Map, Value};
use stripe_client_core::{RequestBuilder, StripeMethod};
use takings_core::billing::facts::Seconds;

/// As many as one page may hold.
const PAGE: u8 = 100;

/// A page of a list: the newest come first.
#[derive(Clone, Debug)]
pub struct Page {
    /// The objects as shown.
    pub objects: Vec<Map<String, Value>>,
    /// The last object's id, where more follow it.
    pub next: Option<String>,
    /// When Stripe answered, by its clock, where it says so.
    pub second: Option<Seconds>,
}

#[derive(Serialize)]
struct Asked<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    created: Option<Created>,
    #[serde(skip_serializing_if = "Option::is_none")]
    source: Option<&'a str>,
    limit: u8,
    #[serde(skip_serializing_if = "Option::is_none")]
    starting_after: Option<&'a str>,
}

#[derive(Serialize)]
struct Created {
    gte: Seconds,
    lt: Seconds,
}

/// A page of what was made in a range of seconds, its end excluded, after an object of the list.
///
/// # Errors
///
/// By meaning, once no further attempt helps.
pub async fn created(
    client: &Client,
    list: &str,
    (gte, lt): (Seconds, Seconds),
    after: Option<&str>,
) -> Result<Page, Error> {
    let (created, source) = (Some(Created { gte, lt }), None);
    page(client, list, &Asked { created, source, limit: PAGE, starting_after: after }).await
}

/// The balance transactions of a charge, refund, dispute or payout: as many as one page holds.
///
/// # Errors
///
/// By meaning, once no further attempt helps.
pub async fn balance_transactions_of(client: &Client, source: &str) -> Result<Page, Error> {
    let (created, source) = (None, Some(source));
    let asked = Asked { created, source, limit: PAGE, starting_after: None };
    page(client, "/balance_transactions", &asked).await
}

async fn page(client: &Client, list: &str, asked: &Asked<'_>) -> Result<Page, Error> {
    let request = RequestBuilder::new(StripeMethod::Get, list).query(asked);
    let answer = client.ask(request, None).await?;
    let more = answer.body.get("has_more").and_then(Value::as_bool).unwrap_or(false);
    let objects: Vec<Map<String, Value>> = match answer.body.get("data") {
        Some(Value::Array(data)) => data.iter().filter_map(Value::as_object).cloned().collect(),
        _ => Vec::new(),
    };
    let last = objects.last().and_then(|object| object.get("id")).and_then(Value::as_str);
    let next = last.filter(|_| more).map(str::to_owned);
    Ok(Page { objects, next, second: answer.head.date.map(|date| date.secs()) })
}
