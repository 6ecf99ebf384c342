//! Compiles `proto/` without protoc.

fn main() {}
