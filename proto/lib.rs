//! The contract of Takings: messages, clients and servers, generated from `proto/takings/v1`.
//!
//! The comments of the `.proto` files are the documentation; they are repeated on each item here.
//! Nothing in this crate is written by hand but this file.

/// The package `takings.v1`.
#[allow(missing_docs, unreachable_pub, clippy::all, clippy::too_many_lines, rustdoc::all)]
pub mod v1 {
    tonic::include_proto!("takings.v1");
}

/// The encoded `FileDescriptorSet` of the package and all it imports, comments included, for
/// reflection.
pub const FILE_DESCRIPTOR_SET: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/takings_v1.bin"));

#[cfg(test)]
mod tests;
