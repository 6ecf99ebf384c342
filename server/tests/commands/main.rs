//! Commands to Stripe: the real binary, asked over gRPC, acts on a make-believe Stripe.
#![allow(
    clippy::unwrap_used,
    clippy::float_arithmetic,
    clippy::disallowed_methods,
    clippy::result_large_err,
    reason = "a test stops where it fails, and times what it runs"
)]

mod acts;
mod crash;
mod doubt;
mod faults;
mod refusals;
mod repeats;
mod shop;

#[path = "../common/mod.rs"]
mod common;
