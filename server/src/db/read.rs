//! Fixed texts on the readers' connections.

use super::Database;
use super::tx::{measure, now};
use sea_orm::{ConnectionTrait, DbErr, QueryResult, Statement, Value};

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
}
