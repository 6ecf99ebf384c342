//! The gRPC door: services, health, reflection, gRPC-Web, limits.

mod ask;
mod leads;
mod measure;
mod partner;
mod server;

pub use ask::summary;
pub use leads::Watched;
pub use partner::Partner;
pub use server::{Health, serve};
