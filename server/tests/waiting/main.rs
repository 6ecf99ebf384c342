//! Who waits for what in a database, for how long, and what they are told.
#![allow(
    clippy::unwrap_used,
    clippy::float_arithmetic,
    clippy::disallowed_methods,
    reason = "a test stops where it fails, and times what it runs"
)]

#[path = "../common/mod.rs"]
mod common;

mod aside;
mod desk;
mod locks;
