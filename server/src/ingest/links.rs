//! Which objects belong together: each settlement is named by the smallest id in it.
//!
//! An event names few of its relatives, and two replicas may learn two halves of one settlement
//! at the same moment. So links are read, everything named is locked, and links are read again:
//! where they changed in between, the transaction starts anew.

use super::store::{LINKS, LOCK};
use super::{Key, Scope, Trouble};
use crate::db::{Kind, Row, Rows, Tx};
use std::collections::hash_map::Entry as Slot;
use std::collections::{BTreeSet, HashMap, HashSet};
use takings_core::billing::facts::Fact;

/// What is known of one object.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Link {
    pub(super) kind: Option<String>,
    pub(super) settlement: Option<String>,
    pub(super) customer: Option<String>,
}

/// The links of a unit of work.
#[derive(Default)]
pub(super) struct Links {
    links: HashMap<Key, Link>,
    changed: HashSet<Key>,
    /// Where a settlement went that was merged into another.
    merged: HashMap<Key, String>,
}

impl Links {
    /// Loads what is known of every object the facts name, and locks it all.
    pub(super) async fn load(tx: &mut Tx<'_>, facts: &[(i64, &Fact)]) -> Result<Links, Trouble> {
        let named = names(facts);
        let mut links = Links::read(tx, &named).await?;
        if tx.kind() == Kind::Postgres {
            let locked = links.lock_keys(&named);
            take_locks(tx, &locked).await?;
            links = Links::read(tx, &named).await?;
            if !links.lock_keys(&named).is_subset(&locked) {
                return Err(Trouble::Retry);
            }
        }
        facts.iter().for_each(|(source, fact)| links.learn(*source, fact));
        Ok(links)
    }

    /// Locks aggregates that are derived again without new facts.
    pub(super) async fn lock(tx: &mut Tx<'_>, scope: &Scope) -> Result<Links, Trouble> {
        if tx.kind() == Kind::Postgres {
            let named = scope.settlements.iter().chain(&scope.customers);
            let keys: BTreeSet<i64> = named.map(|(source, id)| fingerprint(*source, id)).collect();
            take_locks(tx, &keys).await?;
        }
        Ok(Links::default())
    }

    async fn read(tx: &mut Tx<'_>, named: &BTreeSet<Key>) -> Result<Links, Trouble> {
        let mut ids = Rows::default();
        named.iter().for_each(|(source, id)| ids.push([(*source).into(), id.as_str().into()]));
        let mut links = Links::default();
        for row in tx.fetch(&LINKS, &ids).await? {
            links.links.insert((row.int(0)?, row.text(1)?), read_link(&row, 2)?);
        }
        Ok(links)
    }

    /// Everything named, and the settlements it is known to belong to, as lock keys.
    fn lock_keys(&self, named: &BTreeSet<Key>) -> BTreeSet<i64> {
        let settlements = self.links.iter().filter_map(|((source, _), link)| {
            link.settlement.as_ref().map(|root| fingerprint(*source, root))
        });
        named.iter().map(|(source, id)| fingerprint(*source, id)).chain(settlements).collect()
    }

    /// Takes in what a fact says of its object and relatives.
    fn learn(&mut self, source: i64, fact: &Fact) {
        let key = (source, fact.object.clone());
        let mut link = self.links.get(&key).cloned().unwrap_or_default();
        link.kind = Some(fact.state.kind().to_owned());
        if let Some(customer) = fact.state.customer() {
            link.customer = Some(customer.to_owned());
        }
        self.set(key.clone(), link);
        if fact.state.settles() {
            let relatives = fact.state.relatives().into_iter().map(|id| (source, id.to_owned()));
            let members: Vec<Key> = std::iter::once(key).chain(relatives).collect();
            self.unite(source, &members);
        }
    }

    /// Puts objects into one settlement.
    fn unite(&mut self, source: i64, members: &[Key]) {
        let roots: BTreeSet<String> = members.iter().filter_map(|key| self.root(key)).collect();
        let smallest = members.iter().map(|(_, id)| id).min().cloned().unwrap_or_default();
        let root = roots.first().cloned().unwrap_or(smallest);
        for old in roots.iter().filter(|old| **old != root) {
            self.merged.insert((source, old.clone()), root.clone());
        }
        for key in members {
            let mut link = self.links.get(key).cloned().unwrap_or_default();
            link.settlement = Some(root.clone());
            self.set(key.clone(), link);
        }
    }

    /// The settlement an object is in by now.
    pub(super) fn root(&self, key: &Key) -> Option<String> {
        let mut root = self.links.get(key)?.settlement.clone()?;
        while let Some(next) = self.merged.get(&(key.0, root.clone())) {
            root = next.clone();
        }
        Some(root)
    }

    /// Every settlement as stored that has become part of `root`, itself included.
    pub(super) fn former(&self, touched: &BTreeSet<Key>) -> BTreeSet<Key> {
        let merged = self
            .merged
            .keys()
            .filter(|key| self.end_of(key).is_some_and(|root| touched.contains(&(key.0, root))));
        merged.chain(touched).cloned().collect()
    }

    fn end_of(&self, old: &Key) -> Option<String> {
        let mut root = self.merged.get(old)?;
        while let Some(next) = self.merged.get(&(old.0, root.clone())) {
            root = next;
        }
        Some(root.clone())
    }

    /// Takes in a member as it is stored: its settlement may have been merged meanwhile.
    pub(super) fn adopt(&mut self, key: &Key, stored: Link) {
        if let Slot::Vacant(slot) = self.links.entry(key.clone()) {
            slot.insert(stored);
        }
        let root = self.root(key);
        let mut link = self.links[key].clone();
        link.settlement = root;
        self.set(key.clone(), link);
    }

    /// The customer an object is known to belong to.
    pub(super) fn customer(&self, key: &Key) -> Option<&str> {
        self.links.get(key)?.customer.as_deref()
    }

    fn set(&mut self, key: Key, link: Link) {
        if self.links.get(&key) != Some(&link) {
            self.changed.insert(key.clone());
            self.links.insert(key, link);
        }
    }

    /// What has to be stored since this was last asked, sorted.
    pub(super) fn take_changes(&mut self) -> Vec<(Key, Link)> {
        let mut keys: Vec<Key> = self.changed.drain().collect();
        keys.sort();
        keys.into_iter()
            .map(|key| {
                let link = Link { settlement: self.root(&key), ..self.links[&key].clone() };
                (key, link)
            })
            .collect()
    }
}

async fn take_locks(tx: &mut Tx<'_>, keys: &BTreeSet<i64>) -> Result<(), Trouble> {
    let mut rows = Rows::default();
    keys.iter().for_each(|key| rows.push([(*key).into()]));
    tx.fetch(&LOCK, &rows).await?;
    Ok(())
}

/// The object, its relatives and its customer, of every fact.
fn names(facts: &[(i64, &Fact)]) -> BTreeSet<Key> {
    let mut named = BTreeSet::new();
    for (source, fact) in facts {
        named.insert((*source, fact.object.clone()));
        let others = fact.state.relatives().into_iter().chain(fact.state.customer());
        named.extend(others.map(|id| (*source, id.to_owned())));
    }
    named
}

/// A link as the queries return it: kind, settlement, customer, from the place `first` on.
pub(super) fn read_link(row: &Row, first: usize) -> Result<Link, Trouble> {
    Ok(Link {
        kind: row.opt_text(first)?,
        settlement: row.opt_text(first + 1)?,
        customer: row.opt_text(first + 2)?,
    })
}

/// A 64-bit fingerprint of a key, the same in every process (FNV-1a).
pub(super) fn fingerprint(source: i64, text: &str) -> i64 {
    let bytes = source.to_le_bytes().into_iter().chain(text.bytes());
    bytes.fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    }) as i64
}
