//! Requests that were answered, in the database that is written to.

use crate::db::Database;
use crate::ingest::Body;
use sea_orm::{ConnectionTrait, DbErr, FromQueryResult, QueryResult, Statement};

/// A request that was answered.
#[derive(Debug, FromQueryResult)]
pub(super) struct Answered {
    pub(super) content_hash: String,
    pub(super) response: Vec<u8>,
}

/// The request of an id.
pub(super) async fn find(database: &Database, request: &str) -> Result<Option<Answered>, DbErr> {
    let select = "select content_hash, response from requests where request_id = $1";
    let values = [request.into()];
    let statement = Statement::from_sql_and_values(database.kind.into(), select, values);
    Answered::find_by_statement(statement).one(&database.write).await
}

/// Keeps an answer, unless the request has one.
pub(super) async fn insert(
    database: &Database,
    request: &str,
    content_hash: &str,
    response: Vec<u8>,
    batch: i64,
) -> Result<(), DbErr> {
    let insert = "insert into requests (request_id, content_hash, response, batch)
                  values ($1, $2, $3, $4) on conflict (request_id) do nothing";
    let values = [request.into(), content_hash.into(), response.into(), batch.into()];
    let statement = Statement::from_sql_and_values(database.kind.into(), insert, values);
    database.execute(statement).await?;
    Ok(())
}

/// The bodies stored of an event, by API version.
pub(super) async fn bodies(
    database: &Database,
    source: i64,
    event: &str,
) -> Result<Vec<Body>, DbErr> {
    let select = "select b.codec, b.body from webhook_events e
                  join webhook_bodies b on b.seq = e.seq
                  where e.source_id = $1 and e.event_id = $2 order by e.api_version";
    let values = [source.into(), event.into()];
    let select = Statement::from_sql_and_values(database.kind.into(), select, values);
    let rows = database.write.query_all_raw(select).await?;
    let body = |row: &QueryResult| {
        Ok(Body { codec: row.try_get("", "codec")?, bytes: row.try_get("", "body")? })
    };
    rows.iter().map(body).collect()
}
