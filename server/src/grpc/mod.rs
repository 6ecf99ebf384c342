//! The gRPC door: services, health, reflection, gRPC-Web, limits.

mod ask;
mod measure;
mod partner;
mod server;

pub use ask::summary;
pub use partner::Partner;
pub use server::{Health, serve};
