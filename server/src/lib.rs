//! The server: everything behind the binary `takings`.

pub mod affiliate;
pub mod analytics;
pub mod app;
pub mod cli;
pub mod config;
pub mod db;
pub mod error;
pub mod grpc;
pub mod http;
pub mod ingest;
pub mod jobs;
pub mod lead;
pub mod ledger;
mod networks;
mod once;
pub mod page;
pub mod privacy;
pub mod rebuild;
pub mod revenue;
pub mod serve;
pub mod sources;
pub mod stripe;
pub mod telemetry;
