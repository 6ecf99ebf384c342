//! Payouts of affiliate programs: claimed once, exported, settled.
#![allow(
    clippy::unwrap_used,
    clippy::float_arithmetic,
    clippy::disallowed_methods,
    reason = "a test stops where it fails, and times what it runs"
)]

#[path = "../common/mod.rs"]
mod common;

mod aside;
mod batches;
mod bound;
mod clickless;
mod desk;
mod earned;
mod files;
mod fixed;
mod kept;
mod own;
mod races;
mod settling;
mod signals;
mod tiers;
