//! One question: its requests, page by page, and what the answers say.

use crate::app::App;
use crate::error::Error;
use crate::revenue::observe::{take_in, unreadable};
use crate::stripe::lists::Page;
use crate::stripe::{Client, RequestBuilder, StripeMethod};
use serde_json::{Map, Value};
use takings_core::billing::facts::Seconds;
use takings_core::stripe::{Question, Request, Shape};

/// No list that settles anything is this long: a server that never ends one is not followed.
const MOST_PAGES: usize = 1_000;

/// Asks a question, and takes its answers in. All are dated by the first: what happened while the
/// others were asked for may not be in them.
///
/// # Errors
///
/// If Stripe does not answer, or refuses; if an answer cannot be read or stored.
pub async fn ask(app: &App, question: &Question) -> Result<(), Error> {
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
    let (mut objects, mut began, mut after) = (Vec::new(), None, None::<String>);
    for _ in 0..MOST_PAGES {
        let answer = client.ask(page(request, after.as_deref()), None).await?;
        began = began.or(answer.head.date.map(|date| date.secs()));
        if request.shape == Shape::Object {
            objects.push(answer.body);
            break;
        }
        let page = Page::of(answer, &request.path)?;
        objects.extend(page.objects);
        after = page.next;
        if after.is_none() || request.shape == Shape::Page {
            break;
        }
    }
    Ok((objects, began))
}

fn page(request: &Request, after: Option<&str>) -> RequestBuilder {
    let query = Some(request.query(after));
    RequestBuilder { query, ..RequestBuilder::new(StripeMethod::Get, request.path.clone()) }
}
