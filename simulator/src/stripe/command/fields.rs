//! Fields that are merely kept, and words that must be known.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use crate::stripe::params::Params;
use crate::stripe::problem::{Answer, Problem};

/// The currencies an account may charge in.
const CURRENCIES: [&str; 24] = [
    "aud", "bhd", "brl", "cad", "chf", "czk", "dkk", "eur", "gbp", "hkd", "huf", "inr", "jpy",
    "krw", "kwd", "mxn", "nok", "nzd", "pln", "sek", "sgd", "twd", "usd", "zar",
];

/// A currency by its code.
pub(super) fn currency(params: &Params, key: &str) -> Answer<&'static str> {
    let given = params.required(key)?.to_lowercase();
    CURRENCIES.into_iter().find(|known| *known == given).ok_or_else(|| {
        let message = format!(
            "Invalid currency: {given}. Stripe currently supports these currencies: {}",
            CURRENCIES.join(", ")
        );
        Problem::invalid(message).param(key)
    })
}

/// Takes over what is given of these fields; an empty one is unset.
pub(super) fn keep(params: &Params, keys: &[&str], set: &mut Map<String, Value>) {
    for key in keys {
        if params.unsets(key) {
            set.insert((*key).to_owned(), Value::Null);
        } else if let Some(value) = params.value(key) {
            set.insert((*key).to_owned(), typed(value));
        }
    }
}

/// Texts that are booleans or hashes of them become so.
fn typed(value: &Value) -> Value {
    match value {
        Value::String(text) if text == "true" => true.into(),
        Value::String(text) if text == "false" => false.into(),
        Value::Object(fields) => {
            Value::Object(fields.iter().map(|(key, value)| (key.clone(), typed(value))).collect())
        }
        other => other.clone(),
    }
}

/// Adds to metadata; an empty value removes its key, an empty hash everything.
pub(super) fn metadata(params: &Params, known: &mut BTreeMap<String, String>) {
    if params.unsets("metadata") {
        known.clear();
    }
    for (key, value) in params.hash("metadata").entries() {
        match value.as_str() {
            Some("") | None => known.remove(key),
            Some(text) => known.insert(key.clone(), text.to_owned()),
        };
    }
}

/// Metadata of objects that keep it among other set fields.
pub(super) fn set_metadata(params: &Params, set: &mut Map<String, Value>) {
    if !params.has("metadata") {
        return;
    }
    let before = set.get("metadata").and_then(Value::as_object).cloned().unwrap_or_default();
    let text = |(key, value): (String, Value)| Some((key, value.as_str()?.to_owned()));
    let mut known: BTreeMap<String, String> = before.into_iter().filter_map(text).collect();
    metadata(params, &mut known);
    let fields = known.into_iter().map(|(key, value)| (key, Value::String(value)));
    set.insert("metadata".to_owned(), Value::Object(fields.collect()));
}

/// A number of at least so much.
pub(super) fn at_least(params: &Params, key: &str, least: i64) -> Answer<Option<i64>> {
    let number = params.integer(key)?;
    if number.is_some_and(|number| number < least) {
        let message = format!("This value must be greater than or equal to {least}.");
        return Err(Problem::invalid(message).code("parameter_invalid_integer").param(key));
    }
    Ok(number)
}

/// An amount in words: `$12.34`, `1234 jpy`.
pub(super) fn in_words(amount: i64, currency: &str) -> String {
    match currency {
        "usd" => format!("${}.{:02}", amount / 100, amount % 100),
        "eur" => format!("€{}.{:02}", amount / 100, amount % 100),
        other => format!("{amount} {other}"),
    }
}
