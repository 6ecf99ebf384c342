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
use takings_core::billing::facts::{Fact, State};

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
        let locked = take_locks(tx, named.iter()).await?;
        let mut links = Links::read(tx, &named).await?;
        if tx.kind() == Kind::Postgres && !links.settlements().all(|root| locked.contains(&root)) {
            return Err(Trouble::Retry);
        }
        facts.iter().for_each(|(source, fact)| links.learn(*source, fact));
        Ok(links)
    }

    /// Locks aggregates that are derived again without new facts.
    pub(super) async fn lock(tx: &mut Tx<'_>, scope: &Scope) -> Result<Links, Trouble> {
        let needs = scope.arrived.iter().map(|(source, needs, _)| (*source, needs.clone()));
        let needs: Vec<Key> = needs.collect();
        take_locks(tx, scope.settlements.iter().chain(&scope.customers).chain(&needs)).await?;
        Ok(Links::default())
    }

    async fn read(tx: &mut Tx<'_>, named: &BTreeSet<Key>) -> Result<Links, Trouble> {
        let mut links = Links::default();
        for row in tx.fetch(&LINKS, &key_rows(named.iter())).await? {
            links.links.insert((row.int(0)?, row.text(1)?), read_link(&row, 2)?);
        }
        Ok(links)
    }

    /// Every settlement that something belongs to.
    fn settlements(&self) -> impl Iterator<Item = Key> {
        let links = self.links.iter();
        links.filter_map(|((source, _), link)| Some((*source, link.settlement.clone()?)))
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

/// Locks what is named, and the settlements it belongs to; answers everything locked. SQLite's
/// transaction has the database for itself.
async fn take_locks(
    tx: &mut Tx<'_>,
    named: impl Iterator<Item = &Key>,
) -> Result<HashSet<Key>, Trouble> {
    if tx.kind() == Kind::Sqlite {
        return Ok(HashSet::new());
    }
    let rows = tx.fetch(&LOCK, &key_rows(named)).await?;
    rows.iter().map(|row| Ok((row.int(0)?, row.text(1)?))).collect()
}

fn key_rows<'a>(keys: impl Iterator<Item = &'a Key>) -> Rows {
    let mut rows = Rows::default();
    keys.for_each(|(source, id)| rows.push([(*source).into(), id.as_str().into()]));
    rows
}

/// The object, its relatives, its customer and its coupon, of every fact.
fn names(facts: &[(i64, &Fact)]) -> BTreeSet<Key> {
    let mut named = BTreeSet::new();
    for (source, fact) in facts {
        named.insert((*source, fact.object.clone()));
        let others = fact.state.relatives().into_iter().chain(fact.state.customer());
        // Whoever gives a coupon's id another body finds everybody who holds it.
        let coupon = match &fact.state {
            State::Discount(it) => Some(it.coupon.as_str()),
            _ => None,
        };
        let others = others.chain(coupon);
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
