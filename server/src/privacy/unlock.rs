//! What a start makes sure of before it serves: the master key is the right one, and so is the key
//! store.

use super::keys::{key_in, unwrap};
use super::{adopt, apply_erasures, random_key, random_nonce, store};
use crate::db::{Database, Rows, Tx};
use crate::ingest::{Trouble, transact};
use anyhow::bail;
use std::collections::HashMap;
use takings_core::privacy::{Indexes, Key, MasterKey};

/// The tenant's secret among the keys: no subject has such a name.
const TENANT: &str = "tenant";

/// Unlocks personal data: finds the tenant's secret in the key store, or makes one in an empty one.
///
/// # Errors
///
/// If there is no master key, or none that the data needs, or the key store is not the data's; the
/// message says what to do.
pub(crate) async fn unlock(database: &Database) -> anyhow::Result<()> {
    if database.vault.indexes().is_some() {
        return Ok(());
    }
    let key = |row: &crate::db::Row| Ok((row.text(0)?, row.int(1)?));
    let (used, noted) = transact(database, async |tx| {
        let rows = tx.read_keys(&store::COUNTED, &Rows::default()).await?;
        let used: Vec<(String, i64)> = rows.iter().map(key).collect::<Result<_, Trouble>>()?;
        Ok::<_, Trouble>((used, known(tx).await?))
    })
    .await?;
    if used.is_empty() && noted.contains_key("tenant") {
        bail!(
            "the key store is empty, and this data was sealed by another: put back {}",
            database.key_store_name()
        );
    }
    have_master(database, &used)?;
    let indexes = transact(database, async |tx| tenant(tx, noted.get("tenant")).await).await?;
    if noted.get("tenant").is_some_and(|noted| *noted != indexes.fingerprint()) {
        bail!("the key store is not the one of this data: put back {}", database.key_store_name());
    }
    database.vault.unlocked(indexes);
    let sealed = adopt::seal_all(database).await?;
    if sealed > 0 {
        tracing::warn!(
            sealed,
            "personal data of an earlier release was sealed; what the database's files held before is \
             gone once they are written anew (`vacuum`), and older backups hold it as before"
        );
    }
    let emptied = apply_erasures(database).await?;
    if emptied > 0 {
        tracing::warn!(
            emptied,
            "this copy of the data was older than erasures, and is emptied again"
        );
    }
    Ok(())
}

/// What the data knows of its key store.
pub(super) async fn known(tx: &mut Tx<'_>) -> Result<HashMap<String, String>, Trouble> {
    let rows = tx.fetch(&store::KNOWN, &Rows::default()).await?;
    rows.iter().map(|row| Ok((row.text(0)?, row.text(1)?))).collect()
}

/// Makes sure that every master key is there that a stored key is wrapped by.
fn have_master(database: &Database, used: &[(String, i64)]) -> anyhow::Result<()> {
    let vault = &database.vault;
    vault.look();
    if used.is_empty() && vault.masters().is_empty() {
        vault.make_master()?;
    }
    let masters = vault.masters();
    let ids: Vec<&str> = masters.iter().map(MasterKey::id).collect();
    if let Some((id, keys)) = used.iter().find(|(id, _)| !ids.contains(&id.as_str())) {
        let have = if ids.is_empty() { "none".to_owned() } else { ids.join(", ") };
        bail!(
            "personal data needs the master key {id}, which wraps {keys} of its keys, and {have} is \
             configured: set TAKINGS__PRIVACY__MASTER_KEY, or TAKINGS__PRIVACY__MASTER_KEY_FILE{}",
            vault.file().map_or(String::new(), |file| format!(", or put back {}", file.display()))
        );
    }
    if ids.is_empty() {
        bail!(
            "personal data is sealed, and there is no master key: make one by `openssl rand -hex 32`, \
             keep it away from the database and its backups, and set TAKINGS__PRIVACY__MASTER_KEY or \
             TAKINGS__PRIVACY__MASTER_KEY_FILE"
        );
    }
    Ok(())
}

/// The indexes of the tenant's secret. It is made where neither the key store nor the data knows one.
async fn tenant(tx: &mut Tx<'_>, noted: Option<&String>) -> Result<Indexes, Trouble> {
    let mut name = Rows::default();
    name.push([TENANT.into()]);
    let stored = tx.read_keys(&store::KEYS, &name).await?;
    let secret = match stored.first() {
        Some(row) => key_in(&unwrap(tx.vault(), TENANT, &row.text(1)?, &row.bytes(2)?)?)?,
        None if noted.is_some() => {
            let why = "the key store is empty, and the data has another: put it back";
            return Err(Trouble::Unreadable { what: "personal data", why: why.into() });
        }
        None => make(tx).await?,
    };
    let indexes = Indexes::new(&secret);
    if noted.is_none() {
        let mut row = Rows::default();
        row.push(["tenant".into(), indexes.fingerprint().into()]);
        tx.insert(&store::NOTE, &row).await?;
    }
    Ok(indexes)
}

/// Makes the tenant's secret. Where another process does the same, the work begins anew.
async fn make(tx: &mut Tx<'_>) -> Result<Key, Trouble> {
    let masters = tx.vault().masters();
    let master = masters.current().ok_or(Trouble::Retry)?;
    let secret = random_key();
    let wrapped = master.wrap(random_nonce(), TENANT, secret.bytes());
    let mut row = Rows::default();
    row.push([TENANT.into(), master.id().into(), wrapped.into(), "".into()]);
    let made = tx.insert_keys(&store::MAKE, &row).await?;
    if made.is_empty() { Err(Trouble::Retry) } else { Ok(secret) }
}
