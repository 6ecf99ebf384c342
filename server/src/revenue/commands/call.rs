//! One call to Stripe: how it goes out, and how is found out what became of it.

use crate::stripe::{Answer, Client, Error, IdempotencyKey, RequestBuilder, StripeMethod};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use takings_core::time::Timestamp;

/// An object as JSON.
pub(super) type Object = Map<String, Value>;

/// Stands in a form for the id of what the call before was answered with.
pub(super) const BEFORE: &str = "id-of-the-call-before";
/// How far Stripe's clock may be behind ours, in seconds.
const SKEW: i64 = 300;
/// As many as one page holds.
const PAGE: usize = 100;

/// A call as it is stored: a repeat sends the same bytes, whatever release sends it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Call {
    /// It ends an object (DELETE); otherwise it is a POST.
    ends: bool,
    path: String,
    form: String,
    /// The events that follow from it, if it changes anything.
    told_by: Vec<String>,
}

/// What became of a call.
#[derive(Clone, Debug, Default)]
pub(super) struct Done {
    /// What it was answered with.
    pub(super) answer: Object,
    /// The object as it stands.
    pub(super) object: Object,
    /// When it stood so, by Stripe's clock.
    pub(super) second: Option<Timestamp>,
}

impl Done {
    /// The object's id.
    pub(super) fn id(&self) -> &str {
        text(&self.answer, "id")
    }
}

/// A text of an object; empty where it has none.
pub(super) fn text<'a>(object: &'a Object, key: &str) -> &'a str {
    object.get(key).and_then(Value::as_str).unwrap_or_default()
}

impl Call {
    /// A POST; what is null is left out of the form.
    pub(super) fn post(path: impl Into<String>, form: Value, told_by: &[&str]) -> Call {
        let told_by = told_by.iter().map(|kind| (*kind).to_owned()).collect();
        Call { ends: false, path: path.into(), form: encode(form), told_by }
    }

    /// A DELETE. It goes out without a key: what has ended cannot be ended again.
    pub(super) fn end(path: impl Into<String>, form: Value) -> Call {
        Call { ends: true, path: path.into(), form: encode(form), told_by: Vec::new() }
    }

    fn request(&self, before: &str) -> RequestBuilder {
        let form = Some(self.form.replace(BEFORE, before));
        let (method, query, body) = if self.ends {
            (StripeMethod::Delete, form, None)
        } else {
            (StripeMethod::Post, None, form)
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
        let key = IdempotencyKey::new(key).ok();
        match client.ask(self.request(before), key).await {
            Ok(Answer { body, head }) if head.replayed => present(client, body).await,
            Ok(Answer { body, head }) => {
                Ok(Done { answer: body.clone(), object: body, second: head.date })
            }
            // An attempt whose answer was lost may have ended it.
            Err(error) if self.ends && error.kind == crate::stripe::ErrorKind::NotFound => {
                self.ended(client).await?.ok_or(error)
            }
            Err(error) => Err(error),
        }
    }

    /// Finds out whether it was done, without sending it: by the events that name its key, or, of an
    /// end, by the object itself. A change that changed nothing has no event, and may be repeated.
    pub(super) async fn look(
        &self,
        client: &Client,
        key: &str,
        since: Timestamp,
    ) -> Result<Option<Done>, Error> {
        if self.ends {
            return self.ended(client).await;
        }
        if self.told_by.is_empty() {
            return Ok(None);
        }
        let mut last = Value::Null;
        loop {
            let asked = json!({ "types": self.told_by, "created": { "gte": since.secs() - SKEW },
                                "limit": PAGE, "starting_after": last });
            let query = Some(encode(asked));
            let (method, path) = (StripeMethod::Get, "/events".to_owned());
            let page = client.ask(RequestBuilder { method, query, body: None, path }, None).await?;
            let events = page.body.get("data").and_then(Value::as_array);
            let events = events.map(Vec::as_slice).unwrap_or_default();
            let ours = |event: &&Value| event["request"]["idempotency_key"] == key;
            if let Some(object) = events.iter().find(ours).map(|it| &it["data"]["object"]) {
                let object = object.as_object().cloned().unwrap_or_default();
                return present(client, object).await.map(Some);
            }
            let Some(end) = events.last().filter(|_| events.len() == PAGE) else { return Ok(None) };
            last = end["id"].clone();
        }
    }

    async fn ended(&self, client: &Client) -> Result<Option<Done>, Error> {
        let Answer { body, head } = get(client, &self.path).await?;
        let done = Done { answer: body.clone(), object: body, second: head.date };
        Ok(Some(done).filter(|done| has_ended(&done.object)))
    }
}

/// Whether a subscription has ended.
pub(super) fn has_ended(subscription: &Object) -> bool {
    matches!(text(subscription, "status"), "canceled" | "incomplete_expired")
}

/// Reads an object.
pub(super) async fn get(client: &Client, path: &str) -> Result<Answer<Object>, Error> {
    client.ask(RequestBuilder::new(StripeMethod::Get, path), None).await
}

/// An answer of an earlier attempt shows how the object was then: how it is now is read.
async fn present(client: &Client, answer: Object) -> Result<Done, Error> {
    let folder = match text(&answer, "object") {
        "customer" => "customers",
        "subscription" => "subscriptions",
        "refund" => "refunds",
        "checkout.session" => "checkout/sessions",
        // Nothing that counts is known of the others.
        _ => return Ok(Done { answer, ..Done::default() }),
    };
    let now = get(client, &format!("/{folder}/{}", text(&answer, "id"))).await?;
    Ok(Done { answer, object: now.body, second: now.head.date })
}

/// A form as Stripe reads it: `items[0][price]=price_1`.
fn encode(mut form: Value) -> String {
    drop_nulls(&mut form);
    let request = RequestBuilder::new(StripeMethod::Post, "").form(&form);
    request.body.unwrap_or_default()
}

fn drop_nulls(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            fields.values_mut().for_each(drop_nulls);
            fields.retain(|_, value| !value.is_null());
        }
        Value::Array(values) => values.iter_mut().for_each(drop_nulls),
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
                    2 }], "metadata": { "a": "ö" }, "trial_period_days": null, "yes": true }),
            &[],
        );
        let body = call.request("").body.unwrap().replace("%5B", "[").replace("%5D", "]");
        let mut parts: Vec<&str> = body.split('&').collect();
        parts.sort_unstable();
        let items = ["items[0][price]=p+1%26", "items[0][quantity]=2"];
        let rest = ["metadata[a]=%C3%B6", "yes=true"];
        assert_eq!(parts, [&["customer=cus_1", "discounts="], &items[..], &rest[..]].concat());
    }

    #[test]
    fn a_later_call_names_what_the_one_before_showed() {
        let call = Call::post("/x", json!({ "card": BEFORE }), &[]);
        assert_eq!(call.request("pm_1").body.as_deref(), Some("card=pm_1"));
    }
}
