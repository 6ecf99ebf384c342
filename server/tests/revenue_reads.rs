//! Reading what was taken in, through the service itself, on both databases.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod common;
#[path = "revenue_reads/desk.rs"]
mod desk;
#[path = "revenue_reads/journal.rs"]
mod journal;
#[path = "revenue_reads/mirrors.rs"]
mod mirrors;
#[path = "revenue_reads/money.rs"]
mod money;
