//! Leads: the real binary, asked over gRPC and HTTP, on both databases.
#![allow(
    clippy::unwrap_used,
    clippy::float_arithmetic,
    clippy::disallowed_methods,
    clippy::result_large_err,
    reason = "a test stops where it fails, and times what it runs"
)]

mod analytics;
mod canaries;
mod captures;
mod clickless;
mod consents;
mod conversions;
mod crowds;
mod desk;
mod dns;
mod forms;
mod late_clicks;
mod pages;
mod persons;
mod rebuilt;
mod refusals;
mod replica;
mod restated;
mod scores;
mod smtp;
mod stages;
mod withdrawals;

#[path = "../common/mod.rs"]
mod common;
#[allow(dead_code, unreachable_pub, reason = "this binary uses its part")]
#[path = "../affiliate_commissions/events.rs"]
mod events;
#[allow(dead_code, unreachable_pub, reason = "this binary uses its part")]
#[path = "../affiliate/desk.rs"]
mod partners;
