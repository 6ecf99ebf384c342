//! What is known of partners: name, address, account; each cell for itself.

use super::{Keys, Names};
use crate::ingest::Trouble;
use takings_core::privacy::{Cell, Subject};

/// The name of a partner's key.
pub(crate) fn partner(id: &str) -> String {
    Subject::Partner(id.to_owned()).to_string()
}

/// The names of some partners' keys.
pub(crate) fn names<'a>(partners: impl Iterator<Item = &'a str>) -> Names {
    partners.map(partner).collect()
}

/// Seals a column of a partner. `None`: the partner was erased.
pub(crate) fn seal(keys: &Keys, id: &str, column: &str, plain: &str) -> Option<String> {
    keys.seal(&partner(id), &Cell { table: "partners", column, row: &[id] }, plain)
}

/// Opens a column of a partner; empty where the partner was erased.
///
/// # Errors
///
/// If it does not belong there.
pub(crate) fn open(keys: &Keys, id: &str, column: &str, sealed: &str) -> Result<String, Trouble> {
    if sealed.is_empty() {
        return Ok(String::new());
    }
    let cell = Cell { table: "partners", column, row: &[id] };
    let plain = keys.open(&partner(id), &cell, sealed)?;
    Ok(plain.map(|plain| plain.to_string()).unwrap_or_default())
}
