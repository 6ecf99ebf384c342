//! The affiliate program: the real binary, asked over gRPC and HTTP, on both databases.
#![allow(
    clippy::unwrap_used,
    clippy::float_arithmetic,
    clippy::disallowed_methods,
    clippy::result_large_err,
    reason = "a test stops where it fails, and times what it runs"
)]

mod agents;
mod browser;
mod catalogue;
mod clicks;
mod desk;
mod links;
mod mistakes;
mod redirects;
mod refusals;
mod repeats;

#[path = "../common/mod.rs"]
mod common;
