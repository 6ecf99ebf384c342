//! From sales to commissions, on both databases.
#![allow(
    clippy::unwrap_used,
    clippy::float_arithmetic,
    clippy::disallowed_methods,
    clippy::result_large_err,
    reason = "a test stops where it fails, and times what it runs"
)]

mod acts;
mod events;
mod learned;
mod lives;
mod mends;
mod orders;
mod sessions;
mod shop;

#[path = "../common/mod.rs"]
mod common;
#[allow(dead_code, unreachable_pub, reason = "this binary uses its part")]
#[path = "../affiliate/desk.rs"]
mod desk;
