//! The server: everything behind the binary `takings`.

pub mod config;
pub mod db;
pub mod ingest;
