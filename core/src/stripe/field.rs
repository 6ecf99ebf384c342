//! Reading fields: absent and null are the same, and every refusal names the field.

use super::Refusal;
use super::envelope::{in_range, storable};
use crate::billing::facts::Seconds;
use crate::money::Currency;
use rust_decimal::Decimal;
use serde_json::{Map, Value};
use std::str::FromStr;

/// The largest amount believed: 10^15 minor units.
const LARGEST: i64 = 1_000_000_000_000_000;

/// The longest text kept.
const LONGEST: usize = 5000;

/// An object being read.
#[derive(Clone, Copy)]
pub(super) struct Object<'a>(pub(super) &'a Map<String, Value>);

impl<'a> Object<'a> {
    /// The value of a field, unless absent or null.
    pub(super) fn value(self, key: &str) -> Option<&'a Value> {
        self.0.get(key).filter(|value| !value.is_null())
    }

    /// A nested object.
    pub(super) fn object(self, key: &str) -> Option<Object<'a>> {
        self.value(key)?.as_object().map(Object)
    }

    /// The entries of an array.
    pub(super) fn array(self, key: &str) -> &'a [Value] {
        self.value(key).and_then(Value::as_array).map_or(&[], Vec::as_slice)
    }

    /// The objects of a `{"object": "list", "data": [...]}`, and whether there are more.
    pub(super) fn list(self, key: &str) -> (Vec<Object<'a>>, bool) {
        let Some(list) = self.object(key) else { return (Vec::new(), false) };
        let cut = list.flag("has_more").unwrap_or(false);
        (list.objects("data"), cut)
    }

    /// The objects of an array.
    pub(super) fn objects(self, key: &str) -> Vec<Object<'a>> {
        self.array(key).iter().filter_map(|value| value.as_object().map(Object)).collect()
    }

    /// A text.
    pub(super) fn text(self, key: &str) -> Result<Option<String>, Refusal> {
        let Some(value) = self.value(key) else { return Ok(None) };
        let Some(text) = value.as_str() else { return Err(wrong(key, "a text")) };
        if text.contains('\0') {
            return Err(Refusal::new("nul_in_text", format!("`{key}` holds a NUL character")));
        }
        if text.len() > LONGEST {
            return Err(Refusal::new(
                "text_too_long",
                format!("`{key}` is longer than 5,000 bytes"),
            ));
        }
        Ok(Some(text.to_owned()))
    }

    /// An id, given as such or as the object that has it.
    pub(super) fn id(self, key: &str) -> Result<Option<String>, Refusal> {
        let given = match self.value(key) {
            None => return Ok(None),
            Some(Value::Object(object)) => object.get("id").and_then(Value::as_str),
            Some(value) => value.as_str(),
        };
        match given {
            Some("") => Ok(None),
            Some(id) if storable(id) => Ok(Some(id.to_owned())),
            _ => Err(Refusal::new("bad_id", format!("`{key}` is not an id"))),
        }
    }

    /// An id that must be there.
    pub(super) fn required_id(self, key: &str) -> Result<String, Refusal> {
        self.id(key)?.ok_or_else(|| missing(key))
    }

    /// A flag.
    pub(super) fn flag(self, key: &str) -> Option<bool> {
        self.value(key)?.as_bool()
    }

    /// A whole number.
    pub(super) fn int(self, key: &str) -> Result<Option<i64>, Refusal> {
        let Some(value) = self.value(key) else { return Ok(None) };
        match value {
            Value::Number(number) => number.as_i64().map(Some).ok_or_else(|| {
                Refusal::new("number_too_large", format!("`{key}` is not a whole 64-bit number"))
            }),
            _ => Err(wrong(key, "a number")),
        }
    }

    /// An amount in minor units, either sign.
    pub(super) fn amount(self, key: &str) -> Result<Option<i64>, Refusal> {
        match self.int(key)? {
            Some(amount) if amount.unsigned_abs() > LARGEST.unsigned_abs() => Err(Refusal::new(
                "amount_too_large",
                format!("`{key}` is beyond 10^15 minor units"),
            )),
            amount => Ok(amount),
        }
    }

    /// An amount that cannot be negative.
    pub(super) fn positive(self, key: &str) -> Result<Option<i64>, Refusal> {
        match self.amount(key)? {
            Some(amount) if amount < 0 => {
                Err(Refusal::new("negative_amount", format!("`{key}` is negative")))
            }
            amount => Ok(amount),
        }
    }

    /// An instant, in seconds.
    pub(super) fn seconds(self, key: &str) -> Result<Option<Seconds>, Refusal> {
        match self.int(key)? {
            None | Some(0) => Ok(None),
            Some(seconds) if in_range(seconds) => Ok(Some(seconds)),
            Some(_) => Err(Refusal::new("bad_time", format!("`{key}` is not a time"))),
        }
    }

    /// A currency.
    pub(super) fn currency(self, key: &str) -> Result<Option<Currency>, Refusal> {
        let Some(text) = self.text(key)? else { return Ok(None) };
        let unknown = |error: crate::money::UnknownCurrency| {
            Refusal::new("unknown_currency", format!("`{key}`: {error}"))
        };
        Currency::parse(&text).map(Some).map_err(unknown)
    }

    /// A decimal, written as text or as a number.
    pub(super) fn decimal(self, key: &str) -> Result<Option<Decimal>, Refusal> {
        let text = match self.value(key) {
            None => return Ok(None),
            Some(Value::String(text)) => text.clone(),
            Some(Value::Number(number)) => number.to_string(),
            Some(_) => return Err(wrong(key, "a decimal")),
        };
        let parsed = Decimal::from_str(&text).or_else(|_| Decimal::from_scientific(&text));
        match parsed {
            Ok(decimal) if decimal.abs() <= Decimal::from(LARGEST) => Ok(Some(decimal.normalize())),
            Ok(_) => Err(Refusal::new("amount_too_large", format!("`{key}` is beyond 10^15"))),
            Err(_) => Err(Refusal::new("bad_decimal", format!("`{key}` is not a decimal number"))),
        }
    }

    /// A word of a closed set of ours.
    pub(super) fn word<T: serde::de::DeserializeOwned>(
        self,
        key: &str,
    ) -> Result<Option<T>, Refusal> {
        let Some(value) = self.value(key) else { return Ok(None) };
        serde_json::from_value(value.clone()).map(Some).map_err(|_| {
            Refusal::new(
                "unknown_status",
                format!("`{key}` has a value this release does not know"),
            )
        })
    }
}

/// A field that must be there.
pub(super) fn missing(key: &str) -> Refusal {
    Refusal::new("missing_field", format!("`{key}` is missing"))
}

fn wrong(key: &str, what: &str) -> Refusal {
    Refusal::new("wrong_type", format!("`{key}` is not {what}"))
}
