//! Stripe: signatures, events, and payloads of any API version as facts.

pub mod envelope;
mod field;
mod normalize;
mod people;
mod question;
mod refusal;
pub mod signature;

pub use envelope::{Envelope, EnvelopeError};
pub use normalize::{
    API_VERSION, Contents, EVENT_TYPES, Observed, looked_up, normalize, observe, observe_in_full,
};
pub use people::{addresses, people};
pub use question::{Question, Request, Shape};
pub use refusal::Refusal;
