//! Analytics: what the roll-ups of other folders add up to.

pub mod gauges;
mod service;

pub use service::AnalyticsApi;
