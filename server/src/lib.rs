//! The server: everything behind the binary `takings`.
