//! What is wrong with data that people write: terms, models.

/// A field that cannot stand, and what to write instead.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// The field, as a path such as `tiers.steps[1].threshold`.
    pub field: String,
    /// What is wrong, and what to do.
    pub message: String,
}

/// What was found so far, in the order of the fields.
#[derive(Debug, Default)]
pub(crate) struct Violations(pub(crate) Vec<Violation>);

impl Violations {
    /// Notes a field that does not hold.
    pub(crate) fn check(
        &mut self,
        holds: bool,
        field: impl Into<String>,
        message: impl Into<String>,
    ) {
        if !holds {
            self.0.push(Violation { field: field.into(), message: message.into() });
        }
    }
}
