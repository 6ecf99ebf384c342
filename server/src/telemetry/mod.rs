//! Logs and metrics: mechanisms, and the names of everything measured.

use crate::config::Log;
use metrics_exporter_prometheus::{BuildError, Matcher, PrometheusBuilder, PrometheusHandle};
use std::io::IsTerminal;
use std::sync::OnceLock;
use std::time::Duration;
use tracing_subscriber::EnvFilter;

/// Starts logging to standard error. Only the first call in a process counts.
pub fn start_logging(log: &Log) {
    let filter = EnvFilter::try_new(&log.filter).unwrap_or_else(|_| EnvFilter::new("info"));
    let builder = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_ansi(std::io::stderr().is_terminal())
        .with_writer(std::io::stderr);
    let _ = if log.json { builder.json().try_init() } else { builder.try_init() };
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
    describe();
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

fn describe() {
    use metrics::{Unit, describe_counter, describe_gauge, describe_histogram};
    describe_gauge!(
        "revenue_total_dollars",
        "Net revenue of all time, in major units of `currency`."
    );
    describe_gauge!("subscription_mrr_dollars", "MRR now, in major units of `currency`.");
    describe_gauge!(
        "payment_success_rate",
        "Invoices paid / invoices first attempted, over the last 30 days, 0 to 1."
    );
    describe_gauge!(
        "affiliate_commission_dollars",
        "What is left of all commissions, in major units of `currency`."
    );
    describe_gauge!(
        "affiliate_payable_dollars",
        "What partners are owed now, in major units of `currency`."
    );
    describe_gauge!(
        "affiliate_clawed_back_dollars",
        "All that was taken back of commissions, in major units of `currency`."
    );
    describe_gauge!("affiliate_conversions", "Customers that partners have brought.");
    describe_gauge!(
        "lead_conversion_rate",
        "Leads that became paying customers / leads who were none before, of all time, 0 to 1."
    );
    describe_gauge!("outbox_depth", "Mails that wait to be sent.");
    describe_gauge!("outbox_oldest_seconds", Unit::Seconds, "How long the oldest of them waits.");
    describe_gauge!("unconfirmed_objects", "Objects that no payload settles yet, by `reason`.");
    describe_histogram!(
        "webhook_processing_time",
        Unit::Seconds,
        "From the body's last byte to the durable effect."
    );
    describe_counter!("webhook_events_total", "Events by `outcome`; `refused` are not stored.");
    describe_gauge!(
        "sync_watermark_seconds",
        Unit::Seconds,
        "Every event before this Unix time is stored."
    );
    describe_counter!("sync_listed_events_total", "Events that sweeps have looked at.");
    describe_counter!("sync_healed_events_total", "Events that sweeps found missing.");
    describe_histogram!("database_query_duration", Unit::Seconds, "By `query`, a closed set.");
    describe_histogram!("writer_batch_size", "Events in one transaction.");
    describe_gauge!("writer_queue_depth", "Events that wait for the writer.");
    describe_counter!("writer_retries_total", "Transactions that met another and began anew.");
    describe_counter!(
        "stripe_look_ups_total",
        "Questions asked of Stripe's API by `outcome`; `not_found`: a wrong key, mode or account."
    );
    describe_counter!(
        "clicks_total",
        "Clicks by `outcome`: what each was taken for; `limited`: counted and not stored."
    );
    describe_counter!(
        "clicks_lost_total",
        "Clicks that were not durable when the process ended, or that the database refused."
    );
    describe_counter!(
        "commissions_set_aside_total",
        "Marks of changed sales whose commissions cannot be computed."
    );
    describe_leads();
    describe_counter!("grpc_requests_total", "Calls by `method` and `code`.");
    describe_histogram!("grpc_request_duration", Unit::Seconds, "By `method`.");
}

fn describe_leads() {
    use metrics::describe_counter;
    describe_counter!(
        "lead_captures_total",
        "Captures by `verdict` about the address; `robot`: a form that only robots fill in so."
    );
    describe_counter!(
        "lead_opt_ins_total",
        "What became of mails that ask to confirm, and of consents, by `outcome`."
    );
}
