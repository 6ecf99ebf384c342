//! Revenue: webhooks in; customers, subscriptions, invoices, payments and the ledger out.

mod service;
pub mod intake;

pub use service::RevenueApi;
