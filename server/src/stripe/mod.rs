//! The port to Stripe's API. Requests are async-stripe's types; how they travel, how often they
//! are tried and what a failure means is decided here.

mod account;
mod client;
pub mod endpoints;
mod error;
pub mod lists;
mod retry;
mod transport;

pub use account::Account;
pub(crate) use account::not_configured;
pub use client::{Answer, Client};
pub use error::{Error, ErrorKind};
pub use retry::Policy;
pub use stripe_client_core::{IdempotencyKey, RequestBuilder, StripeMethod};
pub use transport::Head;
