//! Packages for Node.js: Stripe's own library as an oracle, and Buf.

use crate::run::{available, output, root, run};
use anyhow::{Context, ensure};
use std::path::PathBuf;
use std::process::Command;

/// The official library, and the oldest Node.js that it supports.
const STRIPE: (&str, &str) = ("stripe", "23.1.0");
const OLDEST: u32 = 20;
const MISSING: &str = "install Node.js with npm (Debian: apt-get install nodejs npm)";

/// The `node_modules` with everything the tests need; `Err` says what to install.
pub(crate) fn prepare() -> anyhow::Result<PathBuf> {
    ensure!(available("node") && available("npm"), MISSING);
    let version = output(Command::new("node").arg("--version"))?;
    let major = version.trim().trim_start_matches('v').split('.').next();
    let new_enough = major.and_then(|it| it.parse().ok()).is_some_and(|it: u32| it >= OLDEST);
    ensure!(new_enough, "install Node.js {OLDEST} or newer: this one is {}", version.trim());
    let (name, version) = STRIPE;
    package(name, name, version)
}

/// A package with what it needs, as a `node_modules` in a folder of tools; a new version has a new
/// folder.
pub(crate) fn package(tool: &str, name: &str, version: &str) -> anyhow::Result<PathBuf> {
    let folder = root().join("target/tools/node").join(tool).join(version);
    let modules = folder.join("node_modules");
    // npm writes it when everything else is in its place.
    if !modules.join(".package-lock.json").exists() {
        println!("preparing {} ({name}@{version})", folder.display());
        std::fs::create_dir_all(&folder)?;
        let mut npm = Command::new("npm");
        npm.args(["install", "--silent", "--no-audit", "--no-fund", "--prefix"]).arg(&folder);
        run(npm.arg(format!("{name}@{version}")))
            .context("give npm a registry that it can reach")?;
    }
    Ok(modules)
}
