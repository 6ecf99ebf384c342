//! Revenue: webhooks in; customers, subscriptions, invoices, payments and the ledger out.

pub(crate) mod convert;
mod customers;
mod disputes;
mod events;
pub mod intake;
mod invoices;
mod mirrors;
pub mod observe;
pub(crate) mod paging;
mod payments;
mod refunds;
mod replay;
mod service;
mod subscriptions;
pub mod sync;

pub use service::RevenueApi;
