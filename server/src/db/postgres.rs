//! A connection to PostgreSQL for one owner: every text with whole columns as parameters.

use super::query::Columns;
use super::{Bundle, Cell, Error, Insert, Kind, Query, Row, Rows, Type};
use sea_orm::DatabaseConnection;
use sea_orm::sqlx::{
    self, AssertSqlSafe, Executor, PgConnection, Postgres as Dialect, postgres::PgArguments,
    query::Query as Bound,
};
use std::collections::HashMap;

/// A connection, and how often it has sent each text, by the text's place in memory.
///
/// Plans are kept for good, and a text's first is made for what its tables held then, often nothing:
/// so plans are made anew each time a text has been sent twice as often.
pub(super) struct Postgres {
    conn: PgConnection,
    sent: HashMap<usize, u64>,
    outgrown: bool,
}

impl Postgres {
    /// Tunes a connection: the writer's texts are written in the order in which
    /// tables are to be visited, by index.
    pub(super) async fn tuned(mut conn: PgConnection) -> Result<Postgres, Error> {
        let settings = "set enable_seqscan = off; set enable_bitmapscan = off; \
                        set enable_hashjoin = off; set enable_mergejoin = off; \
                        set enable_material = off; set join_collapse_limit = 1; set jit = off; \
                        set plan_cache_mode = force_generic_plan";
        conn.execute(settings).await?;
        Ok(Postgres { conn, sent: HashMap::new(), outgrown: false })
    }

    /// Opens a transaction.
    pub(super) async fn begin(&mut self) -> Result<(), Error> {
        if std::mem::take(&mut self.outgrown) {
            self.word("discard plans").await?;
        }
        self.word("begin").await
    }

    fn count<T>(&mut self, text: &'static T) {
        let sent = self.sent.entry(std::ptr::from_ref(text).addr()).or_default();
        *sent += 1;
        self.outgrown |= sent.is_power_of_two();
    }

    /// Runs a statement without parameters.
    pub(super) async fn word(&mut self, word: &'static str) -> Result<(), Error> {
        self.conn.execute(word).await?;
        Ok(())
    }

    /// Runs a query for all rows of its set at once.
    pub(super) async fn fetch(
        &mut self,
        query: &'static Query,
        set: &Rows,
    ) -> Result<Vec<Row>, Error> {
        self.count(query);
        let bound = sqlx::query(AssertSqlSafe(query.render(Kind::Postgres)));
        self.rows(bind_columns(bound, query.set, set)).await
    }

    /// Inserts all rows at once; answers what the statement returns.
    pub(super) async fn insert(
        &mut self,
        insert: &'static Insert,
        rows: &Rows,
    ) -> Result<Vec<Row>, Error> {
        self.count(insert);
        let bound = sqlx::query(AssertSqlSafe(insert.render(Kind::Postgres)));
        self.rows(bind_columns(bound, insert.columns, rows)).await
    }

    /// Writes a bundle at once.
    pub(super) async fn write(
        &mut self,
        bundle: &'static Bundle,
        rows: &[&Rows],
    ) -> Result<(), Error> {
        self.count(bundle);
        let mut bound = sqlx::query(AssertSqlSafe(bundle.postgres()));
        for (part, rows) in bundle.parts.iter().zip(rows) {
            bound = bind_columns(bound, part.columns(), rows);
        }
        bound.execute(&mut self.conn).await?;
        Ok(())
    }

    async fn rows(&mut self, bound: Bound<'_, Dialect, PgArguments>) -> Result<Vec<Row>, Error> {
        let rows = bound.fetch_all(&mut self.conn).await?;
        Ok(rows.into_iter().map(Row::Postgres).collect())
    }
}

/// Runs a query on any connection of a pool.
pub(super) async fn rows_on_pool(
    pool: &DatabaseConnection,
    query: &'static Query,
    set: &Rows,
) -> Result<Vec<Row>, Error> {
    let bound = sqlx::query(AssertSqlSafe(query.render(Kind::Postgres)));
    let bound = bind_columns(bound, query.set, set);
    let rows = bound.fetch_all(pool.get_postgres_connection_pool()).await?;
    Ok(rows.into_iter().map(Row::Postgres).collect())
}

/// One array a column.
fn bind_columns<'q>(
    mut bound: Bound<'q, Dialect, PgArguments>,
    columns: Columns,
    rows: &Rows,
) -> Bound<'q, Dialect, PgArguments> {
    for (place, (_, kind)) in columns.iter().enumerate() {
        let cells = rows.column(place);
        bound = match kind {
            Type::Int => bound.bind(cells.map(int_of).collect::<Vec<Option<i64>>>()),
            Type::Text => bound.bind(cells.map(text_of).collect::<Vec<Option<String>>>()),
            Type::Bytes => bound.bind(cells.map(bytes_of).collect::<Vec<Option<Vec<u8>>>>()),
        };
    }
    bound
}

fn int_of(cell: &Cell) -> Option<i64> {
    if let Cell::Int(value) = cell { Some(*value) } else { None }
}

fn text_of(cell: &Cell) -> Option<String> {
    if let Cell::Text(value) = cell { Some(value.clone()) } else { None }
}

fn bytes_of(cell: &Cell) -> Option<Vec<u8>> {
    if let Cell::Bytes(value) = cell { Some(value.clone()) } else { None }
}
