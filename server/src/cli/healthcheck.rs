//! `takings healthcheck`: for container probes that have no curl.

use crate::config::Config;
use anyhow::{Context, bail};
use clap::Args;
use std::process::ExitCode;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// What to ask.
#[derive(Debug, Args)]
pub(super) struct HealthcheckArgs {
    /// The HTTP door to ask; default: http.listen.
    #[arg(long, value_name = "ADDRESS")]
    address: Option<String>,
}

pub(super) async fn run(config: &Config, args: HealthcheckArgs) -> anyhow::Result<ExitCode> {
    let address = args.address.unwrap_or_else(|| config.http.listen.to_string());
    let answer = tokio::time::timeout(Duration::from_secs(5), ask(&address))
        .await
        .with_context(|| format!("{address} did not answer within 5 seconds"))??;
    if !answer.starts_with("HTTP/1.1 200") {
        bail!("{address} is not ready: {}", answer.lines().last().unwrap_or_default());
    }
    println!("ready");
    Ok(ExitCode::SUCCESS)
}

async fn ask(address: &str) -> anyhow::Result<String> {
    let mut stream = TcpStream::connect(address)
        .await
        .with_context(|| format!("nothing listens on {address}"))?;
    let request = format!("GET /readyz HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await?;
    let mut answer = String::new();
    stream.take(64 * 1024).read_to_string(&mut answer).await?;
    Ok(answer)
}
