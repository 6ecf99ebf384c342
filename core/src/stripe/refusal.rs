//! Why an event with a readable id cannot be used: it is quarantined, and can be replayed.

/// A refusal: a fixed word, and a sentence that names the field.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct Refusal {
    reason: &'static str,
    message: String,
}

impl Refusal {
    /// A refusal for `reason`, one of a closed set of snake-case words.
    pub fn new(reason: &'static str, message: impl Into<String>) -> Refusal {
        Refusal { reason, message: message.into() }
    }

    /// The fixed word.
    pub fn reason(&self) -> &'static str {
        self.reason
    }

    /// The sentence.
    pub fn message(&self) -> &str {
        &self.message
    }
}
