//! Analytics: what the roll-ups of other folders add up to.

mod activity;
pub(crate) mod calendar;
mod commissions;
mod confidence;
mod convert;
pub mod gauges;
mod kinds;
pub(crate) mod leads;
mod movements;
mod retention;
mod rollups;
mod scope;
mod series;
mod service;
mod summary;

pub(crate) use confidence::settled_through;
pub use service::AnalyticsApi;
