//! The keys that a piece of work needs, and sealing and opening by them.

use super::vault::{Held, Vault};
use super::{random_key, random_nonce, store};
use crate::db::{Database, Query, Row, Rows, Tx};
use crate::ingest::{Trouble, transact_on};
use base64::Engine;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use std::collections::{BTreeSet, HashMap};
use takings_core::privacy::{Cell, Key, open, seal};
use tokio::runtime::Handle;
use tokio::task::spawn_blocking;
use zeroize::Zeroizing;

/// Subjects, by the names their keys are stored under.
pub type Names = BTreeSet<String>;

/// Keys of some subjects.
#[derive(Default)]
pub(crate) struct Keys(HashMap<String, Held>);

impl Keys {
    /// Loads keys, to open what is sealed under them. Who has none is left out.
    pub(crate) async fn load(tx: &mut Tx<'_>, names: Names) -> Result<Keys, Trouble> {
        let (mut keys, missing) = Keys::known(tx.vault(), names);
        let found = keys.fetch(tx, &store::KEYS, &missing).await?;
        let uncommitted: Vec<String> = tx.made().keys().cloned().collect();
        let durable = found.into_iter().filter(|(name, _)| !uncommitted.contains(name));
        tx.vault().learn(durable);
        Ok(keys)
    }

    /// Loads more keys, makes those that are missing, and keeps others, each under its own name: by
    /// at most two statements. Subjects are not held: a key that was destroyed within the last minute
    /// may be used once more, and what is sealed under it is as unreadable as the rest.
    pub(crate) async fn make_more(
        &mut self,
        tx: &mut Tx<'_>,
        mut names: Names,
        kept: &[(String, &Key)],
    ) -> Result<(), Trouble> {
        names.retain(|name| !self.0.contains_key(name));
        let (known, missing) = Keys::known(tx.vault(), names);
        self.0.extend(known.0);
        self.complete(tx, &store::KEYS, missing, kept).await
    }

    /// The same, and until the transaction ends none of these subjects is erased: to seal what an
    /// erasure has to empty.
    pub(crate) async fn hold(tx: &mut Tx<'_>, names: Names) -> Result<Keys, Trouble> {
        let mut keys = Keys::default();
        keys.hold_more(tx, names).await?;
        Ok(keys)
    }

    /// Holds more subjects besides those that are held.
    pub(crate) async fn hold_more(&mut self, tx: &mut Tx<'_>, names: Names) -> Result<(), Trouble> {
        let missing: Names = names.into_iter().filter(|name| !self.0.contains_key(name)).collect();
        if missing.is_empty() {
            return Ok(());
        }
        self.complete(tx, store::held_keys(tx.kind()), missing, &[]).await
    }

    /// Makes the keys of subjects that are new: nobody else knows them.
    pub(crate) async fn make(tx: &mut Tx<'_>, names: Names) -> Result<Keys, Trouble> {
        let mut keys = Keys::default();
        keys.make_all(tx, &names, &[]).await?;
        Ok(keys)
    }

    /// Loads keys for a reader.
    pub(crate) async fn read(database: &Database, names: Names) -> Result<Keys, Trouble> {
        let (mut keys, missing) = Keys::known(&database.vault, names);
        if missing.is_empty() {
            return Ok(keys);
        }
        let rows = database.read_keys(&store::KEYS, &rows_of(&missing)).await?;
        let found = keys.take_in(&database.vault, &rows)?;
        database.vault.learn(found.into_iter());
        Ok(keys)
    }

    /// Loads keys outside of a transaction, and makes those that are missing.
    pub(crate) async fn ensure(database: &Database, names: Names) -> Result<Keys, Trouble> {
        let (keys, missing) = Keys::known(&database.vault, names);
        if missing.is_empty() {
            return Ok(keys);
        }
        let (conn, handle) = (database.conn_soon().await?, Handle::current());
        let work = move || {
            handle.block_on(transact_on(conn, async |tx| {
                let mut all = Keys(keys.0.clone());
                all.make_more(tx, missing.clone(), &[]).await?;
                Ok(all)
            }))
        };
        let made = spawn_blocking(work).await;
        made.map_err(|error| unreadable(error.to_string()))?
    }

    fn known(vault: &Vault, names: Names) -> (Keys, Names) {
        let (mut keys, mut missing) = (Keys::default(), Names::new());
        for name in names {
            match vault.known(&name) {
                Some(held) => drop(keys.0.insert(name, held)),
                None => drop(missing.insert(name)),
            }
        }
        (keys, missing)
    }

    async fn complete(
        &mut self,
        tx: &mut Tx<'_>,
        query: &'static Query,
        mut missing: Names,
        kept: &[(String, &Key)],
    ) -> Result<(), Trouble> {
        let found = self.fetch(tx, query, &missing).await?;
        // What this transaction destroys is not durable yet.
        let destroyed = tx.destroyed().clone();
        tx.vault().learn(found.into_iter().filter(|(name, _)| !destroyed.contains(name)));
        missing.retain(|name| !self.0.contains_key(name));
        if missing.is_empty() && kept.is_empty() {
            return Ok(());
        }
        let made = self.make_all(tx, &missing, kept).await?;
        missing.retain(|name| !made.contains(name));
        if !missing.is_empty() {
            // Another process was faster, and its transaction has ended.
            self.fetch(tx, query, &missing).await?;
        }
        Ok(())
    }

    async fn fetch(
        &mut self,
        tx: &mut Tx<'_>,
        query: &'static Query,
        missing: &Names,
    ) -> Result<Vec<(String, Held)>, Trouble> {
        for name in missing {
            if let Some(key) = tx.made().get(name) {
                self.0.insert(name.clone(), Held::Key(key.clone()));
            }
        }
        let missing: Names =
            missing.iter().filter(|name| !self.0.contains_key(*name)).cloned().collect();
        if missing.is_empty() {
            return Ok(Vec::new());
        }
        let rows = tx.read_keys(query, &rows_of(&missing)).await?;
        self.take_in(tx.vault(), &rows)
    }

    /// Makes keys by one statement; answers whose are durable with this transaction.
    async fn make_all(
        &mut self,
        tx: &mut Tx<'_>,
        names: &Names,
        kept: &[(String, &Key)],
    ) -> Result<Names, Trouble> {
        let masters = tx.vault().masters();
        let master = masters.current().ok_or_else(locked)?;
        let (mut rows, mut keys) = (Rows::default(), HashMap::new());
        for name in names {
            let key = random_key();
            let wrapped = master.wrap(random_nonce(), name, key.bytes());
            rows.push([name.as_str().into(), master.id().into(), wrapped.into(), "".into()]);
            keys.insert(name.clone(), key);
        }
        for (name, key) in kept {
            let wrapped = master.wrap(random_nonce(), name, key.bytes());
            rows.push([name.as_str().into(), master.id().into(), wrapped.into(), "".into()]);
        }
        let mut made = Names::new();
        for row in tx.insert_keys(&store::MAKE, &rows).await? {
            let name = row.text(0)?;
            let Some(key) = keys.remove(&name) else { continue };
            tx.made().insert(name.clone(), key.clone());
            self.0.insert(name.clone(), Held::Key(key));
            made.insert(name);
        }
        Ok(made)
    }

    fn take_in(&mut self, vault: &Vault, rows: &[Row]) -> Result<Vec<(String, Held)>, Trouble> {
        let mut found = Vec::with_capacity(rows.len());
        for row in rows {
            let name = row.text(0)?;
            let held = match row.opt_text(1)? {
                None => Held::Erased,
                Some(master) => Held::Key(key_in(&unwrap(vault, &name, &master, &row.bytes(2)?)?)?),
            };
            self.0.insert(name.clone(), held.clone());
            found.push((name, held));
        }
        Ok(found)
    }

    /// The key of a subject; `None`: it has none, or was erased.
    pub(crate) fn get(&self, name: &str) -> Option<&Key> {
        match self.0.get(name) {
            Some(Held::Key(key)) => Some(key),
            Some(Held::Erased) | None => None,
        }
    }

    /// Seals a text for a cell of text. `None`: the subject was erased, and nothing is to be kept.
    pub(crate) fn seal(&self, name: &str, cell: &Cell<'_>, plain: &str) -> Option<String> {
        let sealed = seal(self.get(name)?, random_nonce(), &cell.place(), plain.as_bytes());
        Some(STANDARD_NO_PAD.encode(sealed))
    }

    /// Opens a cell of text. `None`: the subject was erased.
    ///
    /// # Errors
    ///
    /// If there is a key, and it does not open the cell: someone has changed the row.
    pub(crate) fn open(
        &self,
        name: &str,
        cell: &Cell<'_>,
        sealed: &str,
    ) -> Result<Option<Zeroizing<String>>, Trouble> {
        let Some(key) = self.get(name) else { return Ok(None) };
        let bytes = STANDARD_NO_PAD.decode(sealed).map_err(|_| altered(cell))?;
        let plain = open(key, &cell.place(), &bytes).map_err(|_| altered(cell))?;
        let text = String::from_utf8(plain.to_vec()).map_err(|_| altered(cell))?;
        Ok(Some(Zeroizing::new(text)))
    }
}

fn rows_of(names: &Names) -> Rows {
    let mut rows = Rows::default();
    names.iter().for_each(|name| rows.push([name.as_str().into()]));
    rows
}

/// A key that was unwrapped.
pub(super) fn key_in(bytes: &[u8]) -> Result<Key, Trouble> {
    Key::read(bytes).ok_or_else(|| unreadable("a key has another length".into()))
}

/// Unwraps what a master key wraps. One that is not known may have come since the file was read.
pub(super) fn unwrap(
    vault: &Vault,
    name: &str,
    master: &str,
    wrapped: &[u8],
) -> Result<Zeroizing<Vec<u8>>, Trouble> {
    if vault.masters().get(master).is_none() {
        vault.look();
    }
    let masters = vault.masters();
    let key = masters.get(master).ok_or_else(|| needs(master))?;
    key.unwrap(name, wrapped).map_err(|_| unreadable(format!("the key of {name} was changed")))
}

fn needs(master: &str) -> Trouble {
    unreadable(format!("it is wrapped by master key {master}, which this process has not"))
}

pub(super) fn locked() -> Trouble {
    unreadable("personal data is locked".into())
}

fn altered(cell: &Cell<'_>) -> Trouble {
    unreadable(format!("{}.{} of a row does not belong there", cell.table, cell.column))
}

fn unreadable(why: String) -> Trouble {
    Trouble::Unreadable { what: "personal data", why }
}
