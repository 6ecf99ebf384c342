//! Parameters: forms with brackets (`items[0][price]=price_1`, `expand[]=customer`).

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::problem::{Answer, Problem};

/// Strings, hashes and arrays; an empty string unsets a field.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Params(Map<String, Value>);

impl Params {
    /// Reads a query or a form.
    pub(super) fn parse(form: &str) -> Self {
        let mut root = Node::default();
        for (key, value) in form_urlencoded::parse(form.as_bytes()) {
            root.put(&keys(&key), value.into_owned());
        }
        match root.into_value() {
            Value::Object(fields) => Self(fields),
            _ => Self::default(),
        }
    }

    /// Takes over whatever the other has.
    pub(super) fn join(mut self, other: Self) -> Self {
        self.0.extend(other.0);
        self
    }

    /// Only these parameters.
    pub(super) fn picked(&self, keys: &[&str]) -> Self {
        let mut fields = self.0.clone();
        fields.retain(|key, _| keys.contains(&key.as_str()));
        Self(fields)
    }

    pub(super) fn value(&self, key: &str) -> Option<&Value> {
        self.0.get(key)
    }

    /// A parameter's text, unless it is empty.
    pub(super) fn text(&self, key: &str) -> Option<&str> {
        self.0.get(key).and_then(Value::as_str).filter(|text| !text.is_empty())
    }

    pub(super) fn required(&self, key: &str) -> Answer<&str> {
        self.text(key).ok_or_else(|| Problem::missing(key))
    }

    /// Whether the parameter is there and empty.
    pub(super) fn unsets(&self, key: &str) -> bool {
        self.0.get(key).is_some_and(|value| value == "")
    }

    pub(super) fn integer(&self, key: &str) -> Answer<Option<i64>> {
        let Some(text) = self.text(key) else { return Ok(None) };
        let wrong = |_| Problem::invalid(format!("Invalid integer: {text}"));
        text.parse().map(Some).map_err(|e| wrong(e).code("parameter_invalid_integer").param(key))
    }

    pub(super) fn flag(&self, key: &str) -> Answer<Option<bool>> {
        match self.text(key) {
            None => Ok(None),
            Some("true") => Ok(Some(true)),
            Some("false") => Ok(Some(false)),
            Some(other) => Err(Problem::invalid(format!("Invalid boolean: {other}")).param(key)),
        }
    }

    /// One of the known words.
    pub(super) fn choice(&self, key: &str, known: &[&'static str]) -> Answer<Option<&'static str>> {
        let Some(text) = self.text(key) else { return Ok(None) };
        let found = known.iter().find(|word| **word == text);
        found.copied().map(Some).ok_or_else(|| {
            let list = known.join(", ");
            Problem::invalid(format!("Invalid {key}: must be one of {list}")).param(key)
        })
    }

    /// A hash of parameters, empty where there is none.
    pub(super) fn hash(&self, key: &str) -> Self {
        match self.0.get(key) {
            Some(Value::Object(fields)) => Self(fields.clone()),
            _ => Self::default(),
        }
    }

    /// A list of hashes.
    pub(super) fn hashes(&self, key: &str) -> Vec<Self> {
        let entries = self.0.get(key).and_then(Value::as_array);
        let hash = |value: &Value| value.as_object().map(|fields| Self(fields.clone()));
        entries.into_iter().flatten().filter_map(hash).collect()
    }

    /// A list of texts.
    pub(super) fn texts(&self, key: &str) -> Vec<String> {
        match self.0.get(key) {
            Some(Value::Array(entries)) => {
                entries.iter().filter_map(Value::as_str).map(str::to_owned).collect()
            }
            _ => Vec::new(),
        }
    }

    pub(super) fn has(&self, key: &str) -> bool {
        self.0.contains_key(key)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn entries(&self) -> impl Iterator<Item = (&String, &Value)> {
        self.0.iter()
    }

    /// Refuses what nobody reads: a misspelt parameter must not pass unseen.
    pub(super) fn only(&self, known: &[&str]) -> Answer<()> {
        let common = ["expand"];
        match self
            .0
            .keys()
            .find(|key| !known.contains(&key.as_str()) && !common.contains(&key.as_str()))
        {
            Some(key) => Err(Problem::unknown(key)),
            None => Ok(()),
        }
    }

    /// The same parameters give the same text.
    pub(super) fn fingerprint(&self) -> String {
        Value::Object(self.0.clone()).to_string()
    }
}

/// A parameter on its way to becoming a value.
#[derive(Default)]
struct Node {
    text: Option<String>,
    fields: BTreeMap<String, Node>,
}

impl Node {
    fn put(&mut self, path: &[String], value: String) {
        let Some((first, rest)) = path.split_first() else {
            self.text = Some(value);
            return;
        };
        // `a[]` appends: six digits keep the order of what is appended and numbered alike.
        let key = match first.parse::<usize>() {
            _ if first.is_empty() => format!("{:06}", self.fields.len()),
            Ok(number) => format!("{number:06}"),
            Err(_) => first.clone(),
        };
        self.fields.entry(key).or_default().put(rest, value);
    }

    fn into_value(self) -> Value {
        if self.fields.is_empty() {
            return self.text.map_or_else(|| Value::Object(Map::new()), Value::String);
        }
        let numbered = self.fields.keys().all(|key| key.len() == 6 && key.parse::<usize>().is_ok());
        let values = self.fields.into_iter().map(|(key, node)| (key, node.into_value()));
        if numbered {
            Value::Array(values.map(|(_, value)| value).collect())
        } else {
            Value::Object(values.collect())
        }
    }
}

/// `a[b][]` as `a`, `b` and nothing.
fn keys(key: &str) -> Vec<String> {
    let (first, rest) = key.split_once('[').unwrap_or((key, ""));
    let mut keys = vec![first.to_owned()];
    if !rest.is_empty() {
        keys.extend(rest.trim_end_matches(']').split("][").map(str::to_owned));
    }
    keys
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn brackets_make_hashes_and_arrays() {
        for (form, expected) in [
            ("a=1&b=x+y%21", json!({"a": "1", "b": "x y!"})),
            (
                "items[0][price]=p&items[1][price]=q",
                json!({"items": [{"price": "p"}, {"price": "q"}]}),
            ),
            ("expand[]=a&expand[]=b", json!({"expand": ["a", "b"]})),
            ("created[gte]=5", json!({"created": {"gte": "5"}})),
            ("metadata[k]=v&metadata[2]=w", json!({"metadata": {"k": "v", "000002": "w"}})),
            ("discounts=", json!({"discounts": ""})),
        ] {
            assert_eq!(Value::Object(Params::parse(form).0), expected, "{form}");
        }
    }
}
