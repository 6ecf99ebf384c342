//! What Stripe's payloads look like, version by version.

use std::collections::BTreeMap;

use serde_json::Value;
use takings_simulator::{ApiVersion, Plan, Story, play};

fn bodies(version: ApiVersion) -> Vec<Value> {
    let Story { events, .. } = play(&Plan::quarter(11).in_version(version));
    events
        .iter()
        .map(|event| serde_json::from_slice(&event.body).expect("an event is JSON"))
        .collect()
}

fn objects<'a>(bodies: &'a [Value], kind: &str) -> Vec<&'a Value> {
    let of = bodies.iter().map(|body| &body["data"]["object"]);
    of.filter(|object| object["object"] == kind).collect()
}

fn has(object: &Value, field: &str) -> bool {
    object.get(field).is_some()
}

/// Calls `look` with every hash anywhere inside.
fn walk(value: &Value, look: &mut impl FnMut(&Value)) {
    match value {
        Value::Object(fields) => {
            look(value);
            fields.values().for_each(|field| walk(field, look));
        }
        Value::Array(entries) => entries.iter().for_each(|entry| walk(entry, look)),
        _ => {}
    }
}

#[test]
fn an_envelope_names_its_version_and_tells_changes_only_in_updates() {
    for version in ApiVersion::ALL {
        for body in bodies(version) {
            assert_eq!(body["api_version"], version.name());
            let is_update = body["type"].as_str().unwrap().ends_with(".updated");
            if has(&body["data"], "previous_attributes") {
                assert!(is_update, "{}", body["type"]);
            }
        }
    }
}

#[test]
fn lists_are_cut_and_say_so() {
    for version in ApiVersion::ALL {
        for body in bodies(version) {
            walk(&body, &mut |hash| {
                if hash["object"] == "list" {
                    let shown = hash["data"].as_array().unwrap().len();
                    assert!(shown <= 10);
                    assert_eq!(hash["has_more"], hash["total_count"].as_u64().unwrap() > 10);
                }
            });
        }
    }
}

#[test]
fn nothing_is_expanded_and_what_payloads_never_hold_is_absent() {
    for version in ApiVersion::ALL {
        for body in bodies(version) {
            walk(&body, &mut |hash| {
                for absent in ["applies_to", "tiers", "currency_options", "payments"] {
                    assert!(!has(hash, absent), "{absent} in {}", body["type"]);
                }
                let ids = hash["discounts"].as_array();
                for id in ids.iter().flat_map(|ids| ids.iter()) {
                    assert!(id.as_str().unwrap().starts_with("di_"));
                }
                if let Some(transaction) = hash.get("balance_transaction") {
                    assert!(transaction.is_null() || transaction.is_string());
                }
            });
        }
    }
}

#[test]
fn fields_are_those_of_the_version() {
    for version in ApiVersion::ALL {
        let bodies = bodies(version);
        let basil = version >= ApiVersion::Basil;
        for sub in objects(&bodies, "subscription") {
            let item = &sub["items"]["data"][0];
            assert_eq!(has(sub, "current_period_end"), !basil);
            assert_eq!(has(item, "current_period_end"), basil);
            assert_eq!(has(item, "price"), version != ApiVersion::V2017);
            assert_eq!(has(sub, "discounts"), version != ApiVersion::V2017);
            assert_eq!(has(sub, "discount"), !basil);
        }
        for invoice in objects(&bodies, "invoice") {
            assert_eq!(has(invoice, "parent"), basil);
            assert_eq!(has(invoice, "subscription"), !basil);
            assert_eq!(has(invoice, "charge"), !basil);
            assert_eq!(has(invoice, "date"), version == ApiVersion::V2017);
            assert_eq!(has(&invoice["lines"]["data"][0], "pricing"), basil);
        }
        for charge in objects(&bodies, "charge") {
            assert_eq!(has(charge, "invoice"), !basil);
            assert_eq!(has(charge, "refunds"), version == ApiVersion::V2017);
        }
        for discount in objects(&bodies, "discount") {
            assert_eq!(has(discount, "coupon"), version < ApiVersion::Clover);
            assert_eq!(has(discount, "source"), version >= ApiVersion::Clover);
        }
    }
}

#[test]
fn kinds_are_those_of_the_version() {
    for version in ApiVersion::ALL {
        let bodies = bodies(version);
        let says = |kind: &str| bodies.iter().any(|body| body["type"] == kind);
        let old = version == ApiVersion::V2017;
        assert_eq!(says("invoice_payment.paid"), version >= ApiVersion::Basil);
        assert_eq!(says("invoice.paid"), !old);
        assert_eq!(says("invoice.finalized"), !old);
        assert_eq!(says("refund.created"), version >= ApiVersion::Basil);
        assert!(says("invoice.payment_succeeded") && says("charge.refunded"));
    }
}

#[test]
fn payloads_are_as_large_as_real_ones() {
    let bodies = bodies(ApiVersion::Endive);
    for kind in ["subscription", "invoice"] {
        let sizes: Vec<usize> =
            objects(&bodies, kind).iter().map(|object| object.to_string().len()).collect();
        let mean = sizes.iter().sum::<usize>() / sizes.len();
        assert!((2_900..=6_500).contains(&mean), "{kind}: {mean}");
    }
}

/// The object as it was before an update, by its own word.
fn before(object: &Value, previous: &Value) -> Value {
    let (Value::Object(fields), Value::Object(changes)) = (object, previous) else {
        return previous.clone();
    };
    let mut fields = fields.clone();
    for (key, was) in changes {
        match fields.get(key) {
            Some(is) if is.is_object() && was.is_object() => {
                let inner = before(is, was);
                fields.insert(key.clone(), inner);
            }
            _ => {
                fields.insert(key.clone(), was.clone());
            }
        }
    }
    Value::Object(fields)
}

/// Without the fields that are null, which Stripe does not tell from absent ones.
fn bare(value: &Value) -> Value {
    match value {
        Value::Object(fields) => {
            let kept = fields.iter().filter(|(_, field)| !field.is_null());
            Value::Object(kept.map(|(key, field)| (key.clone(), bare(field))).collect())
        }
        other => other.clone(),
    }
}

#[test]
fn every_update_follows_the_version_before_it() {
    for version in [ApiVersion::V2017, ApiVersion::Acacia, ApiVersion::Endive] {
        let mut last: BTreeMap<String, Value> = BTreeMap::new();
        let mut links = 0;
        for body in bodies(version) {
            let object = &body["data"]["object"];
            let Some(id) = object["id"].as_str() else { continue };
            let previous = body["data"].get("previous_attributes");
            if let (Some(previous), Some(known)) = (previous, last.get(id))
                && known != object
            {
                assert_eq!(bare(&before(object, previous)), bare(known), "{id}");
                links += 1;
            }
            last.insert(id.to_owned(), object.clone());
        }
        assert!(links > 100, "{links}");
    }
}
