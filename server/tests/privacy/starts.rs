//! What a start needs, and what it refuses.

use crate::common::place::Place;
use crate::common::process::{Takings, run};
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;

const OTHER: &str = "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff";

/// A file beside the database.
pub(crate) fn beside(place: &Place, ending: &str) -> PathBuf {
    format!("{}{ending}", place.url.trim_start_matches("sqlite://")).into()
}

fn refused(place: &Place, environment: &[(&str, &str)]) -> String {
    match Takings::try_start(&place.url, environment) {
        Ok(_) => panic!("it serves"),
        Err(said) => said,
    }
}

fn id_of(place: &Place) -> String {
    let output = run(place, &["keys", "list"]);
    let said = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success(), "{said}{}", String::from_utf8_lossy(&output.stderr));
    said.split_whitespace().next().unwrap().to_owned()
}

#[test]
fn a_first_start_on_sqlite_makes_a_master_key_and_says_where() {
    let place = Place::sqlite();
    let server = Takings::start(&place);
    let said = server.kill();
    let file = beside(&place, ".master");
    assert!(said.contains("a master key for personal data was made in"), "{said}");
    assert!(said.contains(&file.display().to_string()), "{said}");
    for file in [file, beside(&place, ".keys")] {
        assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600, "{file:?}");
    }
    let said = Takings::start(&place).kill();
    assert!(!said.contains("was made"), "{said}");
}

#[test]
fn a_start_without_the_master_key_that_the_data_needs_names_it() {
    let place = Place::sqlite();
    Takings::start(&place).kill();
    let id = id_of(&place);
    let file = beside(&place, ".master");
    let said = refused(&place, &[("TAKINGS__PRIVACY__MASTER_KEY", OTHER)]);
    assert!(said.contains(&format!("needs the master key {id}")), "{said}");
    assert!(!said.contains(OTHER), "{said}");
    let key = fs::read_to_string(&file).unwrap();
    fs::rename(&file, beside(&place, ".away")).unwrap();
    let said = refused(&place, &[]);
    assert!(said.contains(&format!("needs the master key {id}")), "{said}");
    assert!(said.contains(&format!("put back {}", file.display())), "{said}");
    assert!(!file.exists(), "no other key is made in its place");
    let both = format!("{OTHER},{}", key.trim());
    Takings::start_with(&place, &[("TAKINGS__PRIVACY__MASTER_KEY", &both)]).kill();
}

#[test]
fn a_text_that_is_no_master_key_is_refused_and_not_repeated() {
    let place = Place::sqlite();
    let said = refused(&place, &[("TAKINGS__PRIVACY__MASTER_KEY", "correct horse battery")]);
    assert!(said.contains("64 hexadecimal digits"), "{said}");
    assert!(!said.contains("horse"), "{said}");
    let said = refused(&place, &[("TAKINGS__PRIVACY__MASTER_KEY_FILE", "/no/such/file")]);
    assert!(said.contains("/no/such/file"), "{said}");
}

#[test]
fn a_key_store_that_is_lost_or_of_other_data_is_refused() {
    let (place, other) = (Place::sqlite(), Place::sqlite());
    Takings::start(&place).kill();
    Takings::start(&other).kill();
    for ending in [".keys-wal", ".keys-shm", ".keys"] {
        let _ = fs::rename(beside(&place, ending), beside(&place, &format!("{ending}.away")));
    }
    let master = beside(&place, ".master");
    fs::rename(&master, beside(&place, ".aside")).unwrap();
    assert!(refused(&place, &[]).contains("the key store is empty"));
    assert!(!master.exists(), "no other key stands in the way of the right one");
    fs::rename(beside(&place, ".aside"), &master).unwrap();
    assert!(refused(&place, &[]).contains("the key store is empty"));
    let key = fs::read_to_string(beside(&other, ".master")).unwrap();
    for ending in [".keys-wal", ".keys-shm", ".keys"] {
        let _ = fs::copy(beside(&other, ending), beside(&place, ending));
    }
    let said = refused(&place, &[("TAKINGS__PRIVACY__MASTER_KEY", key.trim())]);
    assert!(said.contains("not the one of this data"), "{said}");
}

#[test]
fn postgresql_demands_a_master_key() {
    let Some(place) = Place::postgres("privacy_demands") else { return };
    let said = refused(&place, &[("TAKINGS__PRIVACY__MASTER_KEY", "")]);
    assert!(
        said.contains("takings: personal data is sealed, and there is no master key"),
        "{said}"
    );
    Takings::start(&place).kill();
    let said = refused(&place, &[("TAKINGS__PRIVACY__MASTER_KEY", OTHER)]);
    assert!(said.contains("needs the master key"), "{said}");
}
