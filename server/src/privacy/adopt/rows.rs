//! Sealing a few readable rows of each table; each answers how many.

use super::store;
use crate::affiliate::partners::{METHODS, Payout};
use crate::app::now;
use crate::db::{Query, Row, Rows, Tx};
use crate::ingest::{Body, Trouble};
use crate::once::kept_content;
use crate::once::sealed::Sealed;
use crate::privacy::bodies::Named;
use crate::privacy::customers::{self, Said};
use crate::privacy::{Keys, Names, list, owners_of, partners, random_key};
use takings_core::lead::email::mailbox;
use takings_core::privacy::{Cell, Subject};
use takings_core::stripe::{envelope, people};
use takings_core::time::Timestamp;

async fn found(tx: &mut Tx<'_>, query: &'static Query) -> Result<Vec<Row>, Trouble> {
    Ok(tx.fetch(query, &Rows::default()).await?)
}

async fn write(tx: &mut Tx<'_>, query: &'static Query, rows: &Rows) -> Result<usize, Trouble> {
    if !rows.is_empty() {
        tx.fetch(query, rows).await?;
    }
    Ok(rows.len())
}

pub(super) async fn facts(tx: &mut Tx<'_>) -> Result<usize, Trouble> {
    let found = found(tx, &store::FACTS).await?;
    let mut names = Names::new();
    for row in &found {
        names.insert(customers::customer(row.int(0)?, &row.text(1)?));
    }
    let keys = Keys::hold(tx, names).await?;
    let mut rows = Rows::default();
    for row in &found {
        let (source, customer, second) = (row.int(0)?, row.text(1)?, row.int(2)?);
        let (event, api_version) = (row.text(3)?, row.text(4)?);
        let said =
            Said { source, customer: &customer, second, event: &event, api_version: &api_version };
        let sealed = said.seal(&keys, &row.text(6)?);
        let key = (source.into(), customer.into(), second.into(), event.into());
        let (rendering, rules) = (api_version.into(), row.int(5)?.into());
        rows.push([key.0, key.1, key.2, key.3, rendering, rules, sealed.into()]);
    }
    write(tx, &store::SEAL_FACTS, &rows).await
}

pub(super) async fn customers(tx: &mut Tx<'_>) -> Result<usize, Trouble> {
    let found = found(tx, &store::CUSTOMERS).await?;
    let mut names = Names::new();
    for row in &found {
        names.insert(customers::customer(row.int(0)?, &row.text(1)?));
    }
    let keys = Keys::hold(tx, names).await?;
    let mut rows = Rows::default();
    for row in &found {
        let (source, id, plain) = (row.int(0)?, row.text(1)?, row.text(2)?);
        let sealed = customers::seal(&keys, source, &id, &plain);
        if sealed.is_some() {
            let indexes = tx.vault().unlocked_indexes()?;
            let address = customers::email_of(&plain);
            let index = address.and_then(|address| customers::email_index(indexes, &address));
            list(tx, &customers::customer(source, &id), index.as_deref()).await?;
        }
        rows.push([source.into(), id.into(), sealed.into()]);
    }
    write(tx, &store::SEAL_CUSTOMERS, &rows).await
}

/// A body that cannot be read as an event is nobody's.
pub(super) async fn bodies(tx: &mut Tx<'_>) -> Result<usize, Trouble> {
    let found = found(tx, &store::BODIES).await?;
    let mut rows = Rows::default();
    for row in &found {
        let (source, event, api_version) = (row.int(1)?, row.text(2)?, row.text(3)?);
        let named = Named { source, event: &event, api_version: &api_version };
        let (key, bytes) = (random_key(), row.bytes(6)?);
        let raw = Body::stored(row.int(5)?, bytes.clone()).raw().unwrap_or_default();
        let people = envelope::parse(&raw).map(|it| people(&it)).unwrap_or_default();
        let owners = customers::names(people.iter().map(|id| (source, id.as_str())));
        let mut keys = Keys::default();
        let kept = [(named.subject(), &key)];
        let kept = if owners.is_empty() { &kept[..] } else { &[] };
        keys.make_more(tx, owners.clone(), kept).await?;
        let shares = named.share(&key, &owners, &keys);
        let sealed = named.seal(&key, &bytes);
        if let Some(object) = row.opt_text(4)?.filter(|_| owners.is_empty()) {
            let mut loose = Rows::default();
            loose.push([source.into(), object.into(), named.subject().into()]);
            tx.insert(&crate::privacy::store::LOOSEN, &loose).await?;
        }
        rows.push([row.int(0)?.into(), sealed.into(), owners_of(&owners).into(), shares.into()]);
    }
    write(tx, &store::SEAL_BODIES, &rows).await
}

pub(super) async fn partners(tx: &mut Tx<'_>) -> Result<usize, Trouble> {
    let found = found(tx, &store::PARTNERS).await?;
    let mut rows = Rows::default();
    for row in &found {
        let (id, email) = (row.text(0)?, row.text(2)?);
        let keys = Keys::hold(tx, partners::names([id.as_str()].into_iter())).await?;
        let seal = |column, plain: &str| partners::seal(&keys, &id, column, plain);
        let indexes = tx.vault().unlocked_indexes()?;
        let key = mailbox(&email).map(|mailbox| indexes.equal("email", &mailbox));
        let key = key.unwrap_or_else(|| id.clone());
        let method = row.opt_text(3)?;
        let method = METHODS.into_iter().find(|known| method.as_deref() == Some(*known));
        let payout = method.zip(row.opt_text(4)?);
        let payout = payout.map(|(method, account)| Payout { method, account });
        let account = payout.as_ref().and_then(|it| seal("payout_account", &it.account));
        let name = seal("name", &row.text(1)?).unwrap_or_default();
        let address = seal("email", &email).unwrap_or_default();
        list(tx, &partners::partner(&id), Some(&key)).await?;
        let account_key = payout.map(|it| it.key(indexes));
        let (id, name, address) = (id.into(), name.into(), address.into());
        rows.push([id, name, address, key.into(), account.into(), account_key.into()]);
    }
    write(tx, &store::SEAL_PARTNERS, &rows).await
}

pub(super) async fn calls(tx: &mut Tx<'_>) -> Result<usize, Trouble> {
    let found = found(tx, &store::CALLS).await?;
    let mut rows = Rows::default();
    for row in &found {
        let (request, at) = (row.text(0)?, Timestamp(row.int(1)?));
        let name = Subject::Calls(i64::from(at.day().0)).to_string();
        let mut keys = Keys::default();
        keys.make_more(tx, Names::from([name.clone()]), &[]).await?;
        let cell = Cell { table: "intents", column: "calls", row: &[&request] };
        let sealed = keys.seal(&name, &cell, &row.text(2)?);
        rows.push([request.as_str().into(), sealed.into(), name.into()]);
    }
    write(tx, &store::SEAL_CALLS, &rows).await
}

/// Whom they name is not looked for: they stay readable as long as a refusal does.
pub(super) async fn answers(tx: &mut Tx<'_>) -> Result<usize, Trouble> {
    let found = found(tx, &store::ANSWERS).await?;
    let owners = Names::from([Subject::Calls(i64::from(now().day().0)).to_string()]);
    let mut keys = Keys::default();
    if !found.is_empty() {
        keys.make_more(tx, owners.clone(), &[]).await?;
    }
    let mut rows = Rows::default();
    for row in &found {
        let request = row.text(0)?;
        let Sealed { answer, owners, key } = Sealed::new(&request, &row.bytes(1)?, &owners, &keys);
        rows.push([request.into(), answer.into(), owners.into(), key.into()]);
    }
    write(tx, &store::SEAL_ANSWERS, &rows).await
}

pub(super) async fn requests(tx: &mut Tx<'_>) -> Result<usize, Trouble> {
    let found = found(tx, &store::REQUESTS).await?;
    let mut rows = Rows::default();
    for row in &found {
        rows.push([row.text(0)?.into(), kept_content(tx.vault(), &row.text(1)?)?.into()]);
    }
    write(tx, &store::KEEP_REQUESTS, &rows).await
}
