//! `AnalyticsService` against a naive recomputation, and what is measured of real events, on every
//! database there is.
#![allow(
    clippy::unwrap_used,
    clippy::float_arithmetic,
    clippy::disallowed_methods,
    reason = "a test stops where it fails, and times what it runs"
)]

mod answers;
mod attempts;
mod books;
#[path = "../common/mod.rs"]
mod common;
mod coupons;
mod customers;
mod oracle;
mod questions;
mod reasons;
mod trials;
