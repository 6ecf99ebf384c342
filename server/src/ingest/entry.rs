//! An observation, prepared outside the writer: verified, read, normalised, compressed.

use crate::privacy::bodies::Named;
use crate::privacy::random_key;
use std::collections::BTreeSet;
use std::sync::OnceLock;
use takings_core::billing::facts::{Fact, Seconds};
use takings_core::privacy::Key;
use takings_core::stripe::{API_VERSION, Observed};

/// What became of an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Outcome {
    /// Its facts count.
    Applied,
    /// It was taken in before.
    Duplicate,
    /// Stored; its type says nothing that counts.
    Ignored,
    /// Stored, visible, replayable; it cannot be used as it is.
    Quarantined,
}

impl Outcome {
    /// The name in the database and in metric labels.
    pub fn as_str(self) -> &'static str {
        match self {
            Outcome::Applied => "applied",
            Outcome::Duplicate => "duplicate",
            Outcome::Ignored => "ignored",
            Outcome::Quarantined => "quarantined",
        }
    }
}

/// A raw body.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Body {
    /// 0: as it came; 1: LZ4 block with its length in front.
    pub(super) codec: i64,
    /// The bytes.
    bytes: Vec<u8>,
    /// What is stored of them.
    sealed: OnceLock<Sealed>,
}

/// A body sealed under a key of its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Sealed {
    pub(super) bytes: Vec<u8>,
    /// The key, which is stored sealed alone.
    pub(super) key: Key,
}

impl Body {
    /// Compresses a raw body.
    pub fn compress(raw: &[u8]) -> Body {
        Body::stored(1, lz4_flex::compress_prepend_size(raw))
    }

    /// A body as it was stored, opened.
    pub(crate) fn stored(codec: i64, bytes: Vec<u8>) -> Body {
        Body { codec, bytes, sealed: OnceLock::new() }
    }

    /// The raw body again.
    pub fn raw(&self) -> Result<Vec<u8>, String> {
        match self.codec {
            0 => Ok(self.bytes.clone()),
            1 => lz4_flex::decompress_size_prepended(&self.bytes).map_err(|e| e.to_string()),
            codec => Err(format!("codec {codec} is not known to this binary")),
        }
    }
}

/// One observation, ready for the writer.
#[derive(Clone, Debug)]
pub struct Entry {
    /// The source's number.
    pub source: i64,
    /// The event's id.
    pub event: String,
    /// The API version it was rendered for; empty where it names none.
    pub api_version: String,
    /// Its type.
    pub kind: String,
    /// Its `created`, in seconds.
    pub second: i64,
    /// What will become of it, unless it was taken in before.
    pub outcome: Outcome,
    /// Why it is quarantined: a fixed word, and a sentence.
    pub refusal: Option<(&'static str, String)>,
    /// The object it is about.
    pub object: Option<String>,
    /// What it says.
    pub facts: Vec<Fact>,
    /// What it says of a person, as JSON; about `object`.
    pub personal: Option<String>,
    /// The raw body.
    pub body: Body,
    /// The customers that the payload names.
    pub people: BTreeSet<String>,
    /// The addresses that the payload names, where it names no customer: guests are found by them.
    pub guests: BTreeSet<String>,
    /// It was taken in before, and is to be applied again.
    pub again: bool,
    /// The object that it names and does not show.
    pub wanted: Option<String>,
    /// The API showed it: it has no event, so that its facts alone are kept.
    pub fetched: bool,
}

impl Entry {
    /// What the API showed at a second of Stripe's clock.
    pub fn fetched(source: i64, second: Seconds, observed: Observed) -> Entry {
        Entry {
            source,
            event: observed.key(),
            api_version: API_VERSION.to_owned(),
            kind: String::new(),
            second,
            outcome: Outcome::Applied,
            refusal: None,
            object: Some(observed.object),
            facts: observed.facts,
            personal: observed.personal,
            body: Body::stored(0, Vec::new()),
            people: BTreeSet::new(),
            guests: BTreeSet::new(),
            again: false,
            wanted: None,
            fetched: true,
        }
    }

    /// Does what can be done before the writer has it.
    pub(super) fn prepare(&self) {
        if self.is_event() {
            self.sealed();
        }
    }

    /// What is stored of its body. The first call seals it, which takes longer than the rest of what is
    /// done about a body: it is made where no writer waits for it.
    pub(super) fn sealed(&self) -> &Sealed {
        self.body.sealed.get_or_init(|| {
            let key = random_key();
            Sealed { bytes: self.named().seal(&key, &self.body.bytes), key }
        })
    }

    /// What its body is named by.
    pub(super) fn named(&self) -> Named<'_> {
        Named { source: self.source, event: &self.event, api_version: &self.api_version }
    }

    /// Whether it is kept as an event, with its body.
    pub(super) fn is_event(&self) -> bool {
        !self.again && !self.fetched
    }
}
