//! The contract's lint, format, and compatibility with the last release.

use crate::node;
use crate::run::{available, output, run};
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
    let buf = node::package("buf", "@bufbuild/buf", VERSION)?.join(".bin/buf");
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
