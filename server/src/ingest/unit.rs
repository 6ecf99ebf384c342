//! One unit of work: one transaction, whatever came in, everything it changes.

use super::bodies::Bodies;
use super::customers::{CustomerScope, Customers, used_again};
use super::facts::NORMALISER;
use super::links::Links;
use super::output::{Batch, Output, object_rows};
use super::settlements::Settlements;
use super::{Entry, Key, Outcome, Trouble, store, tables};
use crate::db::{Rows, Tx};
use crate::privacy::Keys;
use crate::privacy::customers::{self, Said};
use std::collections::{HashMap, HashSet};
use takings_core::billing::facts::{Fact, Phase, State};
use takings_core::time::Timestamp;

/// Which process this is, among those on one database.
#[derive(Clone, Copy, Debug)]
pub struct Unit {
    /// The process's part of the roll-ups.
    pub shard: i64,
}

/// Aggregates to derive again without anything new: after a close, a late coupon, for a rebuild.
#[derive(Clone, Debug, Default)]
pub struct Scope {
    /// Settlements, by name.
    pub settlements: Vec<Key>,
    /// Customers, as a whole.
    pub customers: Vec<Key>,
    /// Coupons those customers no longer wait for.
    pub arrived: Vec<(i64, String, String)>,
}

impl Unit {
    /// Takes in events and stores their whole effect. The answers are in the order of `entries`.
    pub async fn ingest(
        &self,
        tx: &mut Tx<'_>,
        entries: &[Entry],
    ) -> Result<Vec<Outcome>, Trouble> {
        let batch = self.open(tx).await?;
        let (fresh, taken) = take_in(tx, entries, batch).await?;
        let mut facts: Vec<(i64, &Entry, &Fact)> = Vec::new();
        for (entry, _) in entries.iter().zip(&fresh).filter(|(_, fresh)| **fresh) {
            facts.extend(entry.facts.iter().map(|fact| (entry.source, entry, fact)));
        }
        facts.sort_by_key(|(source, entry, fact)| {
            (*source, &fact.object, entry.second, &entry.event)
        });
        self.apply(tx, &facts, &taken, batch).await?;
        let fresh_entries = entries.iter().zip(&fresh).filter(|(_, fresh)| **fresh);
        want(tx, fresh_entries.map(|(entry, _)| entry), batch).await?;
        mark_replayed(tx, entries).await?;
        Ok(entries.iter().zip(fresh).map(|(entry, fresh)| outcome(entry, fresh)).collect())
    }

    /// Derives aggregates again from what is stored; answers how many targets differed.
    pub async fn derive(&self, tx: &mut Tx<'_>, scope: &Scope) -> Result<usize, Trouble> {
        let batch = self.open(tx).await?;
        let mut links = Links::lock(tx, scope).await?;
        let mut customers = Customers::default();
        for key in &scope.customers {
            customers.add(key.clone(), CustomerScope::whole(""));
        }
        let settlements = Settlements::new(scope.settlements.iter().cloned().collect());
        let mut output = Output::default();
        output.arrived(&scope.arrived);
        self.settle(tx, &mut links, settlements, customers, (&mut output, batch)).await?;
        let differences = output.differences();
        output.flush(tx, &mut links, batch).await?;
        Ok(differences)
    }

    async fn apply(
        &self,
        tx: &mut Tx<'_>,
        facts: &[(i64, &Entry, &Fact)],
        taken: &[(&Entry, i64)],
        batch: Batch,
    ) -> Result<(), Trouble> {
        if facts.is_empty() {
            let (none, mut keys) = (Rows::default(), Keys::default());
            let bodies = Bodies::new(tx, taken, &Links::default(), &mut keys).await?;
            let rows = [&bodies.rows, &bodies.loose, &bodies.guests, &none, &none];
            return Ok(tx.write(&tables::LEARN, &rows).await?);
        }
        let named: Vec<(i64, &Fact)> =
            facts.iter().map(|(source, _, fact)| (*source, *fact)).collect();
        let mut links = Links::load(tx, &named).await?;
        let mut keys = hold_keys(tx, facts).await?;
        let bodies = Bodies::new(tx, taken, &links, &mut keys).await?;
        let (rows, objects) = (fact_rows(facts, &keys, batch)?, object_rows(&mut links, batch));
        let learned = [&bodies.rows, &bodies.loose, &bodies.guests, &rows, &objects];
        tx.write(&tables::LEARN, &learned).await?;
        let mut customers = Customers::holding(keys);
        for (source, entry, fact) in facts {
            customers.touch(&links, *source, entry.second, &entry.event, fact);
        }
        let roots =
            named.iter().filter(|(_, fact)| fact.state.settles()).filter_map(|(source, fact)| {
                Some((*source, links.root(&(*source, fact.object.clone()))?))
            });
        let settlements = Settlements::new(roots.collect());
        let mut output = Output::default();
        self.settle(tx, &mut links, settlements, customers, (&mut output, batch)).await?;
        renew(tx, &named, &mut output, batch).await?;
        output.flush(tx, &mut links, batch).await
    }

    async fn settle(
        &self,
        tx: &mut Tx<'_>,
        links: &mut Links,
        settlements: Settlements,
        customers: Customers,
        (output, batch): (&mut Output, Batch),
    ) -> Result<(), Trouble> {
        if !settlements.is_empty() {
            settlements.derive(tx, links, output, batch).await?;
        }
        if !customers.is_empty() {
            customers.derive(tx, output, batch).await?;
        }
        Ok(())
    }

    /// Opens a batch in the transaction.
    pub(crate) async fn open(&self, tx: &mut Tx<'_>) -> Result<Batch, Trouble> {
        let rows = tx.fetch(store::open_batch(tx.kind()), &Rows::default()).await?;
        let row = rows.first().ok_or(Trouble::Retry)?;
        Ok(Batch { id: row.int(0)?, recorded_at: Timestamp(row.int(1)?), shard: self.shard })
    }
}

/// Stores the events that are new, sorted by their key; answers which entries count, and of the
/// events that are new the numbers.
async fn take_in<'e>(
    tx: &mut Tx<'_>,
    entries: &'e [Entry],
    batch: Batch,
) -> Result<(Vec<bool>, Vec<(&'e Entry, i64)>), Trouble> {
    let key = |entry: &Entry| (entry.source, entry.event.clone(), entry.api_version.clone());
    let mut order: Vec<usize> =
        (0..entries.len()).filter(|place| entries[*place].is_event()).collect();
    order.sort_by_key(|place| key(&entries[*place]));
    order.dedup_by_key(|place| key(&entries[*place]));
    let seq = |place: usize| (batch.id << 16) | place as i64;
    let mut rows = Rows::default();
    for place in &order {
        rows.push(event_row(&entries[*place], seq(*place), batch));
    }
    let taken = tx.insert(&tables::EVENTS, &rows).await?;
    let taken: HashSet<i64> = taken.iter().map(|row| row.int(0)).collect::<Result<_, _>>()?;
    let inserted = |place: usize| taken.contains(&seq(place));
    let fresh =
        (0..entries.len()).map(|place| !entries[place].is_event() || inserted(place)).collect();
    let new = entries.iter().enumerate().filter(|(place, _)| inserted(*place));
    Ok((fresh, new.map(|(place, entry)| (entry, seq(place))).collect()))
}

/// Where a coupon's id is seen to stand for another coupon than before, whoever holds it waits to be
/// derived again.
async fn renew(
    tx: &mut Tx<'_>,
    facts: &[(i64, &Fact)],
    output: &mut Output,
    batch: Batch,
) -> Result<(), Trouble> {
    let bodies = facts.iter().filter(|(_, fact)| {
        matches!(fact.state, State::Coupon(_)) && fact.phase != Phase::Embedded
    });
    let coupons = bodies.map(|(source, fact)| (*source, fact.object.clone())).collect();
    let mut wanted = Rows::default();
    for (source, coupon) in used_again(tx, coupons).await? {
        wanted.push([source.into(), coupon.into()]);
    }
    if wanted.is_empty() {
        return Ok(());
    }
    for row in tx.fetch(&store::HOLDERS, &wanted).await? {
        let (source, coupon, customer) = (row.int(0)?, row.text(1)?, row.text(2)?);
        output.waiting.push([source.into(), coupon.into(), customer.into(), batch.id.into()]);
    }
    Ok(())
}

/// Writes down which objects have to be asked for.
async fn want<'a>(
    tx: &mut Tx<'_>,
    entries: impl Iterator<Item = &'a Entry>,
    batch: Batch,
) -> Result<(), Trouble> {
    let mut rows = Rows::default();
    for entry in entries {
        if let Some(object) = &entry.wanted {
            rows.push([entry.source.into(), object.as_str().into(), batch.id.into()]);
        }
    }
    tx.insert(&tables::WANTED, &rows).await?;
    Ok(())
}

/// Writes down what became of events that were applied again.
async fn mark_replayed(tx: &mut Tx<'_>, entries: &[Entry]) -> Result<(), Trouble> {
    let mut rows = Rows::default();
    for entry in entries.iter().filter(|entry| entry.again) {
        let refusal = entry.refusal.as_ref();
        rows.push([
            entry.source.into(),
            entry.event.as_str().into(),
            entry.api_version.as_str().into(),
            entry.outcome.as_str().into(),
            refusal.map(|(reason, _)| *reason).into(),
            refusal.map(|(_, message)| message.as_str()).into(),
            entry.object.as_deref().into(),
        ]);
    }
    if !rows.is_empty() {
        tx.fetch(&store::REPLAYED, &rows).await?;
    }
    Ok(())
}

fn event_row(entry: &Entry, seq: i64, batch: Batch) -> [crate::db::Cell; 11] {
    let (reason, message) = match &entry.refusal {
        Some((reason, message)) => (Some(*reason), Some(message.as_str())),
        None => (None, None),
    };
    [
        seq.into(),
        entry.source.into(),
        entry.event.as_str().into(),
        entry.api_version.as_str().into(),
        entry.kind.as_str().into(),
        Timestamp::from_secs(entry.second).0.into(),
        entry.outcome.as_str().into(),
        reason.into(),
        message.into(),
        entry.object.as_deref().into(),
        batch.id.into(),
    ]
}

/// The keys of the customers of whom something new is said; none is erased before the end.
async fn hold_keys(tx: &mut Tx<'_>, facts: &[(i64, &Entry, &Fact)]) -> Result<Keys, Trouble> {
    let said = facts.iter().filter(|(_, entry, fact)| personal_of(entry, fact).is_some());
    let names = customers::names(said.map(|(source, _, fact)| (*source, fact.object.as_str())));
    Keys::hold(tx, names).await
}

/// What an entry says of a person, where the fact is the one about that person.
fn personal_of<'a>(entry: &'a Entry, fact: &Fact) -> Option<&'a str> {
    entry.personal.as_deref().filter(|_| entry.object.as_ref() == Some(&fact.object))
}

fn fact_rows(facts: &[(i64, &Entry, &Fact)], keys: &Keys, batch: Batch) -> Result<Rows, Trouble> {
    let mut rows = Rows::default();
    let mut seen: HashMap<(i64, &str, &str, &str), ()> = HashMap::new();
    for (source, entry, fact) in facts {
        let key = (*source, fact.object.as_str(), entry.event.as_str(), entry.api_version.as_str());
        if seen.insert(key, ()).is_some() {
            continue;
        }
        let said = Said {
            source: *source,
            customer: &fact.object,
            second: entry.second,
            event: &entry.event,
            api_version: &entry.api_version,
        };
        let personal = personal_of(entry, fact).and_then(|plain| said.seal(keys, plain));
        rows.push([
            (*source).into(),
            fact.object.as_str().into(),
            entry.second.into(),
            entry.event.as_str().into(),
            entry.api_version.as_str().into(),
            NORMALISER.into(),
            entry.fetched.into(),
            serde_json::to_string(fact).map_err(super::facts::unreadable)?.into(),
            personal.into(),
            batch.id.into(),
        ]);
    }
    Ok(rows)
}

fn outcome(entry: &Entry, fresh: bool) -> Outcome {
    if fresh { entry.outcome } else { Outcome::Duplicate }
}
