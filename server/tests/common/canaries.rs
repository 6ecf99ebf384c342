//! Words that only persons of a test have, and whether anything in a database's files sings of them.

use super::place::Place;
use base64::Engine;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use std::fs;
use std::path::{Path, PathBuf};
use takings_testkit::PostgresServer;

/// Words in every form in which they could lie open: as they are, in base64, in hexadecimal; in
/// letters of either case.
pub struct Canaries {
    needles: Vec<(String, Vec<u8>)>,
    starts: [bool; 256],
}

impl Canaries {
    /// Those of some words, each of at least nine letters.
    pub fn of(words: &[&str]) -> Canaries {
        let mut needles = Vec::new();
        for word in words {
            assert!(word.len() >= 9, "{word} could lie there by chance");
            let lower = word.to_ascii_lowercase();
            let mut add = |what: &str, needle: String| {
                needles.push((format!("{word} {what}"), needle.to_ascii_lowercase().into_bytes()));
            };
            add("readable", lower.clone());
            for form in [*word, lower.as_str()] {
                add("in hexadecimal", hex::encode(form));
                (0..3).for_each(|shift| add("in base64", base64_within(form, shift)));
            }
        }
        let mut starts = [false; 256];
        for (_, needle) in &needles {
            starts[usize::from(needle[0])] = true;
            starts[usize::from(needle[0].to_ascii_uppercase())] = true;
        }
        Canaries { needles, starts }
    }

    /// Which of them are in some bytes.
    pub fn heard(&self, bytes: &[u8]) -> Vec<&str> {
        let begins = |(place, byte): (usize, &u8)| self.starts[usize::from(*byte)].then_some(place);
        let places: Vec<usize> = bytes.iter().enumerate().filter_map(begins).collect();
        let is_here = |needle: &[u8]| {
            places.iter().any(|place| {
                let found = bytes.get(*place..place + needle.len());
                found.is_some_and(|found| found.eq_ignore_ascii_case(needle))
            })
        };
        let heard = self.needles.iter().filter(|(_, needle)| is_here(needle));
        heard.map(|(what, _)| what.as_str()).collect()
    }

    /// # Panics
    ///
    /// If one of them is in some bytes.
    pub fn are_silent_in(&self, what: &str, bytes: &[u8]) {
        let heard = self.heard(bytes);
        assert!(heard.is_empty(), "{what}: {heard:?} in {} bytes", bytes.len());
    }
}

/// The letters of base64 that a word has wherever it begins, after so many bytes of a group of three.
fn base64_within(word: &str, shift: usize) -> String {
    let mut bytes = vec![0; shift];
    bytes.extend(word.bytes());
    let (from, whole) = ((shift * 8).div_ceil(6), bytes.len() * 8 / 6);
    STANDARD_NO_PAD.encode(bytes)[from..whole].to_owned()
}

/// A database, and every file that its data could lie in.
pub struct House {
    /// The database.
    pub place: Place,
    server: Option<PostgresServer>,
}

impl House {
    /// A SQLite file, and a database in a PostgreSQL server of its own, where there is one.
    pub fn all() -> Vec<House> {
        let mut houses = vec![House { place: Place::sqlite(), server: None }];
        if let Some(server) = PostgresServer::start(false) {
            let place = Place::at(server.database("house"));
            houses.push(House { place, server: Some(server) });
        }
        houses
    }

    /// Every file with its bytes; of PostgreSQL also its log, and every row as a client reads it: long
    /// values lie compressed in its files.
    pub fn contents(&self) -> Vec<(String, Vec<u8>)> {
        let Some(server) = &self.server else {
            let file = Path::new(self.place.url.trim_start_matches("sqlite://"));
            return read(files(file.parent().unwrap()));
        };
        server.query("house", "checkpoint");
        let folder = server.data_folder();
        let mut contents = read(files(folder.parent().unwrap()));
        let tables =
            "select format('%I.%I', table_schema, table_name) from information_schema.tables
                      where table_schema in ('public', 'takings_keys')";
        for table in server.query("house", tables).lines() {
            let rows = server.query("house", &format!("select t::text from {table} t"));
            contents.push((table.to_owned(), rows.into_bytes()));
        }
        contents
    }
}

/// Every file in a folder and those within it.
fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let mut found = Vec::new();
    for path in entries {
        match fs::symlink_metadata(&path) {
            Ok(it) if it.is_dir() => found.extend(files(&path)),
            Ok(it) if it.is_file() => found.push(path),
            _ => {}
        }
    }
    found
}

/// What files hold; one that is gone meanwhile holds nothing.
fn read(files: Vec<PathBuf>) -> Vec<(String, Vec<u8>)> {
    let named = files.into_iter().map(|path| (path.display().to_string(), fs::read(&path)));
    named.filter_map(|(name, bytes)| Some((name, bytes.ok()?))).collect()
}
