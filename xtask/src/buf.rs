//! The contract's lint, format, and compatibility with the last release.

use crate::run::{available, output, root, run};
use std::path::PathBuf;
use std::process::Command;

/// The version of npm's `@bufbuild/buf`.
const VERSION: &str = "1.75.0";

/// Checks the contract. Without npm it says so; with `all`, that is a failure.
pub(crate) fn check(all: bool) -> anyhow::Result<()> {
    if !available("npm") {
        let reason = "install Node.js with npm to check the contract with Buf";
        anyhow::ensure!(!all, reason);
        println!("skipped: contract: {reason}");
        return Ok(());
    }
    let buf = install()?;
    run(Command::new(&buf).arg("lint"))?;
    run(Command::new(&buf).args(["format", "--diff", "--exit-code"]))?;
    let tags = output(Command::new("git").args(["tag", "--list", "v*", "--sort=-v:refname"]))?;
    match tags.lines().next() {
        Some(tag) => {
            run(Command::new(&buf).args(["breaking", "--against", &format!(".git#tag={tag}")]))
        }
        None => {
            println!("no release tag yet: nothing the contract could break");
            Ok(())
        }
    }
}

/// Buf's program; a new version has a new folder.
fn install() -> anyhow::Result<PathBuf> {
    let folder = root().join("target/tools/buf").join(VERSION);
    let buf = folder.join("node_modules/.bin/buf");
    if !buf.exists() {
        std::fs::create_dir_all(&folder)?;
        run(Command::new("npm")
            .args(["install", "--silent", "--no-audit", "--no-fund", "--prefix"])
            .arg(&folder)
            .arg(format!("@bufbuild/buf@{VERSION}")))?;
    }
    Ok(buf)
}
