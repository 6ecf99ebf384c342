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
fn a_url_of_no_kind_is_refused_in_our_words() {
    let said = takings("mysql://localhost/takings", &[], &["migrate"]);
    let begins = "takings: database.url must begin with sqlite: or postgres:";
    assert!(!said.content && said.text.starts_with(begins), "{}", said.text);
}

#[test]
fn a_cleared_variable_is_as_good_as_none() {
    let place = Place::sqlite();
    let cleared = [
        ("TAKINGS__DATABASE__READ_URL", ""),
        ("TAKINGS__DATABASE__READERS", " "),
        ("TAKINGS__HTTP__TRUSTED_PROXIES", ""),
        ("TAKINGS__STRIPE__LIVEMODE", ""),
        ("TAKINGS__STRIPE__API_KEY", ""),
        ("TAKINGS__STRIPE__API_KEY_FILE", ""),
        ("TAKINGS__LEADS__PUBLIC_URL", ""),
        ("TAKINGS__LEADS__SMTP_URL", ""),
        ("TAKINGS__LEADS__MAIL_FROM", ""),
        ("TAKINGS__LOG__FILTER", ""),
        ("TAKINGS__SERVER__INSECURE", ""),
    ];
    let said = takings(&place.url, &cleared, &["migrate"]);
    assert!(said.content, "{}", said.text);
    let said = takings(&place.url, &cleared, &["doctor"]);
    assert!(said.content, "{}", said.text);
}

#[test]
fn a_value_that_cannot_be_used_stops_every_command_and_is_said_once() {
    let place = Place::sqlite();
    let mails = [
        ("TAKINGS__LEADS__PUBLIC_URL", "https://shop.example"),
        ("TAKINGS__LEADS__MAIL_FROM", "news@shop.example"),
    ];
    for (variable, value, expected) in [
        ("TAKINGS__DATABASE__READERS", "many", "invalid type: found string"),
        ("TAKINGS__DATABSE__URL", "x", "unknown field: found `databse`"),
        ("TAKINGS__LOG__FILTER", "takings_server=loud", "log.filter"),
        ("TAKINGS__LEADS__MAIL_FROM", "hunter2", "leads.mail_from is no sender"),
        (
            "TAKINGS__LEADS__SMTP_URL",
            "u:hunter2@mail",
            "leads.smtp_url is no address of a mail server",
        ),
        ("TAKINGS__LEADS__SMTP_URL", "smtp://u:hunter2@mail", "would travel unencrypted"),
    ] {
        let environment = [&mails[..], &[(variable, value)]].concat();
        for arguments in [&["doctor"][..], &["serve"]] {
            let Said { content, text } = takings(&place.url, &environment, arguments);
            assert!(!content && text.starts_with("takings: configuration: "), "{text}");
            assert_eq!(text.matches(expected).count(), 1, "{text}");
            assert!(!text.contains("hunter2"), "{text}");
        }
    }
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
