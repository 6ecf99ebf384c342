//! Payloads of any API version as facts.
//!
//! Shapes are told apart by the fields they have, never by the version they claim: an event made
//! for one version can arrive in another's. The same happening gives the same facts.

mod catalogue;
mod checkout;
mod customer;
mod invoice;
mod kinds;
mod line;
mod note;
mod payment;
mod subscription;

pub use kinds::{API_VERSION, EVENT_TYPES};

use super::Refusal;
use super::envelope::{Data, Envelope};
use super::field::{Object, missing};
use crate::billing::facts::{Fact, Phase, State};
use serde_json::{Map, Value};

/// What an event says.
#[derive(Clone, Debug, PartialEq)]
pub enum Contents {
    /// Facts, the event's own object first; and what it says of a person, as JSON.
    Facts {
        /// The facts.
        facts: Vec<Fact>,
        /// Name and email of the customer that the first fact is about.
        personal: Option<String>,
    },
    /// Its type says nothing that counts.
    Ignored {
        /// The object it is about.
        object: Option<String>,
    },
}

/// A state, the id it is about, and what else its payload tells.
pub(super) struct Seen {
    id: String,
    state: State,
    embedded: Vec<Fact>,
}

impl Seen {
    fn new(id: String, state: State) -> Seen {
        Seen { id, state, embedded: Vec::new() }
    }
}

type Reader = fn(Object<'_>) -> Result<Seen, Refusal>;

/// What an event says, in our own words.
pub fn normalize(envelope: &Envelope) -> Result<Contents, Refusal> {
    if is_thin(&envelope.kind) {
        return Ok(Contents::Ignored { object: None });
    }
    let data = envelope.data.as_ref().map_err(Clone::clone)?;
    let object = Object(&data.object);
    let Some(read) = reader(&envelope.kind, object) else {
        return Ok(Contents::Ignored { object: object.id("id").unwrap_or(None) });
    };
    let Seen { id, state, embedded } = read(object)?;
    let before = before(envelope, data, read);
    let personal = customer::personal(&state, object)?;
    let phase = phase(&envelope.kind);
    let first = Fact { object: id, phase, state, before };
    let facts = std::iter::once(first).chain(embedded).collect();
    Ok(Contents::Facts { facts, personal })
}

/// Thin events name an object and hold none.
fn is_thin(kind: &str) -> bool {
    kind.starts_with("v1.") || kind.starts_with("v2.")
}

/// How the object of an event type is read; `None`: the type says nothing that counts.
fn reader(kind: &str, object: Object<'_>) -> Option<Reader> {
    let prefixes: [(&str, Reader); 17] = [
        ("customer.discount.", customer::discount),
        ("customer.subscription.", subscription::subscription),
        ("charge.dispute.", payment::dispute),
        ("charge.refund.", payment::refund),
        ("checkout.session.", checkout::session),
        ("credit_note.", note::credit_note),
        ("invoice_payment.", invoice::payment),
        ("payment_intent.", payment::intent),
        ("invoice.", invoice::invoice),
        ("charge.", payment::charge),
        ("refund.", payment::refund),
        ("payout.", payment::payout),
        ("product.", catalogue::product),
        ("price.", catalogue::price),
        ("plan.", catalogue::price),
        ("coupon.", catalogue::coupon),
        ("customer.", customer::customer),
    ];
    let (_, read) = prefixes.into_iter().find(|(prefix, _)| kind.starts_with(prefix))?;
    let preview = kind == "invoice.upcoming" || !object.0.contains_key("id");
    let other = kind.starts_with("customer.") && !is_ours(kind);
    (!preview && !other || kind.starts_with("customer.discount.")).then_some(read)
}

/// `customer.source.*`, `customer.tax_id.*` and the like are about other objects.
fn is_ours(kind: &str) -> bool {
    let rest = kind.trim_start_matches("customer.");
    !rest.contains('.') || rest.starts_with("subscription.") || rest.starts_with("discount.")
}

/// The part of the life cycle an event type stands for.
fn phase(kind: &str) -> Phase {
    if kind.ends_with(".created") {
        Phase::Created
    } else if kind.ends_with(".deleted") {
        Phase::Deleted
    } else {
        Phase::Changed
    }
}

/// The state before an update: the object with its previous values laid over it.
fn before(envelope: &Envelope, data: &Data, read: Reader) -> Option<State> {
    let previous = data.previous.as_ref().filter(|_| envelope.kind.ends_with(".updated"))?;
    let mut object = data.object.clone();
    lay_over(&mut object, previous);
    read(Object(&object)).ok().map(|seen| seen.state)
}

/// Objects are merged field by field; arrays and plain values are replaced.
fn lay_over(object: &mut Map<String, Value>, previous: &Map<String, Value>) {
    for (key, value) in previous {
        match (object.get_mut(key), value) {
            (Some(Value::Object(inner)), Value::Object(earlier)) => lay_over(inner, earlier),
            _ => {
                object.insert(key.clone(), value.clone());
            }
        }
    }
}

/// The id of the event's own object.
fn own_id(object: Object<'_>) -> Result<String, Refusal> {
    object.id("id")?.ok_or_else(|| missing("id"))
}
