//! `cargo xtask crawlers`: the newest list of robots' user agents, taken from npm.

use crate::packages::{npm, today};
use crate::run::root;
use anyhow::{Context, Result, ensure};
use std::fs;
use std::path::Path;

const PACKAGE: &str = "crawler-user-agents";
const FOLDER: &str = "server/data/crawlers";

/// Writes the newest patterns, their licence, and where they are from.
pub(crate) fn refresh() -> Result<()> {
    let scratch = tempfile::tempdir()?;
    let package = npm(scratch.path(), PACKAGE)?;
    let patterns = patterns(&package.folder.join("crawler-user-agents.json"))?;
    let folder = root().join(FOLDER);
    fs::write(folder.join("patterns.txt"), patterns.join("\n") + "\n")?;
    fs::copy(package.folder.join("LICENSE"), folder.join("LICENSE"))?;
    note(&folder.join("README.md"), &package.version)?;
    println!("{} patterns of {PACKAGE} {}", patterns.len(), package.version);
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

/// Writes version and day into the note beside the patterns.
fn note(file: &Path, version: &str) -> Result<()> {
    let today = today()?;
    let line = |line: &str| {
        if line.starts_with("- Version: ") {
            format!("- Version: {version}\n")
        } else if line.starts_with("- Taken: ") {
            format!("- Taken: {today}\n")
        } else {
            format!("{line}\n")
        }
    };
    Ok(fs::write(file, fs::read_to_string(file)?.lines().map(line).collect::<String>())?)
}
