//! Tests, and what they could not run.

use crate::python;
use crate::run::{cargo, root, run};
use anyhow::ensure;
use std::process::Command;

/// Runs every test. What was skipped is said at the end; with `all`, nothing may be.
pub(crate) fn test(all: bool) -> anyhow::Result<()> {
    let mut command = tests(&["test", "--workspace"]);
    if all {
        command.env("CI", "true");
    }
    let skipped = counted(&mut command)?;
    ensure!(!all || skipped == 0, "{skipped} tests were skipped, and in CI nothing may be");
    Ok(())
}

/// The same tests with their full counts, in release.
pub(crate) fn soak() -> anyhow::Result<()> {
    let mut command = tests(&["test", "--release", "--workspace", "--", "--nocapture"]);
    counted(command.env("TAKINGS_SOAK", "1"))?;
    Ok(())
}

/// Builds the release binary and measures.
pub(crate) fn bench(args: &[String]) -> anyhow::Result<()> {
    cargo(&["build", "--release", "-p", "takings-server"])?;
    let bench = ["run", "--release", "--quiet", "-p", "takings-bench", "--"];
    let args: Vec<&str> = bench.into_iter().chain(args.iter().map(String::as_str)).collect();
    cargo(&args)
}

/// Runs tests, lists in the end what they skipped, and counts it.
fn counted(command: &mut Command) -> anyhow::Result<usize> {
    let skips = tempfile::NamedTempFile::new()?;
    let tested = run(command.env("TAKINGS_SKIPS", skips.path()));
    let skipped = std::fs::read_to_string(skips.path())?;
    let mut lines: Vec<&str> = skipped.lines().collect();
    lines.sort_unstable();
    lines.dedup();
    lines.iter().for_each(|line| println!("skipped: {line}"));
    tested?;
    println!("every test that ran passed; {} skipped", lines.len());
    Ok(lines.len())
}

/// Cargo with the Python that tests use, where there is one.
fn tests(args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO"));
    command.args(args).current_dir(root());
    match python::prepare() {
        Ok(python) => {
            command.env("TAKINGS_PYTHON", python);
        }
        Err(error) => println!("tests that need Python will be skipped: {error:#}"),
    }
    command
}
