//! One call to Stripe: how it goes out, and how is found out what became of it.

use crate::stripe::{Answer, Client, Error, ErrorKind, IdempotencyKey};
use crate::stripe::{RequestBuilder, StripeMethod};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use takings_core::time::Timestamp;

/// An object as JSON.
pub(super) type Object = Map<String, Value>;

/// Stands in a form for the id of what the call before was answered with.
pub(super) const BEFORE: &str = "id-of-the-call-before";
/// Stands in a form for the call's own key.
const OWN_KEY: &str = "key-of-this-call";
/// The metadata that tells which call made a refund.
const MARK: &str = "takings_request";
/// What a subscription is to show besides: without its coupons nobody knows what it is worth.
pub(super) const DISCOUNTS: &str = "discounts.source.coupon.applies_to";
/// How far Stripe's clock may be behind ours, in seconds.
const SKEW: i64 = 300;
/// How much longer than an intent is old is looked back by Stripe's own clock, in seconds.
const MARGIN: i64 = 30;
/// As many as one page holds.
const PAGE: usize = 100;

/// A call as it is stored: a repeat sends the same bytes, whatever release sends it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Call {
    path: String,
    form: String,
    trace: Trace,
}

/// By what can be found out that a call was done, where no answer tells.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
enum Trace {
    /// Events of these types that name its key. A change that changed nothing has none, and may be
    /// repeated.
    Events(Vec<String>),
    /// The key in the metadata of an object at the same path, among those that a filter lets through.
    Marked(Value),
    /// The object has ended. Such a call is a DELETE, which takes no key.
    Ended,
    /// Nothing: to do it twice does no harm.
    None,
}

/// What became of a call.
#[derive(Clone, Debug, Default)]
pub(super) struct Done {
    /// What it was answered with.
    pub(super) answer: Object,
    /// The object as it stands; empty where it is of a kind that is not kept.
    pub(super) object: Object,
    /// When it stood so, by Stripe's clock.
    pub(super) second: Option<Timestamp>,
    /// The answer is an earlier one: how the object stands is still to be read.
    pub(super) stale: bool,
}

impl Done {
    /// The object's id.
    pub(super) fn id(&self) -> &str {
        text(&self.answer, "id")
    }
}

impl From<Answer<Object>> for Done {
    fn from(Answer { body, head }: Answer<Object>) -> Done {
        Done { answer: body.clone(), object: body, second: head.date, stale: head.replayed }
    }
}

/// A text of an object; empty where it has none.
pub(super) fn text<'a>(object: &'a Object, key: &str) -> &'a str {
    object.get(key).and_then(Value::as_str).unwrap_or_default()
}

impl Call {
    /// A POST that events tell of, if it changes anything. What is null is left out of the form.
    pub(super) fn post(path: impl Into<String>, form: Value, told_by: &[&str]) -> Call {
        let told_by = told_by.iter().map(|kind| (*kind).to_owned()).collect();
        Call { path: path.into(), form: encode(form), trace: Trace::Events(told_by) }
    }

    /// A POST that makes an object with a mark, by which a filtered list at the same path shows it.
    pub(super) fn marked(path: impl Into<String>, mut form: Value, filter: Value) -> Call {
        form["metadata"][MARK] = OWN_KEY.into();
        Call { path: path.into(), form: encode(form), trace: Trace::Marked(filter) }
    }

    /// A POST that may be made twice.
    pub(super) fn harmless(path: impl Into<String>, form: Value) -> Call {
        Call { path: path.into(), form: encode(form), trace: Trace::None }
    }

    /// A DELETE: what has ended cannot be ended again.
    pub(super) fn end(path: impl Into<String>, form: Value) -> Call {
        Call { path: path.into(), form: encode(form), trace: Trace::Ended }
    }

    fn request(&self, key: &str, before: &str) -> RequestBuilder {
        let form = Some(self.form.replace(BEFORE, before).replace(OWN_KEY, key));
        let (method, query, body) = match self.trace {
            Trace::Ended => (StripeMethod::Delete, form, None),
            _ => (StripeMethod::Post, None, form),
        };
        RequestBuilder { method, query, body, path: self.path.clone() }
    }

    /// Sends it; `before` is the id that the call before was answered with.
    pub(super) async fn send(
        &self,
        client: &Client,
        key: &str,
        before: &str,
    ) -> Result<Done, Error> {
        let idempotency = IdempotencyKey::new(key).ok();
        match client.ask(self.request(key, before), idempotency).await {
            Ok(answer) => Ok(answer.into()),
            // An attempt whose answer was lost may have ended it.
            Err(error) if self.trace == Trace::Ended && error.kind == ErrorKind::NotFound => {
                self.ended(client).await?.ok_or(error)
            }
            Err(error) => Err(error),
        }
    }

    /// Finds out whether it was done since it was asked for, until now, without sending it.
    pub(super) async fn look(
        &self,
        client: &Client,
        key: &str,
        since: Timestamp,
        now: Timestamp,
    ) -> Result<Option<Done>, Error> {
        let age = now.secs() - since.secs();
        let found = match &self.trace {
            Trace::None => return Ok(None),
            Trace::Ended => return self.ended(client).await,
            Trace::Marked(filter) => {
                let ours = |it: &Value| it["metadata"][MARK] == key;
                find(client, &self.path, filter.clone(), age, ours).await?
            }
            Trace::Events(told_by) => {
                let asked = json!({ "types": told_by, "created": { "gte": since.secs() - SKEW } });
                let ours = |event: &Value| {
                    // Until 2017-05-25 events named their request alone, and no key.
                    event["request"].is_string() || event["request"]["idempotency_key"] == key
                };
                let event = find(client, "/events", asked, age, ours).await?;
                if event.as_ref().is_some_and(|event| event["request"].is_string()) {
                    return Err(Error::keyless());
                }
                event.map(|event| event["data"]["object"].clone())
            }
        };
        match found {
            Some(Value::Object(object)) => present(client, object).await.map(Some),
            _ => Ok(None),
        }
    }

    async fn ended(&self, client: &Client) -> Result<Option<Done>, Error> {
        let done = Done::from(get(client, &self.path).await?);
        Ok(Some(done).filter(|done| has_ended(&done.object)))
    }
}

/// Whether a subscription has ended.
pub(super) fn has_ended(subscription: &Object) -> bool {
    matches!(text(subscription, "status"), "canceled" | "incomplete_expired")
}

/// Reads an object, a subscription as commands show it.
pub(super) async fn get(client: &Client, path: &str) -> Result<Answer<Object>, Error> {
    let (method, path) = (StripeMethod::Get, path.to_owned());
    let expand = path.starts_with("/subscriptions/").then(|| json!({ "expand": [DISCOUNTS] }));
    let query = expand.map(encode);
    client.ask(RequestBuilder { method, query, body: None, path }, None).await
}

/// The first entry of a list that is looked for. Lists begin with what is newest, and none is older
/// than the intent, `age` seconds by either clock.
async fn find(
    client: &Client,
    path: &str,
    mut asked: Value,
    age: i64,
    wanted: impl Fn(&Value) -> bool,
) -> Result<Option<Value>, Error> {
    asked["limit"] = PAGE.into();
    loop {
        let query = Some(encode(asked.clone()));
        let (method, path) = (StripeMethod::Get, path.to_owned());
        let page = client.ask(RequestBuilder { method, query, body: None, path }, None).await?;
        let entries = page.body.get("data").and_then(Value::as_array);
        let entries = entries.map(Vec::as_slice).unwrap_or_default();
        if let Some(found) = entries.iter().find(|entry| wanted(entry)) {
            return Ok(Some(found.clone()));
        }
        let more = page.body.get("has_more").and_then(Value::as_bool) == Some(true);
        let earliest = page.head.date.map_or(0, |date| date.secs() - age - MARGIN);
        let old = |entry: &Value| entry["created"].as_i64().is_some_and(|at| at < earliest);
        let Some(last) = entries.last().filter(|last| more && !old(last)) else { return Ok(None) };
        asked["starting_after"] = last["id"].clone();
    }
}

/// An answer of an earlier attempt shows how the object was then: how it is now is read.
pub(super) async fn present(client: &Client, answer: Object) -> Result<Done, Error> {
    let folder = match text(&answer, "object") {
        "customer" => "customers",
        "subscription" => "subscriptions",
        "refund" => "refunds",
        "checkout.session" => "checkout/sessions",
        // Nothing that counts is known of the others.
        _ => return Ok(Done { answer, ..Done::default() }),
    };
    let now = get(client, &format!("/{folder}/{}", text(&answer, "id"))).await?;
    Ok(Done { answer, object: now.body, second: now.head.date, stale: false })
}

/// A form as Stripe reads it: `items[0][price]=price_1`.
fn encode(mut form: Value) -> String {
    drop_empty(&mut form);
    let request = RequestBuilder::new(StripeMethod::Post, "").form(&form);
    request.body.unwrap_or_default()
}

/// What is not said is not written: an empty object would be written as an empty text, which means
/// that what was there is to be removed.
fn drop_empty(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            fields.values_mut().for_each(drop_empty);
            let said = |value: &Value| match value {
                Value::Object(fields) => !fields.is_empty(),
                value => !value.is_null(),
            };
            fields.retain(|_, value| said(value));
        }
        Value::Array(values) => values.iter_mut().for_each(drop_empty),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_is_written_as_stripe_reads_it() {
        let call = Call::post(
            "/subscriptions",
            json!({ "customer": "cus_1", "discounts": "", "items": [{ "price": "p 1&", "quantity":
                    2 }], "metadata": { "a": "ö" }, "trial_period_days": null, "yes": true,
                    "invoice_settings": { "default_payment_method": null } }),
            &[],
        );
        let body = call.request("k", "").body.unwrap().replace("%5B", "[").replace("%5D", "]");
        let mut parts: Vec<&str> = body.split('&').collect();
        parts.sort_unstable();
        let items = ["items[0][price]=p+1%26", "items[0][quantity]=2"];
        let rest = ["metadata[a]=%C3%B6", "yes=true"];
        assert_eq!(parts, [&["customer=cus_1", "discounts="], &items[..], &rest[..]].concat());
    }

    #[test]
    fn a_later_call_names_what_the_one_before_showed() {
        let call = Call::post("/x", json!({ "card": BEFORE }), &[]);
        assert_eq!(call.request("k", "pm_1").body.as_deref(), Some("card=pm_1"));
    }
}
