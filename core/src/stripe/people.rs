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
    walk(envelope, &mut |object| {
        let text = |key: &str| object.get(key).and_then(Value::as_str);
        let own = text("id").filter(|_| text("object") == Some("customer"));
        people.extend(own.into_iter().chain(text("customer")).filter_map(customer));
    });
    people.extend(envelope.related.iter().filter(|id| id.starts_with("cus_")).cloned());
    people
}

/// The addresses that an event names, such as those of guests: `email` or `..._email` anywhere in it or
/// in its previous values.
pub fn addresses(envelope: &Envelope) -> BTreeSet<String> {
    let mut addresses = BTreeSet::new();
    walk(envelope, &mut |object| {
        let named = |(key, value): (&String, &Value)| {
            let is_one = key == "email" || key.ends_with("_email");
            value.as_str().filter(|_| is_one).map(str::to_owned)
        };
        addresses.extend(object.iter().filter_map(named));
    });
    addresses
}

/// Shows every object of an event.
fn walk(envelope: &Envelope, visit: &mut impl FnMut(&Map<String, Value>)) {
    if let Ok(data) = &envelope.data {
        below(&data.object, DEPTH, visit);
        data.previous.iter().for_each(|previous| below(previous, DEPTH, visit));
    }
}

fn below(object: &Map<String, Value>, depth: usize, visit: &mut impl FnMut(&Map<String, Value>)) {
    visit(object);
    object.values().for_each(|value| within(value, depth, visit));
}

fn within(value: &Value, depth: usize, visit: &mut impl FnMut(&Map<String, Value>)) {
    let Some(depth) = depth.checked_sub(1) else { return };
    match value {
        Value::Object(object) => below(object, depth, visit),
        Value::Array(values) => values.iter().for_each(|value| within(value, depth, visit)),
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
    fn the_addresses_of_guests_are_found_wherever_they_are() {
        let event = json!({
            "id": "evt_1", "type": "checkout.session.completed", "created": 1, "livemode": true,
            "data": {"object": {
                "customer": null, "customer_email": "a@b.c", "email": null,
                "customer_details": {"email": "d@e.f", "name": "Anna"},
                "charges": {"data": [{"receipt_email": "g@h.i", "emails": "no"}]},
            }},
        });
        let found = addresses(&envelope::parse(event.to_string().as_bytes()).unwrap());
        assert_eq!(found.into_iter().collect::<Vec<_>>(), ["a@b.c", "d@e.f", "g@h.i"]);
    }

    #[test]
    fn what_is_no_id_names_nobody() {
        for customer in [json!(null), json!(4711), json!(""), json!("a b"), json!("x".repeat(256))]
        {
            assert!(named(json!({"customer": customer}), json!({})).is_empty(), "{customer}");
        }
    }
}
