//! `takings reconcile` and its RPCs: the ledger of a whole business against the make-believe
//! Stripe's own books.
#![allow(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a test stops where it fails, and times what it runs"
)]

#[path = "../common/mod.rs"]
mod common;
mod desk;
mod doors;
mod planted;
mod year;
