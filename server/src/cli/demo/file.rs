//! The demo's database file: made anew where a demo made it. Nobody else's is touched.

use crate::db::{is_marked, make_marked, with_ending};
use anyhow::{Context, bail};
use std::io::ErrorKind;
use std::path::Path;

/// A database and what lies beside it. The file with the mark is the first to be looked at, and the
/// last to go: whoever is cut off leaves something that can be made anew.
const ENDINGS: [&str; 7] = ["", ".master", ".keys", ".keys-wal", ".keys-shm", "-wal", "-shm"];

/// Makes the file anew.
///
/// # Errors
///
/// If it is there and no demo made it, or something lies beside it that belongs to another; if it
/// cannot be deleted or made.
pub(super) fn make_anew(file: &Path) -> anyhow::Result<()> {
    let failed = || format!("{} cannot be made anew", file.display());
    let paths = ENDINGS.map(|ending| with_ending(file, ending));
    let there = paths.iter().find(|path| path.symlink_metadata().is_ok());
    if let Some(path) = there.filter(|_| !is_marked(file).unwrap_or(false)) {
        bail!(
            "{} is there and no demo made it: name another --file, or delete it yourself",
            path.display()
        );
    }
    for path in paths.iter().rev() {
        match std::fs::remove_file(path) {
            Err(error) if error.kind() != ErrorKind::NotFound => {
                return Err(error).with_context(failed);
            }
            _ => {}
        }
    }
    make_marked(file).with_context(failed)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    fn refused(file: &Path, named: &Path) {
        let said = make_anew(file).unwrap_err().to_string();
        let expected = format!("{} is there and no demo made it: name another", named.display());
        assert!(said.starts_with(&expected), "{said}");
        assert!(named.exists());
    }

    #[test]
    fn a_file_that_no_demo_made_is_left_alone_with_its_keys() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("takings.db");
        let keys = with_ending(&file, ".keys");
        fs::write(&keys, "keys of a database that is away").unwrap();
        refused(&file, &keys);
        for text in ["", "notes", &"long notes".repeat(20)] {
            fs::write(&file, text).unwrap();
            refused(&file, &file);
            assert_eq!(fs::read_to_string(&file).unwrap(), text);
        }
        fs::remove_file(&file).unwrap();
        rusqlite::Connection::open(&file).unwrap().pragma_update(None, "user_version", 1).unwrap();
        refused(&file, &file);
        assert!(keys.exists());
    }

    #[test]
    fn a_file_that_a_demo_made_is_made_anew_with_all_that_lies_beside_it() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("demo.db");
        make_anew(&file).unwrap();
        let conn = rusqlite::Connection::open(&file).unwrap();
        conn.pragma_update(None, "journal_mode", "wal").unwrap();
        conn.execute_batch("create table business (id integer)").unwrap();
        fs::write(with_ending(&file, ".master"), "key").unwrap();
        drop(conn);
        make_anew(&file).unwrap();
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
        let conn = rusqlite::Connection::open(&file).unwrap();
        assert!(conn.execute_batch("select id from business").is_err());
    }
}
