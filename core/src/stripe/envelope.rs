//! The event around an object: what must be readable before anything else.

use super::Refusal;
use crate::time::Day;
use serde::Deserialize;
use serde_json::{Map, Value};

/// An event, read as far as it can be.
#[derive(Clone, Debug, PartialEq)]
pub struct Envelope {
    /// The event's id.
    pub id: String,
    /// The API version it was rendered for; empty where it names none.
    pub api_version: String,
    /// When it was made, in seconds; 0 where it does not say.
    pub created: i64,
    /// Its type, for example `invoice.paid`.
    pub kind: String,
    /// Whether it is about real money.
    pub livemode: bool,
    /// The connected account it is about.
    pub account: Option<String>,
    /// The object and its previous values, or why they cannot be used.
    pub data: Result<Data, Refusal>,
    /// The object that a thin event names instead of showing it.
    pub related: Option<String>,
}

/// What an event is about.
#[derive(Clone, Debug, PartialEq)]
pub struct Data {
    /// The object as rendered.
    pub object: Map<String, Value>,
    /// `previous_attributes`, on updates.
    pub previous: Option<Map<String, Value>>,
}

/// Why no event can be read at all: nothing is stored.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EnvelopeError {
    /// The body is no JSON object.
    #[error("the body is not a JSON object: {0}")]
    NotJson(String),
    /// There is no id to store it under.
    #[error("the body has no event id: `id` must be 1 to 255 printable ASCII characters")]
    NoId,
}

/// Reads an event. One with an id is always answered; what is wrong beyond it is in `data`.
pub fn parse(body: &[u8]) -> Result<Envelope, EnvelopeError> {
    match serde_json::from_slice::<Value>(body) {
        Ok(Value::Object(event)) => read(event),
        Ok(_) => Err(EnvelopeError::NotJson("it holds another kind of value".into())),
        Err(error) => rescue(body, &error),
    }
}

fn read(mut event: Map<String, Value>) -> Result<Envelope, EnvelopeError> {
    let id = event.get("id").and_then(Value::as_str).filter(|id| storable(id));
    let id = id.ok_or(EnvelopeError::NoId)?.to_owned();
    let text = |key: &str| event.get(key).and_then(Value::as_str).filter(|it| storable(it));
    let kind = text("type").unwrap_or_default().to_owned();
    let mut envelope = Envelope {
        id,
        api_version: text("api_version").unwrap_or_default().to_owned(),
        created: 0,
        livemode: event.get("livemode").and_then(Value::as_bool).unwrap_or(false),
        account: text("account").or(text("context")).map(str::to_owned),
        data: Err(Refusal::new("missing_field", "the event has no `data.object`")),
        related: related(&event),
        kind,
    };
    let created = event.get("created").and_then(|it| it.as_i64().or_else(|| instant(it.as_str()?)));
    envelope.created = created.filter(|created| in_range(*created)).unwrap_or(0);
    if let Some(Value::Object(mut data)) = event.remove("data") {
        envelope.data = contents(&mut data, &envelope);
    }
    Ok(envelope)
}

fn related(event: &Map<String, Value>) -> Option<String> {
    let id = event.get("related_object")?.get("id")?.as_str()?;
    storable(id).then(|| id.to_owned())
}

/// The second of an instant as thin events write it: `2026-03-19T08:15:42.123Z`.
fn instant(text: &str) -> Option<i64> {
    let number = |from: usize, until: usize| text.get(from..until)?.parse::<u32>().ok();
    let marks = [(4, "-"), (7, "-"), (10, "T"), (13, ":"), (16, ":")];
    if !text.ends_with('Z') || !marks.iter().all(|(at, mark)| text.get(*at..*at + 1) == Some(mark))
    {
        return None;
    }
    let year = i32::try_from(number(0, 4)?).ok()?;
    let (month, day) = (number(5, 7)?, number(8, 10)?);
    let (hour, minute, second) = (number(11, 13)?, number(14, 16)?, number(17, 19)?);
    let real = (1..=12).contains(&month) && (1..=31).contains(&day);
    let start = Day::from_civil(year, month, day).start().secs();
    let seconds = i64::from(hour * 3600 + minute * 60 + second);
    (real && hour < 24 && minute < 60 && second <= 60).then_some(start + seconds)
}

fn contents(data: &mut Map<String, Value>, envelope: &Envelope) -> Result<Data, Refusal> {
    if envelope.kind.is_empty() {
        return Err(Refusal::new("missing_field", "the event has no `type`"));
    }
    if envelope.created == 0 {
        return Err(Refusal::new("missing_field", "the event has no usable `created`"));
    }
    let Some(Value::Object(object)) = data.remove("object") else {
        return Err(Refusal::new("missing_field", "the event has no `data.object`"));
    };
    let previous = match data.remove("previous_attributes") {
        Some(Value::Object(previous)) if !previous.is_empty() => Some(previous),
        _ => None,
    };
    Ok(Data { object, previous })
}

/// What can be saved of a body that cannot be read as a whole: one nested too deep still has an
/// id, which is enough to keep it.
fn rescue(body: &[u8], error: &serde_json::Error) -> Result<Envelope, EnvelopeError> {
    #[derive(Deserialize)]
    struct Head {
        id: String,
        #[serde(default, rename = "type")]
        kind: String,
        #[serde(default)]
        created: i64,
        #[serde(default)]
        livemode: bool,
    }
    let head: Head =
        serde_json::from_slice(body).map_err(|_| EnvelopeError::NotJson(error.to_string()))?;
    if !storable(&head.id) {
        return Err(EnvelopeError::NoId);
    }
    Ok(Envelope {
        id: head.id,
        api_version: String::new(),
        created: if in_range(head.created) { head.created } else { 0 },
        kind: if storable(&head.kind) { head.kind } else { String::new() },
        livemode: head.livemode,
        account: None,
        data: Err(Refusal::new("unreadable", format!("the event cannot be read: {error}"))),
        related: None,
    })
}

/// Whether a text may be a key: printable ASCII without spaces, at most 255 characters.
pub(super) fn storable(text: &str) -> bool {
    (1..=255).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic())
}

/// Seconds from 1970 to 9999: what a calendar can hold.
pub(super) fn in_range(seconds: i64) -> bool {
    (1..=253_402_300_799).contains(&seconds)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_has_no_id_is_refused() {
        for body in ["", "not json", "[]", "{}", r#"{"id":""}"#, r#"{"id":7}"#, r#"{"id":"a b"}"#] {
            assert!(parse(body.as_bytes()).is_err(), "{body}");
        }
        assert!(parse(&[0xff, 0xfe]).is_err());
    }

    #[test]
    fn a_thin_event_names_its_object_and_its_instant() {
        let thin = r#"{"id":"evt_1","object":"v2.core.event","type":"v1.invoice.paid",
            "created":"2026-03-19T08:15:42.123Z","livemode":false,
            "related_object":{"id":"in_1","type":"invoice","url":"/v1/invoices/in_1"}}"#;
        let envelope = parse(thin.as_bytes()).unwrap();
        assert_eq!((envelope.created, envelope.related.as_deref()), (1_773_908_142, Some("in_1")));
        for wrong in ["", "2026-03-19", "2026-13-19T08:15:42Z", "2026-03-19T08:15:42"] {
            assert_eq!(instant(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn what_has_an_id_is_kept_however_deep_the_rest() {
        let deep = format!(
            r#"{{"id":"evt_1","type":"x","created":5,"data":{{"object":{}1{}}}}}"#,
            "[".repeat(1000),
            "]".repeat(1000)
        );
        let envelope = parse(deep.as_bytes()).unwrap();
        assert_eq!((envelope.id.as_str(), envelope.created), ("evt_1", 5));
        assert_eq!(envelope.data.unwrap_err().reason(), "unreadable");
    }
}
