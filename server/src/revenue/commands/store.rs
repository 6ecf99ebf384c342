//! Rows of `intents`, in the database that is written to.

use super::intent::{Intent, Request, State};
use super::sealed;
use crate::db::Database;
use crate::error::Error;
use crate::once::sealed::Sealed;
use sea_orm::{ConnectionTrait, DbErr, QueryResult, Statement, Value};
use takings_core::time::Timestamp;

const COLUMNS: &str = "request_id, method, content_hash, idempotency_key, calls, state, answer, \
                       key_id, key, livemode, failed_at, created_at, updated_at";

/// The intent of a request id.
pub(super) async fn find(database: &Database, request: &str) -> Result<Option<Intent>, Error> {
    let select = format!("select {COLUMNS} from intents where request_id = $1");
    Ok(all(database, select, vec![request.into()]).await?.pop())
}

/// Open intents for a mode that nobody has touched since an instant, the longest untouched first.
pub(super) async fn open(
    database: &Database,
    livemode: bool,
    before: Timestamp,
    most: u64,
) -> Result<Vec<Intent>, Error> {
    let select = format!(
        "select {COLUMNS} from intents where state = 'open' and updated_at <= $1
           and (livemode is null or livemode = $2)
         order by updated_at limit {most}"
    );
    all(database, select, vec![before.0.into(), i64::from(livemode).into()]).await
}

async fn all(
    database: &Database,
    select: String,
    values: Vec<Value>,
) -> Result<Vec<Intent>, Error> {
    let statement = Statement::from_sql_and_values(database.kind.into(), select, values);
    let mut intents = Vec::new();
    for row in database.write.query_all_raw(statement).await? {
        let (intent, owners, sealed) = read(&row)?;
        intents.push(sealed::open(database, intent, &owners, sealed).await?);
    }
    Ok(intents)
}

/// An intent, whose keys open it, and its answer where it has one, all as they are stored.
fn read(row: &QueryResult) -> Result<(Intent, String, Option<Sealed>), DbErr> {
    let state: String = row.try_get("", "state")?;
    let failed_at: Option<i64> = row.try_get("", "failed_at")?;
    let unknown = || DbErr::Type(format!("`{state}` is no state of an intent"));
    let answer: Option<Vec<u8>> = row.try_get("", "answer")?;
    let owners: Option<String> = row.try_get("", "key_id")?;
    let key = row.try_get("", "key")?;
    let intent = Intent {
        request: row.try_get("", "request_id")?,
        method: row.try_get("", "method")?,
        content: row.try_get("", "content_hash")?,
        key: row.try_get::<Option<String>>("", "idempotency_key")?.unwrap_or_default(),
        calls: row.try_get("", "calls")?,
        livemode: row.try_get::<Option<i64>>("", "livemode")?.map(|it| it != 0),
        state: State::parse(&state).ok_or_else(unknown)?,
        answer: Vec::new(),
        gone: false,
        failed_at: failed_at.map(Timestamp),
        created_at: Timestamp(row.try_get("", "created_at")?),
        updated_at: Timestamp(row.try_get("", "updated_at")?),
    };
    let names = owners.clone().unwrap_or_default();
    Ok((intent, names, answer.map(|answer| Sealed { answer, owners, key })))
}

/// Stores an open intent, unless its request has one; tells whether it was stored. Its key is the
/// request's id, so that even a lost row leads to the same key again.
pub(super) async fn begin(
    database: &Database,
    request: &Request,
    intent: &Intent,
) -> Result<bool, Error> {
    let (Request { id, method, .. }, content) = (request, request.kept_content(&database.vault)?);
    let (calls, now) = (intent.calls.as_deref().unwrap_or_default(), intent.created_at);
    let (calls, name) = &sealed::seal_calls(database, id, calls, now).await?;
    let insert = "insert into intents (request_id, method, content_hash, idempotency_key, calls,
                  key_id, state, livemode, created_at, updated_at)
                  values ($1, $2, $3, $4, $5, $6, 'open', $7, $8, $9)
                  on conflict (request_id) do nothing";
    let values = [id, *method, &content, id, calls, name].map(Value::from);
    let mode = Value::from(intent.livemode.map(i64::from));
    let rest = [mode, now.0.into(), now.0.into()];
    Ok(execute(database, insert, values.into_iter().chain(rest)).await?)
}

/// Stores an act that is done, unless its request has one.
pub(super) async fn keep(
    database: &Database,
    request: &Request,
    answer: Vec<u8>,
    now: Timestamp,
) -> Result<bool, Error> {
    let (Request { id, method, .. }, content) = (request, request.kept_content(&database.vault)?);
    let insert = "insert into intents (request_id, method, content_hash, state, answer, created_at,
                  updated_at) values ($1, $2, $3, 'done', $4, $5, $6)
                  on conflict (request_id) do nothing";
    let texts = [id, *method, &content].map(Value::from);
    let rest = [answer.into(), now.0.into(), now.0.into()];
    Ok(execute(database, insert, texts.into_iter().chain(rest)).await?)
}

/// Takes an open intent to carry on with it; tells whether nobody else did.
pub(super) async fn claim(
    database: &Database,
    intent: &Intent,
    now: Timestamp,
) -> Result<bool, DbErr> {
    let update = "update intents set updated_at = $1
                  where request_id = $2 and updated_at = $3 and state = 'open'";
    let values = [now.0.into(), intent.request.as_str().into(), intent.updated_at.0.into()];
    execute(database, update, values).await
}

/// Ends an open intent; its calls are not needed any more.
pub(super) async fn end(
    database: &Database,
    request: &str,
    how: State,
    Sealed { answer, owners, key }: Sealed,
    now: Timestamp,
) -> Result<bool, DbErr> {
    let update = "update intents set state = $1, answer = $2, updated_at = $3, calls = null,
                  key_id = $4, key = $5 where request_id = $6 and state = 'open'";
    let (how, at) = (how.name().into(), now.0.into());
    let values = [how, answer.into(), at, owners.into(), key.into(), request.into()];
    execute(database, update, values).await
}

/// Removes an open intent of which nothing was done.
pub(super) async fn forget(database: &Database, request: &str) -> Result<bool, DbErr> {
    let delete = "delete from intents where request_id = $1 and state = 'open'";
    execute(database, delete, [request.into()]).await
}

/// Notes since when its key answers a failure.
pub(super) async fn failed(
    database: &Database,
    request: &str,
    now: Timestamp,
) -> Result<bool, DbErr> {
    let update = "update intents set failed_at = $1
                  where request_id = $2 and failed_at is null and state = 'open'";
    execute(database, update, [now.0.into(), request.into()]).await
}

/// Gives an open intent another key, unless it has another already.
pub(super) async fn change_key(
    database: &Database,
    request: &str,
    from: &str,
    to: &str,
) -> Result<bool, DbErr> {
    let update = "update intents set idempotency_key = $1, failed_at = null
                  where request_id = $2 and idempotency_key = $3 and state = 'open'";
    execute(database, update, [to.into(), request.into(), from.into()]).await
}

/// Runs a statement; tells whether it met a row.
async fn execute(
    database: &Database,
    text: &str,
    values: impl IntoIterator<Item = Value>,
) -> Result<bool, DbErr> {
    let statement = Statement::from_sql_and_values(database.kind.into(), text, values);
    Ok(database.execute(statement).await?.rows_affected() == 1)
}
