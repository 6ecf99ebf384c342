//! Reading within a transaction, or beside all of them, by the same texts.

use crate::db::{Cell, Database, Error, Query, Row, Rows, Tx};
use crate::ingest::Trouble;
use crate::privacy::{Keys, Names};

/// Whoever can read.
pub(super) trait Reads {
    /// Runs a query for the rows of its set.
    fn rows(
        &mut self,
        query: &'static Query,
        set: &Rows,
    ) -> impl Future<Output = Result<Vec<Row>, Error>> + Send;

    /// The keys of leads.
    fn keys(&mut self, names: Names) -> impl Future<Output = Result<Keys, Trouble>> + Send;
}

impl Reads for Tx<'_> {
    async fn rows(&mut self, query: &'static Query, set: &Rows) -> Result<Vec<Row>, Error> {
        self.fetch(query, set).await
    }

    async fn keys(&mut self, names: Names) -> Result<Keys, Trouble> {
        Keys::load(self, names).await
    }
}

impl Reads for &Database {
    async fn rows(&mut self, query: &'static Query, set: &Rows) -> Result<Vec<Row>, Error> {
        Database::rows(self, query, set).await
    }

    async fn keys(&mut self, names: Names) -> Result<Keys, Trouble> {
        Keys::read(self, names).await
    }
}

/// A set of one row of texts.
pub(super) fn one<const N: usize>(texts: [&str; N]) -> Rows {
    let mut rows = Rows::default();
    rows.push(texts.map(Cell::from));
    rows
}

/// A set of one text a row.
pub(super) fn each<'a>(texts: impl IntoIterator<Item = &'a str>) -> Rows {
    let mut rows = Rows::default();
    texts.into_iter().for_each(|text| rows.push([text.into()]));
    rows
}
