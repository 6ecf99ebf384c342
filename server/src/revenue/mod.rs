//! Revenue: webhooks in; customers, subscriptions, invoices, payments and the ledger out.

pub mod intake;
mod service;

pub use service::RevenueApi;
