//! `takings reconcile`: the ledger against Stripe's own books.
//!
//! The exit code is for scripts: 0 where every difference is explained, 1 where one is not, 2 where
//! nothing could be compared.

use crate::app::{App, now};
use crate::config::Config;
use crate::ingest::{Writer, WriterOptions};
use crate::revenue::reconciliation::{Asked, Reconciliation, run as compare};
use crate::serve::open_existing;
use anyhow::Context;
use clap::Args;
use std::process::ExitCode;
use takings_core::money::Currency;
use takings_core::reconcile::Line;
use takings_core::time::Day;
use tokio::task::JoinSet;
use uuid::Uuid;

/// The exit code of a run that could not be made.
pub(super) const FAILED: u8 = 2;

/// How many days are compared where none are named.
const DAYS: i32 = 30;

/// How many lines are printed.
const LINES: usize = 100;

/// Which days.
#[derive(Debug, Args)]
pub(super) struct ReconcileArgs {
    /// The first day to compare, UTC; default: 30 days through the last one.
    #[arg(long, value_name = "YYYY-MM-DD")]
    from: Option<String>,
    /// The last day to compare, UTC; default: yesterday.
    #[arg(long, value_name = "YYYY-MM-DD")]
    through: Option<String>,
}

pub(super) async fn run(config: Config, args: ReconcileArgs) -> anyhow::Result<ExitCode> {
    let last = match &args.through {
        Some(text) => parse("--through", text)?,
        None => Day(now().day().0 - 1),
    };
    let first = match &args.from {
        Some(text) => parse("--from", text)?,
        None => Day(last.0 - DAYS + 1),
    };
    let database = open_existing(&config).await?;
    let (writer, work) = Writer::new(database.clone(), WriterOptions::default());
    let app = App::new(config, database, writer)?;
    let mut tasks = JoinSet::new();
    tasks.spawn(work);
    let asked = Asked { first, end: Day(last.0 + 1), request: Uuid::new_v4() };
    let found = compare(&app, &asked).await;
    drop(app);
    tasks.join_all().await;
    Ok(print(&found?))
}

fn print(found: &Reconciliation) -> ExitCode {
    let report = &found.report;
    println!("report       {}", found.id);
    println!("source       {}", found.source);
    println!("days         {} to {}", date(found.first), date(Day(found.end.0 - 1)));
    println!("compared     {} balance transactions", report.transactions);
    for currency in report.currencies() {
        let total = report.total(currency);
        println!(
            "{}          Stripe {}, ledger {}, fees {}, unexplained {}",
            currency.iso(),
            amount(total.stripe, currency),
            amount(total.ledger, currency),
            amount(total.fees, currency),
            amount(i64::try_from(report.unexplained(currency)).unwrap_or(i64::MAX), currency),
        );
    }
    for line in report.lines.iter().take(LINES) {
        print_line(line);
    }
    if report.lines.len() > LINES {
        println!("... and {} lines more", report.lines.len() - LINES);
    }
    if report.is_green() {
        println!("reconciled   every difference is explained");
        return ExitCode::SUCCESS;
    }
    eprintln!("takings: not everything is explained; the lines marked `!` say what");
    ExitCode::FAILURE
}

fn print_line(line: &Line) {
    let mark = if line.cause.explains() { ' ' } else { '!' };
    let (cause, day) = (line.cause.as_str(), date(line.day));
    let amount = amount(line.amount, line.currency);
    let transaction = line.transaction.as_deref().unwrap_or_default();
    println!(
        "{mark} {day}  {cause:<17} {amount:>16} {}  {} {transaction}",
        line.currency.iso(),
        line.object
    );
}

/// An amount in whole units, for reading.
fn amount(minor: i64, currency: Currency) -> String {
    let places = currency.exponent() as usize;
    if places == 0 {
        return minor.to_string();
    }
    let digits = format!("{:0>width$}", minor.unsigned_abs(), width = places + 1);
    let (whole, rest) = digits.split_at(digits.len() - places);
    format!("{}{whole}.{rest}", if minor < 0 { "-" } else { "" })
}

fn date(day: Day) -> String {
    let (year, month, day) = day.civil();
    format!("{year:04}-{month:02}-{day:02}")
}

fn parse(flag: &str, text: &str) -> anyhow::Result<Day> {
    let hint = || format!("{flag} {text}: write a day as YYYY-MM-DD, for example 2026-10-31");
    let mut parts = text.splitn(3, '-').map(str::parse::<u32>);
    let mut part = || parts.next().and_then(Result::ok).with_context(hint);
    let (year, month, date) = (part()?, part()?, part()?);
    let year = i32::try_from(year).with_context(hint)?;
    let day = Day::from_civil(year.clamp(1970, 9999), month.clamp(1, 12), date.clamp(1, 31));
    // A date that the calendar does not have comes back as another one.
    (day.civil() == (year, month, date)).then_some(day).with_context(hint)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_dates_of_the_calendar() {
        assert_eq!(date(parse("--from", "2028-02-29").unwrap()), "2028-02-29");
        for text in ["2026-02-29", "2026-13-01", "2026-1", "soon", "2026-10-31-1", "1969-12-31"] {
            assert!(parse("--from", text).is_err(), "{text}");
        }
    }

    #[test]
    fn amounts_are_read_in_whole_units() {
        let of = |minor, code| amount(minor, Currency::parse(code).unwrap());
        let read = [of(-5, "usd"), of(123_456, "usd"), of(70, "jpy"), of(12_340, "kwd")];
        assert_eq!(read, ["-0.05", "1234.56", "70", "12.340"]);
    }
}
