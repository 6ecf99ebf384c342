//! What tests and benchmarks of several crates need: a PostgreSQL server of their own, free ports,
//! a Python environment, and skips that are recorded instead of forgotten.

#![allow(clippy::disallowed_methods, reason = "tests are told what they may use by environment")]

mod postgres;

pub use postgres::PostgresServer;

use std::fs::OpenOptions;
use std::io::Write;
use std::net::TcpListener;
use std::path::{Path, PathBuf};

/// Names the file to which [`skip`] appends one line a skip.
pub const SKIPS: &str = "TAKINGS_SKIPS";
/// Names the Python interpreter that has the packages our tests import.
pub const PYTHON: &str = "TAKINGS_PYTHON";

/// Records that `name` was skipped, and why, where the test runner finds it.
pub fn skip(name: &str, reason: &str) {
    let line = format!("skipped: {name}: {reason}\n");
    print!("{line}");
    if let Some(path) = std::env::var_os(SKIPS) {
        // One write, so that lines of test processes that run side by side do not mix.
        let file = OpenOptions::new().create(true).append(true).open(&path);
        file.and_then(|mut file| file.write_all(line.as_bytes()))
            .unwrap_or_else(|error| panic!("cannot record in {}: {error}", path.display()));
    }
}

/// The Python interpreter that `cargo xtask test` made ready, if it could.
pub fn python() -> Option<PathBuf> {
    std::env::var_os(PYTHON).map(PathBuf::from)
}

/// A TCP port on 127.0.0.1 that nobody listened on a moment ago.
///
/// Another process may take it before its user does: who can, binds port 0 instead.
pub fn free_port() -> u16 {
    TcpListener::bind(("127.0.0.1", 0))
        .and_then(|listener| listener.local_addr())
        .expect("a port of 127.0.0.1 is free")
        .port()
}

/// The directory that holds the workspace.
pub fn repo_root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("testkit lies inside the workspace")
}
