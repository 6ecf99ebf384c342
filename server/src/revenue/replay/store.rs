//! Bodies of stored events, in the database that is written to.

use crate::db::Database;
use crate::ingest::Body;
use sea_orm::{ConnectionTrait, DbErr, QueryResult, Statement};

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
