//! `cargo xtask crawlers`: the newest list of robots' user agents, taken from npm.

use crate::run::{available, output, root, run};
use anyhow::{Context, Result, ensure};
use std::fs;
use std::path::Path;
use std::process::Command;

const PACKAGE: &str = "crawler-user-agents";
const FOLDER: &str = "server/data/crawlers";

/// Writes the newest patterns, their licence, and where they are from.
pub(crate) fn refresh() -> Result<()> {
    ensure!(available("npm"), "install Node.js with npm to take the list from there");
    let scratch = tempfile::tempdir()?;
    let mut install = Command::new("npm");
    install.args([
        "install",
        "--silent",
        "--no-audit",
        "--no-fund",
        "--ignore-scripts",
        "--prefix",
    ]);
    run(install.arg(scratch.path()).arg(format!("{PACKAGE}@latest")))?;
    let package = scratch.path().join("node_modules").join(PACKAGE);
    let version = text(&package.join("package.json"), "version")?;
    let patterns = patterns(&package.join("crawler-user-agents.json"))?;
    let folder = root().join(FOLDER);
    fs::write(folder.join("patterns.txt"), patterns.join("\n") + "\n")?;
    fs::copy(package.join("LICENSE"), folder.join("LICENSE"))?;
    note(&folder.join("README.md"), &version)?;
    println!("{} patterns of {PACKAGE} {version}", patterns.len());
    Ok(())
}

/// The pattern of every entry.
fn patterns(file: &Path) -> Result<Vec<String>> {
    let entries: Vec<serde_json::Value> = serde_json::from_slice(&fs::read(file)?)?;
    let pattern = |entry: &serde_json::Value| {
        let pattern = entry["pattern"].as_str().context("an entry without a pattern")?;
        ensure!(!pattern.is_empty() && !pattern.contains('\n'), "a pattern is one line: {pattern}");
        Ok(pattern.to_owned())
    };
    entries.iter().map(pattern).collect()
}

fn text(file: &Path, key: &str) -> Result<String> {
    let value: serde_json::Value = serde_json::from_slice(&fs::read(file)?)?;
    Ok(value[key].as_str().context("a package without a version")?.to_owned())
}

/// Writes version and day into the note beside the patterns.
fn note(file: &Path, version: &str) -> Result<()> {
    let today = output(Command::new("date").args(["-u", "+%F"]))?;
    let line = |line: &str| {
        if line.starts_with("- Version: ") {
            format!("- Version: {version}\n")
        } else if line.starts_with("- Taken: ") {
            format!("- Taken: {}\n", today.trim())
        } else {
            format!("{line}\n")
        }
    };
    Ok(fs::write(file, fs::read_to_string(file)?.lines().map(line).collect::<String>())?)
}
