//! Everything held about a person, as JSON.

use super::bodies::{Stored, open_body};
use super::customers::Said;
use super::{By, Keys, Person, customers, partners, store};
use crate::db::{Database, Row, Rows, Tx};
use crate::error::Error;
use crate::ingest::{Trouble, transact};
use crate::lead;
use serde_json::{Value, json};
use takings_core::privacy::Subject;
use tokio::runtime::Handle;
use tokio::task::spawn_blocking;

/// Everything that is held about a person, as one JSON object: `subjects`; `customers`, `partners` and
/// `leads` with what is known of them; what was `told` of customers before; what partners have
/// `earned`; their `objects`; and `events`, the bodies as they came. `None`: nobody is known by that
/// name. It reads through the owners of all bodies, some hundred a transaction.
///
/// # Errors
///
/// If the database or the key store does not answer.
pub async fn export(database: &Database, by: &By) -> Result<Option<Value>, Error> {
    let (database, by, handle) = (database.clone(), by.clone(), Handle::current());
    let work = move || handle.block_on(collect(&database, &by));
    spawn_blocking(work).await.map_err(Error::internal)?
}

async fn collect(database: &Database, by: &By) -> Result<Option<Value>, Error> {
    let person = transact(database, async |tx| Person::find(tx, by).await).await?;
    if person.subjects.is_empty() {
        return Ok(None);
    }
    let (known, told, objects) = transact(database, async |tx| held(tx, &person).await).await?;
    let (paid, earned) = transact(database, async |tx| partners_of(tx, &person).await).await?;
    let leads = transact(database, async |tx| lead::held(tx, &person.subjects).await).await?;
    let (mut events, mut after) = (Vec::new(), -1);
    loop {
        let page = transact(database, async |tx| bodies(tx, after).await).await?;
        let Some((last, _, _)) = page.last() else { break };
        after = *last;
        for (_, owners, stored) in page {
            let own = stored.named().subject();
            let mut names = owners.split(' ').chain([own.as_str()]);
            if names.any(|name| person.subjects.contains(name)) {
                events.extend(event(database, stored).await?);
            }
        }
    }
    let subjects = json!(person.subjects);
    Ok(Some(json!({
        "subjects": subjects, "customers": known, "told": told, "partners": paid,
        "earned": earned, "leads": leads, "objects": objects, "events": events,
    })))
}

/// Customers, what was told of them, and their objects.
async fn held(
    tx: &mut Tx<'_>,
    person: &Person,
) -> Result<(Vec<Value>, Vec<Value>, Vec<Value>), Trouble> {
    let mut rows = Rows::default();
    for name in &person.subjects {
        if let Some(Subject::Customer(source, id)) = Subject::parse(name) {
            rows.push([source.into(), id.into()]);
        }
    }
    let keys = Keys::load(tx, person.subjects.clone()).await?;
    let known = tx.fetch(&store::CUSTOMERS, &rows).await?;
    let known = known.iter().map(|row| customer(&keys, row)).collect::<Result<_, Trouble>>()?;
    let told = tx.fetch(&store::TOLD, &rows).await?;
    let told = told.iter().map(|row| observed(&keys, row)).collect::<Result<_, Trouble>>()?;
    let mut objects = Vec::new();
    for row in tx.fetch(&store::OBJECTS, &rows).await? {
        objects.push(json!({
            "kind": row.text(0)?, "source": row.int(1)?, "id": row.text(2)?,
            "content": read(&row.text(3)?),
        }));
    }
    Ok((known, told, objects))
}

fn observed(keys: &Keys, row: &Row) -> Result<Value, Trouble> {
    let (source, customer, second) = (row.int(0)?, row.text(1)?, row.int(2)?);
    let (event, api_version) = (row.text(3)?, row.text(4)?);
    let (event, api_version) = (event.as_str(), api_version.as_str());
    let said = Said { source, customer: &customer, second, event, api_version };
    let plain = said.open(keys, &row.text(5)?)?;
    Ok(json!({
        "source": source, "id": customer, "at": second, "event": event,
        "personal": plain.map(|plain| read(&plain)),
    }))
}

/// Partners, and what they have earned and were paid.
async fn partners_of(
    tx: &mut Tx<'_>,
    person: &Person,
) -> Result<(Vec<Value>, Vec<Value>), Trouble> {
    let mut rows = Rows::default();
    for name in &person.subjects {
        if let Some(Subject::Partner(id)) = Subject::parse(name) {
            rows.push([id.into()]);
        }
    }
    let keys = Keys::load(tx, person.subjects.clone()).await?;
    let mut paid = Vec::new();
    for row in tx.fetch(&store::PARTNERS, &rows).await? {
        let id = row.text(0)?;
        let open = |column, sealed: &str| partners::open(&keys, &id, column, sealed);
        paid.push(json!({
            "id": id, "program": row.text(1)?, "name": open("name", &row.text(2)?)?,
            "email": open("email", &row.text(3)?)?,
            "payout_account": open("payout_account", &row.opt_text(4)?.unwrap_or_default())?,
            "tax_profile": row.opt_text(5)?,
        }));
    }
    let mut earned = Vec::new();
    for row in tx.fetch(&store::EARNED, &rows).await? {
        earned.push(json!({
            "kind": row.text(0)?, "partner": row.text(1)?, "id": row.text(2)?,
            "currency": row.text(3)?, "amount_minor": row.int(4)?, "at_micros": row.opt_int(5)?,
        }));
    }
    Ok((paid, earned))
}

fn customer(keys: &Keys, row: &Row) -> Result<Value, Trouble> {
    let (source, id) = (row.int(0)?, row.text(1)?);
    let personal = match row.opt_text(3)? {
        Some(sealed) => customers::open(keys, source, &id, &sealed)?,
        None => None,
    };
    Ok(json!({
        "source": source, "id": id, "content": read(&row.text(2)?),
        "personal": personal.map(|plain| read(&plain)),
    }))
}

/// A page of bodies: number, owners, body. Those that the key store has the key of name their owners
/// there.
async fn bodies(tx: &mut Tx<'_>, after: i64) -> Result<Vec<(i64, String, Stored)>, Trouble> {
    let mut start = Rows::default();
    start.push([after.into()]);
    let rows = tx.fetch(&store::BODIES, &start).await?;
    let mut page = Vec::with_capacity(rows.len());
    for row in &rows {
        let stored = Stored {
            source: row.int(1)?,
            event: row.text(2)?,
            api_version: row.text(3)?,
            codec: row.int(4)?,
            owners: row.opt_text(5)?,
            key: row.opt_bytes(6)?,
            bytes: row.bytes(7)?,
        };
        page.push((row.int(0)?, stored.owners.clone().unwrap_or_default(), stored));
    }
    let mut loose = Rows::default();
    let kept = |stored: &Stored| stored.key.is_none() && stored.owners.is_some();
    for (_, _, stored) in page.iter().filter(|(_, _, stored)| kept(stored)) {
        loose.push([stored.named().subject().into()]);
    }
    let mut owners = std::collections::HashMap::new();
    for row in tx.read_keys(&store::KEYS, &loose).await? {
        owners.insert(row.text(0)?, row.text(3)?);
    }
    for (_, names, stored) in page.iter_mut().filter(|(_, _, stored)| kept(stored)) {
        *names = owners.remove(&stored.named().subject()).unwrap_or_default();
    }
    Ok(page)
}

/// An event with its body; nothing where the body cannot be read any more.
async fn event(database: &Database, stored: Stored) -> Result<Option<Value>, Error> {
    let Some(body) = open_body(database, &stored).await? else { return Ok(None) };
    let raw = body.raw().map_err(Error::internal)?;
    let text = String::from_utf8_lossy(&raw);
    Ok(Some(json!({"source": stored.source, "id": stored.event, "body": read(&text)})))
}

/// JSON as JSON, anything else as text.
fn read(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|_| text.into())
}
