//! Who runs the binary by hand, in a wrong folder or with a wrong word: nothing is made, nothing is
//! lost, and what is said helps.
#![allow(clippy::unwrap_used, reason = "a test stops where it fails")]

mod common;

use common::place::Place;
use common::process::{Takings, command};
use std::net::TcpListener;
use std::path::{Path, PathBuf};

/// What a command said, and whether it was content.
struct Said {
    content: bool,
    text: String,
}

fn takings(url: &str, environment: &[(&str, &str)], arguments: &[&str]) -> Said {
    let output = command(url, environment).args(arguments).output().unwrap();
    let text = [output.stdout, output.stderr].map(|it| String::from_utf8(it).unwrap()).concat();
    Said { content: output.status.success(), text }
}

fn file_of(place: &Place) -> PathBuf {
    place.url.trim_start_matches("sqlite://").into()
}

/// How many files lie in the folder of a file.
fn neighbours(file: &Path) -> usize {
    std::fs::read_dir(file.parent().unwrap()).unwrap().count()
}

#[test]
fn a_command_where_no_database_is_makes_none_and_says_so() {
    let commands: [&[&str]; 8] = [
        &["rebuild"],
        &["rebuild", "--verify"],
        &["keys", "list"],
        &["keys", "rotate"],
        &["close"],
        &["reconcile"],
        &["backfill", "--since", "2026-01-01"],
        &["doctor"],
    ];
    for arguments in commands {
        let place = Place::sqlite();
        let said = takings(&place.url, &[], arguments);
        assert!(!said.content, "{arguments:?}: {}", said.text);
        let file = file_of(&place);
        let expected = format!("there is no database at {}: check database.url", file.display());
        assert!(said.text.contains(&expected), "{arguments:?}: {}", said.text);
        assert_eq!(neighbours(&file), 0, "{arguments:?}");
    }
}

#[test]
fn what_may_make_a_database_makes_it_and_the_others_find_it() {
    let place = Place::sqlite();
    let said = takings(&place.url, &[], &["migrate"]);
    assert!(said.content, "{}", said.text);
    let said = takings(&place.url, &[], &["doctor"]);
    assert!(said.content && said.text.contains("ok    schema: up to date"), "{}", said.text);
    let place = Place::sqlite();
    Takings::start(&place).kill();
    let said = takings(&place.url, &[], &["rebuild", "--verify"]);
    assert!(said.content, "{}", said.text);
}

#[test]
fn the_doctor_says_what_an_empty_database_needs_and_looks_no_further() {
    let place = Place::sqlite();
    std::fs::write(file_of(&place), "").unwrap();
    let said = takings(&place.url, &[], &["doctor"]);
    assert!(!said.content, "{}", said.text);
    assert!(said.text.contains("changes are missing"), "{}", said.text);
    assert!(said.text.contains("run `takings migrate`"), "{}", said.text);
    assert!(!said.text.contains("no such table"), "{}", said.text);
}

#[test]
fn a_demo_deletes_nothing_that_no_demo_made() {
    let place = Place::sqlite();
    Takings::start(&place).kill();
    let file = file_of(&place);
    let (there, master) = (neighbours(&file), file.with_extension("db.master"));
    let key = std::fs::read(&master).unwrap();
    let said = takings(&place.url, &[], &["demo", "--exit", "--file", &file.display().to_string()]);
    assert!(!said.content, "{}", said.text);
    let expected = format!("{} is there and no demo made it: name another", file.display());
    assert!(said.text.contains(&expected), "{}", said.text);
    assert_eq!((neighbours(&file), std::fs::read(&master).unwrap()), (there, key));
    Takings::start(&place).kill();
}

#[test]
fn a_demo_is_made_anew_by_a_demo_that_has_its_doors() {
    let place = Place::sqlite();
    let file = file_of(&place).display().to_string();
    let demo = ["demo", "--exit", "--events", "100", "--file", &file];
    let said = takings(&place.url, &[], &demo);
    assert!(said.content, "{}", said.text);
    assert!(said.text.contains("Check the books:"), "{}", said.text);
    assert!(!said.text.contains("grpcurl"), "nobody is there to be asked: {}", said.text);
    let verified = takings(&place.url, &[], &["rebuild", "--verify"]);
    assert!(verified.content, "{}", verified.text);

    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let said = takings(&place.url, &[("TAKINGS__HTTP__LISTEN", &address)], &demo);
    assert!(!said.content && said.text.contains("cannot listen"), "{}", said.text);
    let kept = takings(&place.url, &[], &["rebuild", "--verify"]);
    assert_eq!(kept.text, verified.text, "what was there is there");

    let said = takings(&place.url, &[], &demo);
    assert!(said.content, "{}", said.text);
}
