//! The binary `takings`.

fn main() {}
