//! Logs and metrics: mechanisms, and the names of everything measured.

mod described;
#[cfg(test)]
mod tests;

use crate::config::Log;
use metrics_exporter_prometheus::{BuildError, Matcher, PrometheusBuilder, PrometheusHandle};
use std::io::IsTerminal;
use std::sync::OnceLock;
use std::time::Duration;
use tracing_subscriber::EnvFilter;

/// Starts logging to standard error. Only the first call in a process counts.
pub fn start_logging(log: &Log) {
    let filter = filter(log).unwrap_or_else(|_| EnvFilter::new("info"));
    let builder = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_ansi(std::io::stderr().is_terminal())
        .with_writer(std::io::stderr);
    let _ = if log.json { builder.json().try_init() } else { builder.try_init() };
}

/// What is logged.
///
/// # Errors
///
/// If that cannot be read.
pub(crate) fn filter(log: &Log) -> Result<EnvFilter, String> {
    let hint = "write levels and modules, for example `takings_server=debug,info`";
    EnvFilter::try_new(&log.filter).map_err(|error| format!("log.filter: {error}; {hint}"))
}

/// Installs the process's recorder once, and answers the handle that renders it.
pub fn metrics() -> Result<PrometheusHandle, String> {
    static HANDLE: OnceLock<Result<PrometheusHandle, String>> = OnceLock::new();
    HANDLE.get_or_init(|| install().map_err(|error| error.to_string())).clone()
}

fn install() -> Result<PrometheusHandle, BuildError> {
    let seconds = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0];
    let sizes = [1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0, 256.0, 512.0];
    let handle = PrometheusBuilder::new()
        .set_buckets_for_metric(Matcher::Full("writer_batch_size".into()), &sizes)?
        .set_buckets(&seconds)?
        .install_recorder()?;
    described::all();
    Ok(handle)
}

/// Measures one webhook.
pub fn webhook(outcome: &'static str, took: Duration) {
    metrics::counter!("webhook_events_total", "outcome" => outcome).increment(1);
    metrics::histogram!("webhook_processing_time").record(took.as_secs_f64());
}

/// Measures what a sweep got done: events are complete through an instant, in seconds.
pub fn swept(through: i64, listed: u64, healed: u64) {
    metrics::gauge!("sync_watermark_seconds").set(through as f64);
    metrics::counter!("sync_listed_events_total").increment(listed);
    metrics::counter!("sync_healed_events_total").increment(healed);
}
