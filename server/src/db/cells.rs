//! Values on their way into and out of a database.

use super::Error;
use sea_orm::sqlx::{Row as _, postgres::PgRow};

/// One value.
#[derive(Clone, Debug, PartialEq)]
pub enum Cell {
    /// A 64-bit integer.
    Int(i64),
    /// A text.
    Text(String),
    /// Bytes.
    Bytes(Vec<u8>),
    /// Nothing.
    Null,
}

impl From<i64> for Cell {
    fn from(value: i64) -> Cell {
        Cell::Int(value)
    }
}

impl From<bool> for Cell {
    fn from(value: bool) -> Cell {
        Cell::Int(i64::from(value))
    }
}

impl From<&str> for Cell {
    fn from(value: &str) -> Cell {
        Cell::Text(value.to_owned())
    }
}

impl From<String> for Cell {
    fn from(value: String) -> Cell {
        Cell::Text(value)
    }
}

impl From<Vec<u8>> for Cell {
    fn from(value: Vec<u8>) -> Cell {
        Cell::Bytes(value)
    }
}

impl<T: Into<Cell>> From<Option<T>> for Cell {
    fn from(value: Option<T>) -> Cell {
        value.map_or(Cell::Null, Into::into)
    }
}

/// Rows of equal width, bound to one statement.
#[derive(Clone, Debug, Default)]
pub struct Rows {
    width: usize,
    cells: Vec<Cell>,
}

impl Rows {
    /// Appends a row; every row has the width of the first.
    pub fn push<const N: usize>(&mut self, row: [Cell; N]) {
        self.width = N;
        self.cells.extend(row);
    }

    /// How many rows there are.
    pub fn len(&self) -> usize {
        self.cells.len().checked_div(self.width).unwrap_or(0)
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.cells.is_empty()
    }

    /// The rows, in order.
    pub fn iter(&self) -> impl Iterator<Item = &[Cell]> {
        self.cells.chunks(self.width.max(1))
    }

    /// One column, top to bottom.
    pub fn column(&self, place: usize) -> impl Iterator<Item = &Cell> {
        self.cells.iter().skip(place).step_by(self.width.max(1))
    }
}

/// A row that came back.
pub enum Row {
    /// From SQLite.
    Sqlite(Vec<Cell>),
    /// From PostgreSQL.
    Postgres(PgRow),
}

impl Row {
    /// An integer that is never null.
    pub fn int(&self, place: usize) -> Result<i64, Error> {
        match self {
            Row::Sqlite(cells) => match cells.get(place) {
                Some(Cell::Int(value)) => Ok(*value),
                _ => Err(Error::Shape(place)),
            },
            Row::Postgres(row) => Ok(row.try_get(place)?),
        }
    }

    /// An integer or null.
    pub fn opt_int(&self, place: usize) -> Result<Option<i64>, Error> {
        match self {
            Row::Sqlite(cells) => match cells.get(place) {
                Some(Cell::Null) => Ok(None),
                Some(Cell::Int(value)) => Ok(Some(*value)),
                _ => Err(Error::Shape(place)),
            },
            Row::Postgres(row) => Ok(row.try_get(place)?),
        }
    }

    /// A text that is never null.
    pub fn text(&self, place: usize) -> Result<String, Error> {
        match self {
            Row::Sqlite(cells) => match cells.get(place) {
                Some(Cell::Text(value)) => Ok(value.clone()),
                _ => Err(Error::Shape(place)),
            },
            Row::Postgres(row) => Ok(row.try_get(place)?),
        }
    }

    /// A text or null.
    pub fn opt_text(&self, place: usize) -> Result<Option<String>, Error> {
        match self {
            Row::Sqlite(cells) => match cells.get(place) {
                Some(Cell::Null) => Ok(None),
                Some(Cell::Text(value)) => Ok(Some(value.clone())),
                _ => Err(Error::Shape(place)),
            },
            Row::Postgres(row) => Ok(row.try_get(place)?),
        }
    }

    /// Bytes or null.
    pub fn opt_bytes(&self, place: usize) -> Result<Option<Vec<u8>>, Error> {
        match self {
            Row::Sqlite(cells) => match cells.get(place) {
                Some(Cell::Null) => Ok(None),
                Some(Cell::Bytes(value)) => Ok(Some(value.clone())),
                _ => Err(Error::Shape(place)),
            },
            Row::Postgres(row) => Ok(row.try_get(place)?),
        }
    }

    /// Bytes that are never null.
    pub fn bytes(&self, place: usize) -> Result<Vec<u8>, Error> {
        match self {
            Row::Sqlite(cells) => match cells.get(place) {
                Some(Cell::Bytes(value)) => Ok(value.clone()),
                _ => Err(Error::Shape(place)),
            },
            Row::Postgres(row) => Ok(row.try_get(place)?),
        }
    }
}
