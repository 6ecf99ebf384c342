//! The gRPC door: services, health, reflection, gRPC-Web, limits.

mod ask;
mod measure;
mod server;

pub use ask::{amount, summary};
pub use server::{Health, serve};
