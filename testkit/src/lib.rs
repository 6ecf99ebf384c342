//! What tests need: a real PostgreSQL, made-up rows, skips that are seen, free ports.
#![allow(
    clippy::disallowed_methods,
    reason = "tests are told what they may use by the environment"
)]

mod books;
mod postgres;

pub use books::{Books, Dice, Row};
pub use postgres::PostgresServer;

use std::fs::OpenOptions;
use std::io::Write;
use std::net::TcpListener;
use std::path::{Path, PathBuf};

/// Says that a test did not run, and why; `cargo xtask test` repeats it at the end, and in CI
/// nothing may be skipped.
///
/// # Panics
///
/// If it cannot be recorded: a skip that nobody sees would pass for a success.
pub fn skip(name: &str, reason: &str) {
    let line = format!("{name}: {reason}\n");
    print!("skipped: {line}");
    let Some(path) = std::env::var_os("TAKINGS_SKIPS") else { return };
    // One write, so that lines of processes that run side by side do not mix.
    let file = OpenOptions::new().append(true).create(true).open(&path);
    file.and_then(|mut file| file.write_all(line.as_bytes()))
        .unwrap_or_else(|error| panic!("cannot record in {}: {error}", path.display()));
}

/// The Python that has the packages tests need; `cargo xtask test` prepares it.
pub fn python() -> Option<PathBuf> {
    std::env::var_os("TAKINGS_PYTHON").map(PathBuf::from).filter(|path| path.exists())
}

/// Stripe's own mock; `cargo xtask test` prepares it.
pub fn stripe_mock() -> Option<PathBuf> {
    std::env::var_os("TAKINGS_STRIPE_MOCK").map(PathBuf::from).filter(|path| path.exists())
}

/// The `node_modules` that has the packages tests need; `cargo xtask test` prepares it, where there
/// is a Node.js that runs them.
pub fn node_modules() -> Option<PathBuf> {
    std::env::var_os("TAKINGS_NODE_MODULES").map(PathBuf::from).filter(|path| path.exists())
}

/// Whether the full counts are asked for.
pub fn soak() -> bool {
    std::env::var_os("TAKINGS_SOAK").is_some()
}

/// The master key of tests' PostgreSQL databases; SQLite's makes its own beside its file.
pub const MASTER_KEY: &str = "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff";

/// The master key that a database of this URL needs from its configuration.
pub fn master_key(url: &str) -> Option<&'static str> {
    url.starts_with("postgres").then_some(MASTER_KEY)
}

/// A port of 127.0.0.1 that nobody listened on a moment ago. Who can, binds port 0 instead: another
/// process may be faster.
pub fn free_port() -> std::io::Result<u16> {
    Ok(TcpListener::bind(("127.0.0.1", 0))?.local_addr()?.port())
}

/// The project's folder.
pub fn repo_root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("testkit lies inside the project")
}
