//! Whom a payload is about.

use super::Envelope;
use serde_json::{Map, Value};
use std::collections::BTreeSet;

/// How deep is looked: no payload of Stripe's is nested as deep.
const DEPTH: usize = 24;

/// The customers that an event names, whatever its type: the object itself, or `customer` anywhere in
/// it or in its previous values, as an id or expanded.
pub fn people(envelope: &Envelope) -> BTreeSet<String> {
    let mut people = BTreeSet::new();
    if let Ok(data) = &envelope.data {
        collect(&data.object, DEPTH, &mut people);
        data.previous.iter().for_each(|previous| collect(previous, DEPTH, &mut people));
    }
    people.extend(envelope.related.iter().filter(|id| id.starts_with("cus_")).cloned());
    people
}

fn collect(object: &Map<String, Value>, depth: usize, people: &mut BTreeSet<String>) {
    if object.get("object").and_then(Value::as_str) == Some("customer") {
        people.extend(object.get("id").and_then(Value::as_str).and_then(customer));
    }
    for (key, value) in object {
        match value {
            Value::String(id) if key == "customer" => people.extend(customer(id)),
            value => within(value, depth, people),
        }
    }
}

fn within(value: &Value, depth: usize, people: &mut BTreeSet<String>) {
    let Some(depth) = depth.checked_sub(1) else { return };
    match value {
        Value::Object(object) => collect(object, depth, people),
        Value::Array(values) => values.iter().for_each(|value| within(value, depth, people)),
        _ => {}
    }
}

/// An id that can name a key: ids are short and plain.
fn customer(id: &str) -> Option<String> {
    let plain = !id.is_empty() && id.len() <= 255 && id.bytes().all(|it| it.is_ascii_graphic());
    plain.then(|| id.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stripe::envelope;
    use serde_json::json;

    fn named(object: Value, previous: Value) -> Vec<String> {
        let event = json!({
            "id": "evt_1", "type": "x.updated", "created": 1, "livemode": true,
            "data": {"object": object, "previous_attributes": previous},
        });
        people(&envelope::parse(event.to_string().as_bytes()).unwrap()).into_iter().collect()
    }

    #[test]
    fn whoever_is_named_is_found_once_wherever_it_is() {
        let none = json!({});
        let customer = json!({"object": "customer", "id": "cus_1", "email": "a@b.c"});
        assert_eq!(named(customer.clone(), none.clone()), ["cus_1"]);
        assert_eq!(
            named(json!({"object": "invoice", "customer": "cus_1"}), none.clone()),
            ["cus_1"]
        );
        assert_eq!(
            named(json!({"object": "invoice", "customer": customer}), none.clone()),
            ["cus_1"]
        );
        let nested = json!({"charges": {"data": [{"customer": "cus_2"}, {"customer": "cus_1"}]}});
        assert_eq!(named(nested, none.clone()), ["cus_1", "cus_2"]);
        assert_eq!(
            named(json!({"customer": "cus_2"}), json!({"customer": "cus_1"})),
            ["cus_1", "cus_2"]
        );
        assert!(named(json!({"object": "product", "id": "prod_1"}), none).is_empty());
    }

    #[test]
    fn what_is_no_id_names_nobody() {
        for customer in [json!(null), json!(4711), json!(""), json!("a b"), json!("x".repeat(256))]
        {
            assert!(named(json!({"customer": customer}), json!({})).is_empty(), "{customer}");
        }
    }
}
