//! `AnalyticsService` against a naive recomputation, on every database there is.

mod answers;
mod books;
mod oracle;
mod questions;
mod reasons;
