//! Bodies of stored events, in the database that is written to.

use crate::db::Database;
use crate::privacy::bodies::Stored;
use sea_orm::{ConnectionTrait, DbErr, QueryResult, Statement};

/// The bodies stored of an event, by API version.
pub(super) async fn bodies(
    database: &Database,
    source: i64,
    event: &str,
) -> Result<Vec<Stored>, DbErr> {
    let select = "select e.source_id, e.event_id, e.api_version, b.codec, b.body, b.key_id, b.key
                  from webhook_events e join webhook_bodies b on b.seq = e.seq
                  where e.source_id = $1 and e.event_id = $2 order by e.api_version";
    let values = [source.into(), event.into()];
    let select = Statement::from_sql_and_values(database.kind.into(), select, values);
    let rows = database.write.query_all_raw(select).await?;
    rows.iter().map(read).collect()
}

fn read(row: &QueryResult) -> Result<Stored, DbErr> {
    Ok(Stored {
        source: row.try_get("", "source_id")?,
        event: row.try_get("", "event_id")?,
        api_version: row.try_get("", "api_version")?,
        codec: row.try_get("", "codec")?,
        bytes: row.try_get("", "body")?,
        owners: row.try_get("", "key_id")?,
        key: row.try_get("", "key")?,
    })
}
