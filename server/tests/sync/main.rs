//! What webhooks missed is found again: by sweeps within Stripe's 30 days, by a backfill beyond.
#![allow(
    clippy::unwrap_used,
    clippy::float_arithmetic,
    clippy::disallowed_methods,
    reason = "a test stops where it fails, and times what it runs"
)]

#[path = "../common/mod.rs"]
mod common;

mod asked;
mod backfills;
mod house;
mod orders;
mod serving;
mod sweeps;
