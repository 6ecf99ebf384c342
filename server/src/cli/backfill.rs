//! `takings backfill`: the account's past, fetched.

use crate::app::{App, now};
use crate::config::Config;
use crate::ingest::{Writer, WriterOptions};
use crate::jobs;
use crate::revenue::sync::{self, Backfill};
use crate::serve::open_existing;
use anyhow::{Context, bail};
use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;
use takings_core::time::Day;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

/// How often the bar is drawn.
const GLANCE: Duration = Duration::from_millis(200);

/// How far back.
#[derive(Debug, Args)]
pub(super) struct BackfillArgs {
    /// The first day (UTC). Customers, subscriptions, coupons, products and prices come whatever
    /// their age; objects on test clocks do not come.
    #[arg(long, value_name = "YYYY-MM-DD")]
    since: String,
}

pub(super) async fn run(config: Config, args: BackfillArgs) -> anyhow::Result<ExitCode> {
    let since = parse(&args.since)?.start().secs();
    if since > now().secs() {
        bail!("--since {}: that day lies in the future, so there is nothing to fetch", args.since);
    }
    let database = open_existing(&config).await?;
    let (writer, work) = Writer::new(database.clone(), WriterOptions::default());
    let mut writing = JoinSet::new();
    writing.spawn(work);
    let app = App::new(config, database, writer)?;
    // One that was broken off goes on.
    let id = match sync::open(&app).await? {
        Some(open) if open.since == since => open.id,
        _ => sync::begin(&app, since, Uuid::new_v4()).await?,
    };
    let backfill = follow(&app, &id).await?;
    drop(app);
    writing.join_all().await;
    tell(&backfill);
    Ok(ExitCode::SUCCESS)
}

/// Does what no other process does, until everything is listed.
async fn follow(app: &Arc<App>, id: &str) -> anyhow::Result<Backfill> {
    let stop = CancellationToken::new();
    let style = ProgressStyle::with_template("{bar:40} {pos}/{len} kinds, {msg}, {elapsed}")?;
    let bar = ProgressBar::new(0).with_style(style);
    loop {
        let backfill = sync::find(app, id).await?.context("the backfill is gone")?;
        draw(&bar, &backfill);
        if backfill.finished_at.is_some() {
            bar.finish();
            return Ok(backfill);
        }
        tokio::select! {
            done = jobs::backfill(app, &stop) => {
                done?;
                tokio::time::sleep(GLANCE).await;
            }
            error = watch(app, id, &bar) => return Err(error),
        }
    }
}

/// Draws the bar while something else goes on; ends only where that fails.
async fn watch(app: &App, id: &str, bar: &ProgressBar) -> anyhow::Error {
    loop {
        tokio::time::sleep(GLANCE).await;
        match sync::find(app, id).await {
            Ok(Some(backfill)) => draw(bar, &backfill),
            Ok(None) => {}
            Err(error) => return error.into(),
        }
    }
}

fn draw(bar: &ProgressBar, backfill: &Backfill) {
    let objects: i64 = backfill.kinds.iter().map(|kind| kind.objects).sum();
    let finished = backfill.kinds.iter().filter(|kind| kind.finished != 0).count();
    bar.set_length(backfill.kinds.len() as u64);
    bar.set_position(finished as u64);
    bar.set_message(format!("{objects} objects"));
}

fn tell(backfill: &Backfill) {
    for kind in &backfill.kinds {
        let skipped = match kind.skipped {
            0 => String::new(),
            skipped => format!("   {skipped} could not be read or stored; the log names them"),
        };
        println!("{:<20}{:>9}{skipped}", kind.kind, kind.objects);
    }
}

fn parse(text: &str) -> anyhow::Result<Day> {
    let hint = || format!("--since {text}: write a day as YYYY-MM-DD, for example 2026-01-31");
    let parts: Vec<&str> = text.split('-').collect();
    let [year, month, day] = parts[..] else { bail!(hint()) };
    let (year, month, day): (i32, u32, u32) = (
        year.parse().with_context(hint)?,
        month.parse().with_context(hint)?,
        day.parse().with_context(hint)?,
    );
    let possible = (1970..=9999).contains(&year)
        && (1..=12).contains(&month)
        && (1..=31).contains(&day)
        && Day::from_civil(year, month, day).civil() == (year, month, day);
    if !possible {
        bail!(hint());
    }
    Ok(Day::from_civil(year, month, day))
}
