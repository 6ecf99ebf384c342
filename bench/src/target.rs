//! A server under measurement: the real binary, as a process of its own.

use crate::load::SECRET;
use anyhow::Context;
use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use takings::v1::affiliate_service_client::AffiliateServiceClient;
use takings::v1::lead_service_client::LeadServiceClient;
use takings::v1::revenue_service_client::RevenueServiceClient;
use tonic::transport::Channel;

/// A running process that serves HTTP, stopped when dropped.
pub(crate) struct Target {
    pub(crate) child: Child,
    pub(crate) http: SocketAddr,
    /// Where it serves gRPC, if it does.
    grpc: Option<String>,
}

impl Target {
    /// Starts `takings serve` on a database.
    pub(crate) fn takings(url: &str) -> anyhow::Result<Target> {
        Target::takings_with(url, &[])
    }

    /// The same, with more of its configuration.
    pub(crate) fn takings_with(url: &str, more: &[(&str, String)]) -> anyhow::Result<Target> {
        let mut command = Command::new(binary()?);
        command
            .args(["serve", "--migrate", "--http", "127.0.0.1:0", "--grpc", "127.0.0.1:0"])
            .env("TAKINGS__DATABASE__URL", url)
            .env("TAKINGS__STRIPE__WEBHOOK_SECRETS", SECRET)
            .env("TAKINGS__LOG__FILTER", "warn")
            .envs(takings_testkit::master_key(url).map(|key| ("TAKINGS__PRIVACY__MASTER_KEY", key)))
            .envs(more.iter().map(|(key, value)| (key, value)));
        Target::start(command)
    }

    /// A client at its gRPC door.
    pub(crate) async fn revenue(&self) -> anyhow::Result<RevenueServiceClient<Channel>> {
        let address = self.grpc.as_ref().context("it did not say where it serves gRPC")?;
        Ok(RevenueServiceClient::connect(format!("http://{address}")).await?)
    }

    /// A client of its affiliate programs, on a connection of its own.
    pub(crate) async fn affiliate(&self) -> anyhow::Result<AffiliateServiceClient<Channel>> {
        let address = self.grpc.as_ref().context("it did not say where it serves gRPC")?;
        Ok(AffiliateServiceClient::connect(format!("http://{address}")).await?)
    }

    /// A client of its leads, on a connection of its own.
    pub(crate) async fn leads(&self) -> anyhow::Result<LeadServiceClient<Channel>> {
        let address = self.grpc.as_ref().context("it did not say where it serves gRPC")?;
        Ok(LeadServiceClient::connect(format!("http://{address}")).await?)
    }

    /// `kill -9`.
    pub(crate) fn kill(&mut self) -> anyhow::Result<()> {
        self.child.kill()?;
        Ok(())
    }

    /// Starts a command that prints `http://<address>` on its first line.
    pub(crate) fn start(mut command: Command) -> anyhow::Result<Target> {
        let mut child =
            command.stdout(Stdio::piped()).spawn().context("the server did not start")?;
        let stdout = child.stdout.take().context("no output")?;
        let mut line = String::new();
        BufReader::new(stdout).read_line(&mut line)?;
        let http = address(&line)?;
        let grpc = line.split("gRPC on ").nth(1).map(|it| it.trim().to_owned());
        Ok(Target { child, http, grpc })
    }
}

/// The address behind `http://` in a line.
pub(crate) fn address(line: &str) -> anyhow::Result<SocketAddr> {
    let address = line.split("http://").nth(1).and_then(|it| it.split_whitespace().next());
    Ok(address.context("the server did not say where it listens")?.parse()?)
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
