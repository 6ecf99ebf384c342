//! Tests, and what they could not run.

use crate::run::{cargo, root, run};
use crate::{node, python, stripe_mock};
use anyhow::{bail, ensure};
use std::path::PathBuf;
use std::process::Command;

/// Runs every test. What was skipped is said at the end; with `all`, nothing may be.
pub(crate) fn test(all: bool) -> anyhow::Result<()> {
    let mut tests = Tests::prepare(&["test", "--workspace"]);
    if all {
        // Known before the tests begin: nobody should wait for their end to hear it.
        if let Some(reason) = tests.missing.first() {
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

/// A run of cargo, and what is missing of the programs that its tests use: what to install.
struct Tests {
    command: Command,
    missing: Vec<String>,
}

impl Tests {
    fn prepare(args: &[&str]) -> Self {
        let mut command = Command::new(env!("CARGO"));
        command.args(args).current_dir(root());
        let mut tests = Self { command, missing: Vec::new() };
        tests.provide("TAKINGS_PYTHON", python::prepare());
        tests.provide("TAKINGS_STRIPE_MOCK", stripe_mock::prepare());
        tests.provide("TAKINGS_NODE_MODULES", node::prepare());
        tests
    }

    /// Tells the tests where a program is.
    fn provide(&mut self, name: &str, program: anyhow::Result<PathBuf>) {
        match program {
            Ok(program) => drop(self.command.env(name, program)),
            Err(error) => {
                self.command.env_remove(name);
                self.missing.push(format!("{error:#}"));
            }
        }
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
        self.missing.iter().for_each(|reason| println!("for what was skipped: {reason}"));
        tested?;
        println!("every test that ran passed; {} skipped", lines.len());
        Ok(lines.len())
    }
}
