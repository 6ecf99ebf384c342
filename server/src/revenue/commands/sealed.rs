//! What an intent holds of persons: its calls, under a key of their day, and its answer.

use super::intent::Intent;
use crate::db::Database;
use crate::error::Error;
use crate::once::sealed::Sealed;
use crate::privacy::{Keys, Names};
use takings_core::privacy::{Cell, Subject};
use takings_core::time::Timestamp;

/// The name of the key of commands that are asked for on a day.
fn day(at: Timestamp) -> String {
    Subject::Calls(i64::from(at.day().0)).to_string()
}

/// Seals the calls of a request that is asked for now; answers them, and the name of their key.
pub(super) async fn seal_calls(
    database: &Database,
    request: &str,
    calls: &str,
    now: Timestamp,
) -> Result<(String, String), Error> {
    let name = day(now);
    let keys = Keys::ensure(database, Names::from([name.clone()])).await?;
    let sealed = keys.seal(&name, &cell(&[request]), calls);
    let sealed = sealed.ok_or_else(|| Error::internal("the key of this day was destroyed"))?;
    Ok((sealed, name))
}

/// Seals an answer for whom it names; a refusal, which may name anybody, under the key of the day.
pub(super) async fn seal_answer(
    database: &Database,
    intent: &Intent,
    answer: &[u8],
    owners: Option<Names>,
) -> Result<Sealed, Error> {
    let owners = owners.unwrap_or_else(|| Names::from([day(intent.created_at)]));
    let keys = Keys::ensure(database, owners.clone()).await?;
    Ok(Sealed::new(&intent.request, answer, &owners, &keys))
}

/// Opens what an intent holds: its calls by the key of that name, and its answer.
pub(super) async fn open(
    database: &Database,
    mut intent: Intent,
    name: &str,
    sealed: Option<Sealed>,
) -> Result<Intent, Error> {
    let mut names = sealed.as_ref().map(Sealed::owners).unwrap_or_default();
    names.extend(intent.calls.is_some().then(|| name.to_owned()));
    let keys = Keys::read(database, names).await?;
    if let Some(calls) = intent.calls.take() {
        let plain = keys.open(name, &cell(&[&intent.request]), &calls)?;
        intent.calls = plain.map(|plain| plain.to_string());
    }
    if let Some(sealed) = sealed {
        match sealed.open(&intent.request, &keys)? {
            Some(answer) => intent.answer = answer,
            None => intent.gone = true,
        }
    }
    Ok(intent)
}

fn cell<'a>(row: &'a [&'a str]) -> Cell<'a> {
    Cell { table: "intents", column: "calls", row }
}
