//! The rules no linter knows: who may import whom, where SQL and floats may stand, how long a file
//! may be. Each finding says where, and why the rule is there.

mod dependencies;
mod rules;
#[cfg(test)]
mod tests;

use crate::run::{output, root};
use anyhow::bail;
use rules::{PATHS, PATHS_REASON, RULES, Rule, SQL_REASON};
use std::process::Command;

/// The longest a source file may be, and a test.
const LONGEST: usize = 400;
const LONGEST_TEST: usize = 600;
/// Names what it forbids.
const ITSELF: &str = "xtask/src/tidy/";
/// Generated.
const GENERATED: &str = "client-sdk/";

/// Checks every file that is, or could be, committed.
pub(crate) fn check() -> anyhow::Result<()> {
    let mut findings = Vec::new();
    let mut manifests = Vec::new();
    let mut git = Command::new("git");
    for path in output(git.args(["ls-files", "-co", "--exclude-standard"]))?.lines() {
        // What is not text, or was deleted, has no lines.
        let Ok(text) = std::fs::read_to_string(root().join(path)) else { continue };
        findings.extend(file(path, &text));
        if path.ends_with("Cargo.toml") {
            manifests.push(text);
        }
    }
    let read = |path: &str| std::fs::read_to_string(root().join(path));
    let (workspace, table) = (read("Cargo.toml")?, read("docs/DEPENDENCIES.md")?);
    findings.extend(dependencies::findings(&workspace, &table, &manifests));
    if findings.is_empty() {
        return Ok(());
    }
    findings.iter().for_each(|finding| println!("{finding}"));
    bail!("tidy: {} findings", findings.len())
}

/// What is wrong with one file.
fn file(path: &str, text: &str) -> Vec<String> {
    let mut findings = Vec::new();
    for (number, line) in numbered(text) {
        if PATHS.iter().any(|halves| line.contains(&halves.concat())) {
            findings.push(format!("{path}:{number}: {PATHS_REASON}"));
        }
    }
    if path.ends_with("Cargo.toml") && !obeys_lints(text) {
        findings.push(format!("{path}:1: every crate says `[lints] workspace = true`"));
    }
    if path.ends_with(".rs") && !path.starts_with(GENERATED) {
        findings.extend(source(path, text));
    }
    findings
}

fn source(path: &str, text: &str) -> Vec<String> {
    let test = path.contains("/tests/") || path.ends_with("/tests.rs");
    let mut findings = Vec::new();
    let longest = if test { LONGEST_TEST } else { LONGEST };
    let lines = text.lines().count();
    if lines > longest {
        let reason = format!("{lines} lines, more than {longest}: it wants to be two rooms");
        findings.push(format!("{path}:{}: {reason}", longest + 1));
    }
    if path.starts_with(ITSELF) {
        return findings;
    }
    for (number, line) in numbered(text) {
        if rules::unowned(line) {
            findings.push(format!(
                "{path}:{number}: a note to do something names its issue, as `#<number>`"
            ));
        }
    }
    if !test {
        findings.extend(code_of(path, text));
    }
    findings
}

/// What is wrong with a file's code.
fn code_of(path: &str, text: &str) -> Vec<String> {
    let mut findings = Vec::new();
    let rules: Vec<&Rule> = RULES.iter().filter(|rule| rule.applies(path)).collect();
    let code = code(text);
    for (place, (number, line)) in code.iter().enumerate() {
        for rule in rules.iter().filter(|rule| rule.breaks(line)) {
            findings.push(format!("{path}:{number}: {}", rule.reason));
        }
        let next = code.get(place + 1).map_or("", |(_, line)| line);
        if rules::misplaced_sql(path, line, next) {
            findings.push(format!("{path}:{number}: {SQL_REASON}"));
        }
    }
    findings
}

/// The lines of code, without comments and without test modules, which end at a brace as far to
/// the right as they began.
fn code(text: &str) -> Vec<(usize, &str)> {
    let mut lines = numbered(text).peekable();
    let mut code = Vec::new();
    while let Some((number, line)) = lines.next() {
        let word = line.trim_start();
        let opens = |next: &str| {
            ["mod ", "pub mod ", "pub(crate) mod "]
                .iter()
                .any(|it| next.trim_start().starts_with(it))
        };
        if word.starts_with("#[cfg(test)]") && lines.peek().is_some_and(|(_, next)| opens(next)) {
            let end = format!("{}}}", &line[..line.len() - word.len()]);
            let inline = lines.next().is_some_and(|(_, module)| module.ends_with('{'));
            while inline && lines.next().is_some_and(|(_, inner)| inner != end) {}
        } else if !word.starts_with("//") {
            code.push((number, line.split(" // ").next().unwrap_or(line)));
        }
    }
    code
}

fn obeys_lints(manifest: &str) -> bool {
    let mut lines = manifest.lines().map(str::trim).skip_while(|line| *line != "[lints]").skip(1);
    lines.next().is_some_and(|line| line.replace(' ', "") == "workspace=true")
}

fn numbered(text: &str) -> impl Iterator<Item = (usize, &str)> {
    text.lines().enumerate().map(|(place, line)| (place + 1, line))
}
