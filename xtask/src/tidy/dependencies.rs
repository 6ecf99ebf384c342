//! Every dependency is used, and has its reason written down.

const TABLE: &str = "docs/DEPENDENCIES.md";

/// What is wrong with the workspace's list, given the table of reasons and all manifests.
pub(super) fn findings(workspace: &str, table: &str, manifests: &[String]) -> Vec<String> {
    let mut findings = Vec::new();
    for (number, name) in listed(workspace) {
        if !table.contains(&format!("`{name}`")) {
            findings.push(format!("Cargo.toml:{number}: {TABLE} says why each is there: {name}"));
        }
        let used = format!("{name}.workspace = true");
        let uses = |manifest: &String| manifest.lines().any(|line| line.starts_with(&used));
        if !manifests.iter().any(uses) {
            findings.push(format!("Cargo.toml:{number}: no crate uses {name}"));
        }
    }
    findings
}

/// The dependencies that are not our own crates, with their lines.
fn listed(workspace: &str) -> impl Iterator<Item = (usize, &str)> {
    super::numbered(workspace)
        .skip_while(|(_, line)| *line != "[workspace.dependencies]")
        .skip(1)
        .take_while(|(_, line)| !line.starts_with('['))
        .filter(|(_, line)| !line.contains("path ="))
        .filter_map(|(number, line)| Some((number, line.split_once(" = ")?.0)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dependency_without_a_reason_or_a_user_is_found() {
        let workspace = "[workspace.dependencies]\nours = { path = \"ours\" }\na = \"1\"\nb = \"1\"\n\n[profile]\nc = 1\n";
        let manifests = ["[dependencies]\na.workspace = true\n".to_owned()];
        let found = findings(workspace, "| `b` | why |", &manifests);
        assert_eq!(found.len(), 2);
        assert!(found[0].starts_with("Cargo.toml:3: ") && found[0].ends_with(": a"));
        assert_eq!(found[1], "Cargo.toml:4: no crate uses b");
    }
}
