//! A connection to PostgreSQL for one owner: every text with whole columns as parameters.

use super::query::Columns;
use super::{Bundle, Cell, Error, Insert, Kind, Query, Row, Rows, Type};
use sea_orm::DatabaseConnection;
use sea_orm::sqlx::{
    self, AssertSqlSafe, Executor, PgConnection, Postgres as Dialect, postgres::PgArguments,
    query::Query as Bound,
};
use std::collections::HashMap;
use std::time::Duration;
use tokio::time::timeout;

/// How long a statement may take: each works on a batch, or on a day of one link's clicks, which
/// takes seconds. Where the host is lost that has acknowledged it, nothing else would end the wait.
pub(super) const PATIENCE: Duration = Duration::from_secs(120);

/// How long it may take to begin, mark or undo: the server has next to nothing to do.
const SOON: Duration = Duration::from_secs(10);

/// The writer's texts are written in the order in which tables are to be visited, by index. A lock is
/// waited for ten seconds. Whoever is gone loses what they hold: after a minute in which they send
/// nothing in a transaction or do not acknowledge; a statement ends a little before its client gives
/// it up.
const SETTINGS: &str = "set enable_seqscan = off; set enable_bitmapscan = off; \
    set enable_hashjoin = off; set enable_mergejoin = off; set enable_material = off; \
    set join_collapse_limit = 1; set jit = off; set plan_cache_mode = force_generic_plan; \
    set lock_timeout = '10s'; set statement_timeout = '110s'; \
    set idle_in_transaction_session_timeout = '60s'; set tcp_user_timeout = '60s'; \
    set tcp_keepalives_idle = 30; set tcp_keepalives_interval = 10; set tcp_keepalives_count = 3";

/// A connection, and how often it has sent each text, by the text's place in memory.
///
/// Plans are kept for good, and a text's first is made for what its tables held then, often nothing:
/// so plans are made anew each time a text has been sent twice as often.
pub(super) struct Postgres {
    conn: PgConnection,
    sent: HashMap<usize, u64>,
    outgrown: bool,
    /// Whether a statement was given up: what comes next would be its answer.
    lost: bool,
}

impl Postgres {
    /// Tunes a connection.
    pub(super) async fn tuned(conn: PgConnection) -> Result<Postgres, Error> {
        let mut tuned = Postgres { conn, sent: HashMap::new(), outgrown: false, lost: false };
        tuned.word(SETTINGS).await?;
        Ok(tuned)
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
        let patience = if word == "commit" { PATIENCE } else { SOON };
        bounded(&mut self.lost, patience, self.conn.execute(word)).await?;
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
        bounded(&mut self.lost, PATIENCE, bound.execute(&mut self.conn)).await?;
        Ok(())
    }

    async fn rows(&mut self, bound: Bound<'_, Dialect, PgArguments>) -> Result<Vec<Row>, Error> {
        let answer = bound.fetch_all(&mut self.conn);
        let rows = bounded(&mut self.lost, PATIENCE, answer).await?;
        Ok(rows.into_iter().map(Row::Postgres).collect())
    }
}

/// Waits so long for an answer; on a connection where one was given up, not at all.
async fn bounded<T>(
    lost: &mut bool,
    patience: Duration,
    answer: impl Future<Output = Result<T, sqlx::Error>>,
) -> Result<T, Error> {
    if *lost {
        return Err(Error::Silent);
    }
    let answer = timeout(patience, answer).await;
    *lost = answer.is_err();
    Ok(answer.map_err(|_| Error::Silent)??)
}

/// Runs a query on any connection of a pool.
pub(super) async fn rows_on_pool(
    pool: &DatabaseConnection,
    query: &'static Query,
    set: &Rows,
) -> Result<Vec<Row>, Error> {
    let bound = sqlx::query(AssertSqlSafe(query.render(Kind::Postgres)));
    let bound = bind_columns(bound, query.set, set);
    let answer = bound.fetch_all(pool.get_postgres_connection_pool());
    let rows = bounded(&mut false, PATIENCE, answer).await?;
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

#[cfg(test)]
mod tests {
    use super::*;
    use std::future::{pending, ready};

    #[tokio::test(start_paused = true)]
    async fn a_host_that_is_silent_for_ever_is_given_up_and_its_connection_with_it() {
        let mut lost = false;
        let silent = bounded::<()>(&mut lost, PATIENCE, pending()).await;
        assert!(matches!(silent, Err(Error::Silent)), "{silent:?}");
        let again = bounded(&mut lost, PATIENCE, ready(Ok(()))).await;
        assert!(matches!(again, Err(Error::Silent)), "the answer would be another statement's");
    }
}
