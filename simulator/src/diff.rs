//! `previous_attributes` as Stripe writes them: hashes in part, arrays whole.

use serde_json::{Map, Value};

/// What `before` had where `after` differs; nothing when they are alike.
pub(crate) fn previous(before: &Value, after: &Value) -> Option<Value> {
    let (Value::Object(old), Value::Object(new)) = (before, after) else {
        return (before != after).then(|| before.clone());
    };
    let mut changes = Map::new();
    for (key, was) in old {
        match new.get(key) {
            Some(is) => {
                if let Some(change) = previous(was, is) {
                    changes.insert(key.clone(), change);
                }
            }
            None => {
                changes.insert(key.clone(), was.clone());
            }
        }
    }
    for key in new.keys().filter(|key| !old.contains_key(*key)) {
        changes.insert(key.clone(), Value::Null);
    }
    (!changes.is_empty()).then_some(Value::Object(changes))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn hashes_are_told_in_part_and_arrays_whole() {
        let before = json!({"a": 1, "h": {"x": 1, "y": 2}, "l": [1, 2], "same": true});
        let after = json!({"a": 1, "h": {"x": 1, "y": 3, "z": 4}, "l": [1, 3], "same": true});
        let expected = json!({"h": {"y": 2, "z": null}, "l": [1, 2]});
        assert_eq!(previous(&before, &after), Some(expected));
        assert_eq!(previous(&after, &after), None);
    }
}
