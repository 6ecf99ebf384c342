//! Leads: captured, validated, scored, asked for their consent, and converted.
//!
//! What names a person is sealed under the lead's key ([`sealed`]); a mailbox is found by its keyed
//! index. Activities, profiles, steps, consents are facts; scores and stages follow from them.

mod activities;
mod capture;
mod cohort;
mod consents;
mod conversions;
mod convert;
mod desk;
pub mod email;
mod entity;
pub(crate) mod forms;
mod limit;
mod outbox;
mod person;
mod personal;
mod read;
mod reads;
mod scores;
mod sealed;
mod service;
mod stages;
mod store;
mod update;

pub(crate) use cohort::{Cohort, Member, cohort};
pub use conversions::convert_marked;
pub(crate) use conversions::{derive_all, mark_settlements};
pub(crate) use convert::stage::of as stage_of;
pub use desk::Desk;
pub use outbox::send_due;
pub(crate) use outbox::{depth, escaped};
pub(crate) use person::{forget, held};
pub use service::LeadApi;

use crate::error::{Error, Reason};
use capture::Origin;
use consents::Agreed;
use personal::Personal;
use scores::Scored;
use takings_core::lead::stage::Stage;
use takings_core::time::Timestamp;

/// A lead as it stands.
#[derive(Clone, Debug)]
pub(crate) struct Lead {
    /// The id.
    pub(crate) id: String,
    /// By what the mailbox is found; `None`: the person was erased.
    email_index: Option<String>,
    /// What is known of the person; `None`: the person was erased.
    personal: Option<Personal>,
    /// Where the lead came from first.
    origin: Origin,
    /// What was found about the address when it was last given.
    verdict: String,
    /// The codes of what was found, parted by spaces.
    reasons: String,
    /// How far the lead has come.
    stage: Stage,
    /// When the lead was captured first.
    captured_at: Timestamp,
    /// When the lead was changed last.
    updated_at: Timestamp,
    /// When the person was erased.
    erased_at: Option<Timestamp>,
    /// What the lead agreed to, by purpose.
    consents: Vec<Agreed>,
    /// How the lead became a customer.
    conversion: Option<Conversion>,
    /// How promising the lead is, where that was asked for.
    score: Option<Scored>,
    /// The page on which the lead withdraws.
    unsubscribe_url: String,
}

/// How a lead became a paying customer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Conversion {
    at: Timestamp,
    source: Option<i64>,
    customer: Option<String>,
    automatic: bool,
}

/// Whether a lead has paid, and has become a customer by it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Standing {
    /// When the person paid first; one who had paid before the capture, at the capture.
    paid_at: Option<Timestamp>,
    /// `None`: the person has not paid, or had before the capture.
    conversion: Option<Conversion>,
}

/// No lead has this id.
fn unknown(id: &str) -> Error {
    let message = format!("there is no lead `{id}`: send an id that ListLeads answers");
    Error::not_found(Reason::LeadNotFound, message)
}
