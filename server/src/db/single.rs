//! Single statements on the connections of the pools.

use super::postgres::{PATIENCE, rows_on_pool};
use super::tx::{measure, now};
use super::{Database, Error, Kind, Query, Row, Rows};
use sea_orm::{ConnectionTrait, DbErr, ExecResult, QueryResult, RuntimeErr, Statement, Value};
use tokio::time::timeout;

impl Database {
    /// Runs a fixed text whose parameters are `$1`, `$2`, ...; `name` is its name in metrics.
    pub async fn fetch(
        &self,
        name: &'static str,
        text: impl Into<String>,
        values: Vec<Value>,
    ) -> Result<Vec<QueryResult>, DbErr> {
        let started = now();
        let statement = Statement::from_sql_and_values(self.kind.into(), text, values);
        let rows = self.read.query_all_raw(statement).await?;
        measure(name, started);
        Ok(rows)
    }

    /// Runs one statement that writes, in its turn.
    pub async fn execute(&self, statement: Statement) -> Result<ExecResult, DbErr> {
        let _turn = match self.kind {
            Kind::Sqlite => Some(self.turns.lock().await),
            Kind::Postgres => None,
        };
        let answer = timeout(PATIENCE, self.write.execute_raw(statement)).await;
        let silent = |_| DbErr::Conn(RuntimeErr::Internal(Error::Silent.to_string()));
        answer.map_err(silent)?
    }

    /// Reads rows of the key store, where they are written: a replica may not have them yet.
    pub(crate) async fn read_keys(
        &self,
        query: &'static Query,
        set: &Rows,
    ) -> Result<Vec<Row>, Error> {
        let started = now();
        let rows = match self.kind {
            Kind::Sqlite => self.key_file.read(query, set)?,
            Kind::Postgres => rows_on_pool(&self.write, query, set).await?,
        };
        measure(query.name, started);
        Ok(rows)
    }
}
