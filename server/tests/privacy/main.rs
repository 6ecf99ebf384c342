//! Personal data: sealed wherever it lies, under keys that rotate, until a person is erased.
#![allow(
    clippy::unwrap_used,
    clippy::float_arithmetic,
    clippy::disallowed_methods,
    reason = "a test stops where it fails, and times what it runs"
)]

mod cells;
#[path = "../common/mod.rs"]
mod common;
mod desk;
mod doors;
mod erasures;
mod guests;
mod load;
mod partners;
mod retention;
mod rotation;
mod starts;
mod upgrades;
mod yesterday;
