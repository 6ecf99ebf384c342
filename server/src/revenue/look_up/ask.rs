//! One question: its requests, page by page, and what the answers say.

use crate::app::App;
use crate::error::Error;
use crate::revenue::observe::{take_in, unreadable};
use crate::stripe::{Client, RequestBuilder, StripeMethod};
use serde_json::{Map, Value};
use takings_core::billing::facts::Seconds;
use takings_core::stripe::{Question, Request, Shape};

/// No list that settles anything is this long: a server that never ends one is not followed.
const MOST_PAGES: usize = 1_000;

/// Asks a question, and takes its answers in. All are dated by the first: what happened while the
/// others were asked for may not be in them.
pub(super) async fn ask(app: &App, question: &Question) -> Result<(), Error> {
    let client = &app.stripe()?.client;
    let mut answers = Vec::with_capacity(question.requests.len());
    let mut first = None;
    for request in &question.requests {
        let (objects, second) = send(client, request).await?;
        first = first.or(second);
        answers.push(objects);
    }
    let seen = question.read(answers).map_err(unreadable)?;
    take_in(app, first.unwrap_or_else(|| app.now().secs()), seen).await
}

/// The objects of a request, and when Stripe began to answer.
async fn send(
    client: &Client,
    request: &Request,
) -> Result<(Vec<Map<String, Value>>, Option<Seconds>), Error> {
    let (mut objects, mut began) = (Vec::new(), None);
    for _ in 0..MOST_PAGES {
        let after = objects.last().and_then(id).map(str::to_owned);
        let answer = client.ask(page(request, after.as_deref()), None).await?;
        began = began.or(answer.head.date.map(|date| date.secs()));
        let mut body = answer.body;
        if request.shape == Shape::Object {
            objects.push(body);
            break;
        }
        let more = body.get("has_more").and_then(Value::as_bool).unwrap_or(false);
        let Some(Value::Array(data)) = body.remove("data") else { break };
        let before = objects.len();
        objects.extend(data.into_iter().filter_map(|entry| match entry {
            Value::Object(object) => Some(object),
            _ => None,
        }));
        if !more || request.shape == Shape::Page || objects.len() == before {
            break;
        }
    }
    Ok((objects, began))
}

fn page(request: &Request, after: Option<&str>) -> RequestBuilder {
    let query = Some(request.query(after));
    RequestBuilder { query, ..RequestBuilder::new(StripeMethod::Get, request.path.clone()) }
}

fn id(object: &Map<String, Value>) -> Option<&str> {
    object.get("id").and_then(Value::as_str)
}
