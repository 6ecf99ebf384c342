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
mod terms;

pub use kinds::{API_VERSION, EVENT_TYPES};

use super::envelope::{Data, Envelope};
use super::field::{Object, missing};
use super::{Question, Refusal};
use crate::billing::facts::{Fact, Listed, LookUp, Phase, State};
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};

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
    /// A thin event: it names an object and holds none, so that object has to be asked for.
    Named {
        /// The object.
        object: String,
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

/// What the API showed of an object: an answer to a request, an entry of a list.
#[derive(Clone, Debug, PartialEq)]
pub struct Observed {
    /// The object's id.
    pub object: String,
    /// Facts, the object's own first; none where its kind says nothing that counts.
    pub facts: Vec<Fact>,
    /// Name and email of a customer, as JSON.
    pub personal: Option<String>,
    /// Whether it is about real money, where the object says so.
    pub livemode: Option<bool>,
}

impl Observed {
    /// The observation's key, made of what it says: shown twice in a second it is one observation.
    /// It sorts before every event's id.
    pub fn key(&self) -> String {
        let said = serde_json::to_vec(&self.facts).unwrap_or_default();
        let digest = Sha256::digest(said);
        digest[..12].iter().fold("api_".to_owned(), |key, byte| format!("{key}{byte:02x}"))
    }
}

/// What an object that the API showed says, in our own words.
pub fn observe(object: &Map<String, Value>) -> Result<Observed, Refusal> {
    let object = Object(object);
    let livemode = object.flag("livemode");
    let kind = object.text("object")?.ok_or_else(|| missing("object"))?;
    let deleted = object.flag("deleted").unwrap_or(false);
    // What is left of a deleted customer is its id; of anything else nothing that counts.
    let read = reader_of(&kind).filter(|_| !deleted || kind == "customer");
    let Some(read) = read else {
        let (facts, personal) = (Vec::new(), None);
        return Ok(Observed { object: own_id(object)?, facts, personal, livemode });
    };
    let Seen { id, state, embedded } = read(object)?;
    let personal = customer::personal(&state, object)?;
    let phase = if deleted { Phase::Deleted } else { Phase::Changed };
    let first = Fact { object: id.clone(), phase, state, before: None };
    let facts = std::iter::once(first).chain(embedded).collect();
    Ok(Observed { object: id, facts, personal, livemode })
}

/// What a coupon or a price says that was asked for in full: with `applies_to`, `tiers` and
/// `currency_options` expanded.
pub fn observe_in_full(object: &Map<String, Value>) -> Result<Observed, Refusal> {
    let mut observed = observe(object)?;
    match observed.facts.first().map(|fact| &fact.state) {
        Some(State::Coupon(_)) => observed.facts.push(terms::coupon(Object(object))?),
        Some(State::Price(_)) => observed.facts.push(terms::price(Object(object))?),
        _ => {}
    }
    Ok(observed)
}

/// That everything of a kind that the API lists for an object was shown.
pub fn looked_up(of: &str, listed: Listed) -> Observed {
    let facts = vec![terms::look_up(LookUp { of: of.to_owned(), listed })];
    Observed { object: of.to_owned(), facts, personal: None, livemode: None }
}

/// How an object of the API is read, by its `object`.
fn reader_of(kind: &str) -> Option<Reader> {
    Some(match kind {
        "balance_transaction" => payment::transaction,
        "charge" => payment::charge,
        "checkout.session" => checkout::session,
        "coupon" => catalogue::coupon,
        "credit_note" => note::credit_note,
        "customer" => customer::customer,
        "discount" => customer::discount,
        "dispute" => payment::dispute,
        "invoice" => invoice::invoice,
        "invoice_payment" => invoice::payment,
        "payment_intent" => payment::intent,
        "payout" => payment::payout,
        "price" | "plan" => catalogue::price,
        "product" => catalogue::product,
        "refund" => payment::refund,
        "subscription" => subscription::subscription,
        _ => return None,
    })
}

/// What an event says, in our own words.
pub fn normalize(envelope: &Envelope) -> Result<Contents, Refusal> {
    if is_thin(&envelope.kind) {
        return Ok(match &envelope.related {
            Some(object) if Question::newest(object).is_some() => {
                Contents::Named { object: object.clone() }
            }
            object => Contents::Ignored { object: object.clone() },
        });
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
