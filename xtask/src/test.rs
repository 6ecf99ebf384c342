//! Tests, and what they could not run.

use crate::python;
use crate::run::{cargo, root, run};
use anyhow::bail;
use std::process::Command;

/// Runs every test. What was skipped is said at the end; with `all`, nothing may be.
pub(crate) fn test(all: bool) -> anyhow::Result<()> {
    let all = all || std::env::var_os("CI").is_some();
    let mut command = tests(&["test", "--workspace"])?;
    let skips = tempfile::NamedTempFile::new()?;
    let tested = run(command.env("TAKINGS_SKIPS", skips.path()));
    let skipped = std::fs::read_to_string(skips.path())?;
    let mut lines: Vec<&str> = skipped.lines().collect();
    lines.sort_unstable();
    lines.dedup();
    lines.iter().for_each(|line| println!("skipped: {line}"));
    tested?;
    if all && !lines.is_empty() {
        bail!("{} tests were skipped, and in CI nothing may be", lines.len());
    }
    println!("{} skipped", lines.len());
    Ok(())
}

/// The same tests with their full counts, in release.
pub(crate) fn soak() -> anyhow::Result<()> {
    let mut command = tests(&["test", "--release", "--workspace", "--", "--nocapture"])?;
    run(command.env("TAKINGS_SOAK", "1"))
}

/// Builds the release binary and measures.
pub(crate) fn bench(args: &[String]) -> anyhow::Result<()> {
    cargo(&["build", "--release", "-p", "takings-server"])?;
    let bench = ["run", "--release", "--quiet", "-p", "takings-bench", "--"];
    let args: Vec<&str> = bench.into_iter().chain(args.iter().map(String::as_str)).collect();
    cargo(&args)
}

/// Cargo with the Python that tests use, where there is one.
fn tests(args: &[&str]) -> anyhow::Result<Command> {
    let mut command = Command::new(env!("CARGO"));
    command.args(args).current_dir(root());
    match python::prepare() {
        Ok(python) => {
            command.env("TAKINGS_PYTHON", python);
        }
        Err(error) => println!("tests that need Python will be skipped: {error:#}"),
    }
    Ok(command)
}
