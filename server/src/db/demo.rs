//! The mark of a SQLite file that a demo made: whoever deletes demos deletes nothing else.

use super::Error;
use rusqlite::Connection;
use std::fs::File;
use std::io::{ErrorKind, Read};
use std::path::Path;

/// SQLite keeps a number for the application a file belongs to: `Tkdm`.
const MARK: i32 = i32::from_be_bytes(*b"Tkdm");

/// How a file begins, and where that number stands (<https://sqlite.org/fileformat2.html>, 1.3).
const BEGIN: &[u8; 16] = b"SQLite format 3\0";
const PLACE: usize = 68;

/// Makes a database that holds the mark and nothing else.
pub(crate) fn make_marked(path: &Path) -> Result<(), Error> {
    // Without a log yet: the mark is in the file itself.
    Ok(Connection::open(path)?.pragma_update(None, "application_id", MARK)?)
}

/// Whether a file is there and holds the mark.
pub(crate) fn is_marked(path: &Path) -> std::io::Result<bool> {
    let mut head = [0; PLACE + 4];
    match File::open(path).and_then(|mut file| file.read_exact(&mut head)) {
        Ok(()) => Ok(head.starts_with(BEGIN) && head.ends_with(&MARK.to_be_bytes())),
        Err(error) if [ErrorKind::NotFound, ErrorKind::UnexpectedEof].contains(&error.kind()) => {
            Ok(false)
        }
        Err(error) => Err(error),
    }
}
