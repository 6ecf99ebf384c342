//! A server under measurement: the real binary, as a process of its own.

use crate::load::SECRET;
use anyhow::Context;
use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

/// A running process that serves HTTP, stopped when dropped.
pub(crate) struct Target {
    pub(crate) child: Child,
    pub(crate) http: SocketAddr,
}

impl Target {
    /// Starts `takings serve` on a database.
    pub(crate) fn takings(url: &str) -> anyhow::Result<Target> {
        let mut command = Command::new(binary()?);
        command
            .args(["serve", "--migrate", "--http", "127.0.0.1:0", "--grpc", "127.0.0.1:0"])
            .env("TAKINGS__DATABASE__URL", url)
            .env("TAKINGS__STRIPE__WEBHOOK_SECRETS", SECRET)
            .env("TAKINGS__LOG__FILTER", "warn");
        Target::start(command)
    }

    /// Starts a command that prints `http://<address>` on its first line.
    pub(crate) fn start(mut command: Command) -> anyhow::Result<Target> {
        let mut child =
            command.stdout(Stdio::piped()).spawn().context("the server did not start")?;
        let stdout = child.stdout.take().context("no output")?;
        let mut line = String::new();
        BufReader::new(stdout).read_line(&mut line)?;
        let address = line.split("http://").nth(1).and_then(|it| it.split_whitespace().next());
        let http = address.context("the server did not say where it listens")?.parse()?;
        Ok(Target { child, http })
    }
}

impl Drop for Target {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The release binary beside this one, built now.
fn binary() -> anyhow::Result<PathBuf> {
    let own = std::env::current_exe()?;
    let binary = own.with_file_name("takings");
    anyhow::ensure!(
        binary.exists(),
        "{} is missing: cargo build --release -p takings-server",
        binary.display()
    );
    Ok(binary)
}
