//! Reading what was taken in, through the service itself, on both databases.
#![allow(
    clippy::unwrap_used,
    clippy::float_arithmetic,
    clippy::disallowed_methods,
    reason = "a test stops where it fails, and times what it runs"
)]

mod common;
#[path = "revenue_reads/desk.rs"]
mod desk;
#[path = "revenue_reads/journal.rs"]
mod journal;
#[path = "revenue_reads/mirrors.rs"]
mod mirrors;
#[path = "revenue_reads/money.rs"]
mod money;
