//! Where a sealed text belongs.

/// A cell of a table: what is sealed for one cannot be opened in another, so that nobody who can
/// write to the database can show one person's data as another's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cell<'a> {
    /// The table.
    pub table: &'a str,
    /// The column.
    pub column: &'a str,
    /// What names the row.
    pub row: &'a [&'a str],
}

impl Cell<'_> {
    /// The associated data: every part with its length in front, so that no two cells have the same.
    pub fn place(&self) -> Vec<u8> {
        let mut place = Vec::with_capacity(96);
        for part in [self.table, self.column].iter().chain(self.row) {
            place.extend((part.len() as u64).to_le_bytes());
            place.extend(part.as_bytes());
        }
        place
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_two_cells_are_one_place() {
        let cells = [
            Cell { table: "customers", column: "personal", row: &["1", "cus_1"] },
            Cell { table: "customers", column: "personal", row: &["1c", "us_1"] },
            Cell { table: "customers", column: "personal", row: &["1cus_1"] },
            Cell { table: "customers", column: "personal", row: &["1", "cus_1", ""] },
            Cell { table: "customer", column: "spersonal", row: &["1", "cus_1"] },
            Cell { table: "facts", column: "personal", row: &["1", "cus_1"] },
        ];
        for (place, cell) in cells.iter().enumerate() {
            for other in &cells[..place] {
                assert_ne!(cell.place(), other.place(), "{cell:?} {other:?}");
            }
        }
    }
}
