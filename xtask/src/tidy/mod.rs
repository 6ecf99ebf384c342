//! The rules no linter knows: who may import whom, where SQL and floats may stand, how long a file
//! may be. Each finding says where, and why the rule is there.

mod rules;

use crate::run::{output, root};
use anyhow::bail;
use rules::{Rule, TEXT_RULES, rules};
use std::process::Command;

/// The longest a source file may be, and a test.
const LONGEST: usize = 400;
const LONGEST_TEST: usize = 600;

/// Checks every tracked file.
pub(crate) fn check() -> anyhow::Result<()> {
    let mut findings = Vec::new();
    for path in output(Command::new("git").args(["ls-files", "-co", "--exclude-standard"]))?.lines()
    {
        let Ok(text) = std::fs::read_to_string(root().join(path)) else { continue };
        findings.extend(file(path, &text));
    }
    if findings.is_empty() {
        return Ok(());
    }
    findings.iter().for_each(|finding| println!("{finding}"));
    bail!("tidy: {} findings", findings.len())
}

/// What is wrong with one file.
fn file(path: &str, text: &str) -> Vec<String> {
    let mut findings = Vec::new();
    for (word, reason) in TEXT_RULES {
        if text.contains(&word.concat()) {
            findings.push(format!("{path}: {reason}"));
        }
    }
    if path.ends_with("Cargo.toml") && !text.contains("[lints]\nworkspace = true") {
        findings.push(format!("{path}: every crate says `[lints] workspace = true`"));
    }
    if path.ends_with(".rs") {
        findings.extend(source(path, text));
    }
    findings
}

fn source(path: &str, text: &str) -> Vec<String> {
    let mut findings = Vec::new();
    let longest = if path.contains("/tests/") { LONGEST_TEST } else { LONGEST };
    let lines = text.lines().count();
    if lines > longest {
        findings
            .push(format!("{path}: {lines} lines, more than {longest}: it wants to be two rooms"));
    }
    let applying: Vec<Rule> = rules().into_iter().filter(|rule| rule.applies(path)).collect();
    for (number, line) in code(text) {
        for rule in applying.iter().filter(|rule| rule.breaks(line)) {
            findings.push(format!("{path}:{number}: {}", rule.reason));
        }
    }
    findings
}

/// The lines of code, without comments and test modules.
fn code(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let numbered = text.lines().enumerate().map(|(place, line)| (place + 1, line));
    numbered
        .take_while(|(_, line)| !line.starts_with("#[cfg(test)]"))
        .filter(|(_, line)| !line.trim_start().starts_with("//"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn core_does_no_io() {
        assert_eq!(file("core/src/a.rs", "use tokio::net;\n").len(), 1);
        assert_eq!(file("core/src/a.rs", "// use tokio::net;\n").len(), 0);
        assert_eq!(file("core/src/a.rs", "#[cfg(test)]\nmod tests { use std::env; }\n").len(), 0);
    }

    #[test]
    fn walls_of_the_server_hold() {
        for (path, line) in [
            ("server/src/analytics/mod.rs", "use takings::v1::Money;"),
            ("server/src/revenue/service.rs", "use sea_orm::DbErr;"),
            ("server/src/revenue/service.rs", "use axum::Router;"),
            ("server/src/revenue/service.rs", "let q = \"select id from x\";"),
            ("server/src/serve.rs", "use takings_simulator::play;"),
            ("server/src/ledger/mod.rs", "fn share() -> f64 {"),
        ] {
            assert_eq!(file(path, line).len(), 1, "{path}: {line}");
        }
        for (path, line) in [
            ("server/src/analytics/convert.rs", "use takings::v1::Money;"),
            ("server/src/revenue/store.rs", "let q = \"select id from x\"; use sea_orm::DbErr;"),
            ("server/src/http/mod.rs", "use axum::Router;"),
            ("server/src/cli/demo.rs", "use takings_simulator::play;"),
        ] {
            assert_eq!(file(path, line), Vec::<String>::new(), "{path}: {line}");
        }
    }

    #[test]
    fn long_files_and_manifests_without_lints_are_found() {
        assert_eq!(file("core/src/a.rs", &"\n".repeat(401)).len(), 1);
        assert_eq!(file("core/Cargo.toml", "[package]\n").len(), 1);
    }
}
