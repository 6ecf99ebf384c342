//! Affiliate programs: terms, partners, links, and the clicks that links bring.

mod agreement;
mod attribution;
mod bindings;
pub mod clicks;
pub(crate) mod commissions;
mod convert;
pub mod fraud;
pub mod links;
mod partner_analytics;
pub mod partners;
mod payouts;
pub mod programs;
pub(crate) mod sales;
mod service;

pub(crate) use convert::is_id;
pub use service::AffiliateApi;

use uuid::Uuid;

/// A new id of ours, such as `lnk_0190f3c1a2b47c3d8e5f60718293a4b5`: later ones sort after earlier
/// ones.
pub(crate) fn new_id(prefix: &str) -> String {
    format!("{prefix}_{}", Uuid::now_v7().simple())
}
