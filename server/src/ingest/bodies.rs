//! The bodies of new events, each with its key in shares of those it is about.

use super::links::Links;
use super::{Entry, Trouble};
use crate::db::{Cell, Rows, Tx};
use crate::privacy::customers::{customer, email_index};
use crate::privacy::{Keys, Names, owners_of};
use std::collections::BTreeSet;

/// What is written of bodies.
#[derive(Default)]
pub(super) struct Bodies {
    /// The bodies themselves.
    pub(super) rows: Rows,
    /// Those of nobody yet, each with an object whose settlement may tell.
    pub(super) loose: Rows,
    /// By what mailboxes the bodies of guests are found.
    pub(super) guests: Rows,
}

/// How a body is stored that is about someone who was erased: it is not.
const DROPPED: i64 = 2;

impl Bodies {
    /// The bodies of events that are new, each with its number.
    pub(super) async fn new(
        tx: &mut Tx<'_>,
        taken: &[(&Entry, i64)],
        links: &Links,
        keys: &mut Keys,
    ) -> Result<Bodies, Trouble> {
        let owners: Vec<Names> = taken.iter().map(|(entry, _)| owners(entry, links)).collect();
        let without = taken.iter().zip(&owners).filter(|(_, owners)| owners.is_empty());
        let kept = without.map(|((entry, _), _)| (entry.named().subject(), &entry.sealed().key));
        let kept: Vec<_> = kept.collect();
        keys.make_more(tx, owners.iter().flatten().cloned().collect(), &kept).await?;
        let mut bodies = Bodies::default();
        for ((entry, seq), owners) in taken.iter().zip(&owners) {
            bodies.rows.push(row(entry, *seq, owners, keys));
            if owners.is_empty() {
                let indexes = tx.vault().unlocked_indexes()?;
                let found = entry.guests.iter().filter_map(|it| email_index(indexes, it));
                for mailbox in found.collect::<BTreeSet<String>>() {
                    bodies.guests.push([entry.named().subject().into(), mailbox.into()]);
                }
            }
            let teller = entry.facts.iter().find(|fact| fact.state.settles());
            if let Some(teller) = teller.filter(|_| owners.is_empty()) {
                let (object, subject) = (teller.object.as_str(), entry.named().subject());
                bodies.loose.push([entry.source.into(), object.into(), subject.into()]);
            }
        }
        Ok(bodies)
    }
}

fn row(entry: &Entry, seq: i64, owners: &Names, keys: &Keys) -> [Cell; 5] {
    let sealed = entry.sealed();
    let shares = entry.named().share(&sealed.key, owners, keys);
    if shares.is_none() && !owners.is_empty() {
        return [seq.into(), DROPPED.into(), Cell::Null, Cell::Null, Vec::new().into()];
    }
    let (codec, bytes) = (entry.body.codec.into(), sealed.bytes.clone().into());
    [seq.into(), codec, owners_of(owners).into(), shares.into(), bytes]
}

/// The customers that an event is about: those its payload names, else those its objects are known to
/// belong to.
fn owners(entry: &Entry, links: &Links) -> Names {
    let named = entry.people.iter().map(|id| customer(entry.source, id));
    let names: Names = named.collect();
    if !names.is_empty() {
        return names;
    }
    let objects = entry
        .facts
        .iter()
        .flat_map(|fact| std::iter::once(fact.object.as_str()).chain(fact.state.relatives()));
    let known = objects.filter_map(|id| links.customer(&(entry.source, id.to_owned())));
    known.map(|id| customer(entry.source, id)).collect()
}
