//! What tests need: a real PostgreSQL, skips that are seen, free ports.
#![allow(
    clippy::disallowed_methods,
    reason = "tests are told what they may use by the environment"
)]

mod postgres;

pub use postgres::PostgresServer;

use std::fs::OpenOptions;
use std::io::Write;
use std::net::TcpListener;
use std::path::PathBuf;

/// Says that a test did not run, and why; `cargo xtask test` repeats it at the end, and in CI
/// nothing may be skipped.
pub fn skip(name: &str, reason: &str) {
    println!("skipped: {name}: {reason}");
    let Some(file) = std::env::var_os("TAKINGS_SKIPS") else { return };
    if let Ok(mut file) = OpenOptions::new().append(true).create(true).open(file) {
        let _ = writeln!(file, "{name}: {reason}");
    }
}

/// The Python that has the packages tests need; `cargo xtask test` prepares it.
pub fn python() -> Option<PathBuf> {
    std::env::var_os("TAKINGS_PYTHON").map(PathBuf::from).filter(|path| path.exists())
}

/// Whether the full counts are asked for.
pub fn soak() -> bool {
    std::env::var_os("TAKINGS_SOAK").is_some()
}

/// A port that nobody listens on.
pub fn free_port() -> std::io::Result<u16> {
    Ok(TcpListener::bind("127.0.0.1:0")?.local_addr()?.port())
}
