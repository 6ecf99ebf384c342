//! `takings rebuild`: every target again, from the stored facts.

use crate::config::Config;
use crate::rebuild::{rebuild, state_hash};
use crate::serve::open_existing;
use clap::Args;
use std::process::ExitCode;

/// What to do with differences.
#[derive(Debug, Args)]
pub(super) struct RebuildArgs {
    /// Only compare: store nothing, and fail where anything differs.
    #[arg(long)]
    verify: bool,
}

pub(super) async fn run(config: Config, args: RebuildArgs) -> anyhow::Result<ExitCode> {
    let database = open_existing(&config).await?;
    let report = rebuild(&database, args.verify).await?;
    println!("settlements  {}", report.settlements);
    println!("customers    {}", report.customers);
    println!("sales        {}", report.sales);
    println!("leads        {}", report.leads);
    println!("differences  {}", report.differences);
    for rollup in &report.rollups {
        println!("roll-up      {rollup}");
    }
    for payable in &report.payables {
        println!("payable      {payable}");
    }
    let hash = state_hash(&database).await?;
    println!("state hash   {hash} of {} lines", hash.lines());
    if report.set_aside > 0 {
        println!("set aside    {}", report.set_aside);
        eprintln!(
            "takings: commissions of {} settlements or customers cannot be computed, everything else \
             is derived: `set_aside_at` in `changed_sales` and `changed_customers` says which; \
             correct their sales, such as by ProcessConversion, and run `takings rebuild` again",
            report.set_aside
        );
        return Ok(ExitCode::FAILURE);
    }
    if report.unconverted > 0 {
        println!("unconverted  {}", report.unconverted);
        eprintln!(
            "takings: conversions of {} leads cannot be derived: the log above says why",
            report.unconverted
        );
        return Ok(ExitCode::FAILURE);
    }
    if args.verify && !report.agrees() {
        eprintln!(
            "takings: what is stored is not what the facts imply; `takings rebuild` mends it"
        );
        return Ok(ExitCode::FAILURE);
    }
    Ok(ExitCode::SUCCESS)
}
