//! Measurements: each prints what it measured, and a ratio against a limit of the same run.
#![allow(clippy::float_arithmetic, reason = "seconds and ratios, never money")]

mod backfill;
mod burst;
mod clicks;
mod commands;
mod commissions;
mod copy;
mod cpu;
mod customer;
mod ingest;
mod leads;
mod limit;
mod load;
mod make_believe;
mod place;
mod query;
mod right;
mod target;
mod wire;

use anyhow::bail;

fn main() -> anyhow::Result<()> {
    let name = std::env::args().nth(1).unwrap_or_default();
    let runtime = tokio::runtime::Runtime::new()?;
    match name.as_str() {
        "ingest" => runtime.block_on(ingest::run()),
        "query" => runtime.block_on(query::run()),
        "backfill" => runtime.block_on(backfill::run()),
        "commands" => runtime.block_on(commands::run()),
        "burst" => runtime.block_on(burst::run()),
        "clicks" => runtime.block_on(clicks::run()),
        "commissions" => runtime.block_on(commissions::run()),
        "leads" => runtime.block_on(leads::run()),
        limit::BARE_SERVER => runtime.block_on(limit::serve_bare()),
        clicks::REDIRECT_SERVER => runtime.block_on(clicks::serve_redirects()),
        make_believe::SERVER => runtime.block_on(make_believe::serve()),
        _ => bail!(
            "say what to measure: ingest, query, backfill, commands, burst, clicks, commissions, leads"
        ),
    }
}

/// How a limit was kept.
fn verdict(met: bool) -> &'static str {
    if met { "met" } else { "MISSED" }
}

/// Whether a flag was given: `--sqlite` and `--postgres` keep to one database; `--quick` measures
/// less of everything but queries (of ingest 16 callers only), and `--queries` shows where the
/// writer's time went when events or clicks were taken in.
fn asked(flag: &str) -> bool {
    std::env::args().any(|arg| arg == flag)
}
