//! The port to Stripe's API. Requests are async-stripe's types; how they travel, how often they
//! are tried and what a failure means is decided here.

mod account;
mod client;
pub mod endpoints;
mod error;
mod limit;
pub mod lists;
mod retry;
mod secrets;
mod transport;

pub use account::Account;
pub(crate) use account::not_configured;
pub use client::{Answer, Client};
pub use error::{Error, ErrorKind};
pub use limit::Rates;
pub use retry::Policy;
pub(crate) use secrets::LOOK;
pub use secrets::Secrets;
pub use stripe_client_core::{IdempotencyKey, RequestBuilder, StripeMethod};
pub use transport::Head;
