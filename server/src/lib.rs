//! The server: everything behind the binary `takings`.

pub mod analytics;
pub mod app;
pub mod config;
pub mod db;
pub mod error;
pub mod http;
pub mod ingest;
pub mod jobs;
pub mod ledger;
pub mod page;
pub mod rebuild;
pub mod revenue;
pub mod sources;
pub mod telemetry;
