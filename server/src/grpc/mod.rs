//! The gRPC door: services, health, reflection, gRPC-Web, limits.

mod measure;
mod server;

pub use server::{Health, serve};
