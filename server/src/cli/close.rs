//! `takings close`: the monthly close by hand.

use crate::app::now;
use crate::config::Config;
use crate::jobs;
use crate::serve::open_existing;
use anyhow::{Context, bail};
use clap::Args;
use std::process::ExitCode;
use takings_core::time::{Day, Month};

/// Which months.
#[derive(Debug, Args)]
pub(super) struct CloseArgs {
    /// The last month to close, as YYYY-MM; default: the last one that is over.
    #[arg(long, value_name = "YYYY-MM")]
    through: Option<String>,
}

pub(super) async fn run(config: Config, args: CloseArgs) -> anyhow::Result<ExitCode> {
    let database = open_existing(&config).await?;
    let now = now();
    let until = match &args.through {
        None => now.day().month(),
        Some(text) => parse(text)?.next(),
    };
    if until > now.day().month() {
        bail!("--through {}: that month is not over", args.through.unwrap_or_default());
    }
    let closed = jobs::close_due(&database, until.first().start()).await?;
    for month in &closed {
        let (year, month, _) = month.first().civil();
        println!("closed {year}-{month:02}");
    }
    if closed.is_empty() {
        println!("nothing to close");
    }
    Ok(ExitCode::SUCCESS)
}

fn parse(text: &str) -> anyhow::Result<Month> {
    let hint = || format!("--through {text}: write a month as YYYY-MM, for example 2026-10");
    let (year, month) = text.split_once('-').with_context(hint)?;
    let (year, month): (i32, u32) =
        (year.parse().with_context(hint)?, month.parse().with_context(hint)?);
    if !(1..=12).contains(&month) || !(1970..=9999).contains(&year) {
        bail!(hint());
    }
    Ok(Day::from_civil(year, month, 1).month())
}
