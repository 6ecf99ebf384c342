//! `AnalyticsService` against a naive recomputation, on every database there is.
#![allow(
    clippy::unwrap_used,
    clippy::float_arithmetic,
    clippy::disallowed_methods,
    reason = "a test stops where it fails, and times what it runs"
)]

mod answers;
mod books;
mod oracle;
mod questions;
mod reasons;
