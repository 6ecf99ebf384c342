//! What to do next, for people at a terminal.

use crate::serve::Running;
use std::net::SocketAddr;
use std::path::Path;

/// What to do with a demo that goes on serving, or has ended.
pub(super) fn after(running: &Running, file: &Path, ended: bool) -> String {
    let with = format!("TAKINGS__DATABASE__URL=sqlite://{} {}", file.display(), program());
    let first = match ended {
        true => format!("\nServe it:\n  {with} serve"),
        false => questions(running.grpc, running.http),
    };
    format!("{first}\nCheck the books:\n  {with} rebuild --verify")
}

/// What to ask a server that serves.
fn questions(grpc: SocketAddr, http: SocketAddr) -> String {
    format!(
        "
Ask for yourself:
  grpcurl -plaintext -d '{{}}' {grpc} takings.v1.AnalyticsService/GetRevenueSummary
  grpcurl -plaintext -d '{{\"granularity\": \"GRANULARITY_MONTH\", \"range\": {{\"start_time\": \
         \"2026-01-01T00:00:00Z\"}}}}' {grpc} takings.v1.AnalyticsService/GetRevenueSeries
  grpcurl -plaintext -d '{{\"page_size\": 5}}' {grpc} takings.v1.RevenueService/ListRevenueEntries
  grpcurl -plaintext -d '{{\"name\": \"Ada\", \"request_id\": \"'$(uuidgen)'\"}}' {grpc} \
         takings.v1.RevenueService/CreateCustomer
  grpcurl -plaintext -d '{{}}' {grpc} takings.v1.AffiliateService/ListCommissions
  grpcurl -plaintext -d '{{}}' {grpc} takings.v1.LeadService/ListLeads
  curl http://{http}/metrics"
    )
}

/// This binary as a shell finds it: `cargo run` puts it into no path.
fn program() -> String {
    let Ok(path) = std::env::current_exe() else { return "takings".into() };
    let here = std::env::current_dir().unwrap_or_default();
    match path.strip_prefix(&here) {
        Ok(path) => format!("./{}", path.display()),
        Err(_) => path.display().to_string(),
    }
}
