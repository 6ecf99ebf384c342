//! Rows of `sources`.

use crate::db::Database;
use sea_orm::{ConnectionTrait, DatabaseBackend, DbErr, Statement};

/// The number of a source; a new one gets the next.
pub(super) async fn number(database: &Database, name: &str) -> Result<i64, DbErr> {
    let backend = DatabaseBackend::from(database.kind);
    let insert = "insert into sources (name) values ($1) on conflict (name) do nothing";
    let values = [name.into()];
    database.execute(Statement::from_sql_and_values(backend, insert, values.clone())).await?;
    let select = "select id from sources where name = $1";
    let row = database
        .write
        .query_one_raw(Statement::from_sql_and_values(backend, select, values))
        .await?;
    row.ok_or_else(|| DbErr::RecordNotFound("a source".into()))?.try_get("", "id")
}

/// Every source's number and name.
pub(super) async fn names(database: &Database) -> Result<Vec<(i64, String)>, DbErr> {
    let select = Statement::from_string(database.kind.into(), "select id, name from sources");
    let rows = database.write.query_all_raw(select).await?;
    rows.iter().map(|row| Ok((row.try_get("", "id")?, row.try_get("", "name")?))).collect()
}
