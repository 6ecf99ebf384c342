//! Revenue: webhooks in; customers, subscriptions, invoices, payments and the ledger out.

pub mod commands;
pub(crate) mod convert;
mod customers;
mod disputes;
mod events;
pub mod intake;
mod invoices;
pub mod look_up;
mod mirrors;
pub mod observe;
pub(crate) mod paging;
mod payments;
pub mod reconciliation;
mod refunds;
mod replay;
mod service;
mod subscriptions;
pub mod sync;

pub use service::RevenueApi;
