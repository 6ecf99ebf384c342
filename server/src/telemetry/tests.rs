use super::described::DESCRIBED;
use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

/// The page for people.
const PAGE: &str = include_str!("../../../docs/METRICS.md");

fn described() -> BTreeSet<&'static str> {
    DESCRIBED.iter().map(|(name, ..)| *name).collect()
}

#[test]
fn every_metric_is_on_the_page_and_every_one_on_the_page_is_there() {
    let rows = PAGE.lines().filter_map(|line| line.strip_prefix("| `"));
    let told: BTreeSet<&str> = rows.filter_map(|row| Some(row.split_once('`')?.0)).collect();
    assert_eq!(told, described());
}

#[test]
fn everything_that_is_measured_is_described() {
    let mut recorded = BTreeSet::new();
    let sources = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    visit(&sources, &mut |text| {
        for kind in ["counter", "gauge", "histogram"] {
            let call = format!("{kind}!(");
            let calls = text.split(&call).skip(1).map(str::trim_start);
            let names = calls.filter_map(|call| call.strip_prefix('"')?.split_once('"'));
            recorded.extend(names.map(|(name, _)| name.to_owned()));
        }
    });
    assert!(recorded.len() > 20, "{recorded:?}");
    let known = described();
    let unknown: Vec<_> = recorded.iter().filter(|name| !known.contains(name.as_str())).collect();
    assert!(unknown.is_empty(), "{unknown:?}");
}

fn visit(folder: &Path, look: &mut impl FnMut(&str)) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            visit(&path, look);
        } else {
            look(&fs::read_to_string(path).unwrap());
        }
    }
}
