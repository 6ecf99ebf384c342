//! Tests, and what they could not run.

use crate::python;
use crate::run::{cargo, root, run};
use anyhow::{bail, ensure};
use std::path::PathBuf;
use std::process::Command;

/// Runs every test. What was skipped is said at the end; with `all`, nothing may be.
pub(crate) fn test(all: bool) -> anyhow::Result<()> {
    let mut tests = Tests::prepare(&["test", "--workspace"]);
    if all {
        // Known before the tests begin: nobody should wait for their end to hear it.
        if let Err(reason) = &tests.python {
            bail!("{NO_SKIPS}: {reason}");
        }
        tests.command.env("CI", "true");
    }
    let skipped = tests.count()?;
    ensure!(!all || skipped == 0, "{NO_SKIPS}: {skipped} were");
    Ok(())
}

/// The same tests with their full counts, in release.
pub(crate) fn soak() -> anyhow::Result<()> {
    let mut tests = Tests::prepare(&["test", "--release", "--workspace", "--", "--nocapture"]);
    tests.command.env("TAKINGS_SOAK", "1");
    tests.count()?;
    Ok(())
}

/// Builds the release binary and measures.
pub(crate) fn bench(args: &[String]) -> anyhow::Result<()> {
    cargo(&["build", "--release", "-p", "takings-server"])?;
    let bench = ["run", "--release", "--quiet", "-p", "takings-bench", "--"];
    let args: Vec<&str> = bench.into_iter().chain(args.iter().map(String::as_str)).collect();
    cargo(&args)
}

const NO_SKIPS: &str = "no test may be skipped here";

/// A run of cargo, and the Python its tests use: a path, or what to install.
struct Tests {
    command: Command,
    python: Result<PathBuf, String>,
}

impl Tests {
    fn prepare(args: &[&str]) -> Self {
        let mut command = Command::new(env!("CARGO"));
        command.args(args).current_dir(root());
        let python = python::prepare().map_err(|error| format!("{error:#}"));
        match &python {
            Ok(python) => command.env("TAKINGS_PYTHON", python),
            Err(_) => command.env_remove("TAKINGS_PYTHON"),
        };
        Self { command, python }
    }

    /// Runs them, lists in the end what they skipped, and counts it.
    fn count(mut self) -> anyhow::Result<usize> {
        let skips = tempfile::NamedTempFile::new()?;
        let tested = run(self.command.env("TAKINGS_SKIPS", skips.path()));
        let skipped = std::fs::read_to_string(skips.path())?;
        let mut lines: Vec<&str> = skipped.lines().collect();
        lines.sort_unstable();
        lines.dedup();
        lines.iter().for_each(|line| println!("skipped: {line}"));
        if let Err(reason) = &self.python {
            println!("for tests that need Python: {reason}");
        }
        tested?;
        println!("every test that ran passed; {} skipped", lines.len());
        Ok(lines.len())
    }
}
