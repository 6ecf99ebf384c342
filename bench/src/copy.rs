//! Rows that a server wrote, read to be inserted again as they are.

use crate::place::options;
use sea_orm::{ConnectionTrait, QueryResult, Statement};
use takings_server::db::{Cell, Database, Insert, Rows, Type};

/// A row in the columns of an insert.
pub(crate) fn push<const N: usize>(
    insert: &Insert,
    row: &QueryResult,
    into: &mut Rows,
) -> anyhow::Result<()> {
    let cell = |(name, kind): &(&'static str, Type)| match kind {
        Type::Int => Ok(row.try_get::<Option<i64>>("", name)?.into()),
        Type::Text => Ok(row.try_get::<Option<String>>("", name)?.into()),
        Type::Bytes => Ok(row.try_get::<Option<Vec<u8>>>("", name)?.into()),
    };
    let cells: Vec<Cell> = insert.columns.iter().map(cell).collect::<anyhow::Result<_>>()?;
    into.push::<N>(cells.try_into().map_err(|_| anyhow::anyhow!("other columns"))?);
    Ok(())
}

/// What a text selects.
pub(crate) async fn select(database: &Database, text: &str) -> anyhow::Result<Vec<QueryResult>> {
    let select = Statement::from_string(database.kind.into(), text);
    Ok(database.read.query_all_raw(select).await?)
}

/// A database with all tables, new where there was none.
pub(crate) async fn open(url: &str) -> anyhow::Result<Database> {
    let database = Database::open(&options(url)).await?;
    database.migrate().await?;
    Ok(database)
}
