//! `takings serve`.

use crate::config::Config;
use crate::serve::{signalled, start};
use std::process::ExitCode;
use std::time::Duration;

pub(super) async fn run(config: Config, migrate: bool) -> anyhow::Result<ExitCode> {
    let deadline = Duration::from_secs(config.server.drain_seconds);
    if config.stripe.secrets()?.is_empty() {
        tracing::warn!(
            "no webhook secret is configured, so every webhook will be refused: set \
             TAKINGS__STRIPE__WEBHOOK_SECRETS"
        );
    }
    let running = start(config, migrate).await?;
    tracing::info!(http = %running.http, grpc = %running.grpc, "serving");
    println!("takings serves HTTP on http://{} and gRPC on {}", running.http, running.grpc);
    let ended = tokio::select! {
        signal = signalled() => signal.map(|()| ExitCode::SUCCESS)?,
        () = running.broken() => ExitCode::FAILURE,
    };
    tracing::info!("stopping");
    running.stop(deadline).await;
    tracing::info!("stopped");
    Ok(ended)
}
