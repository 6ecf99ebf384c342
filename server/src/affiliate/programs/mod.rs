//! Programs, and every version of their terms.

pub(super) mod convert;
mod entity;
mod store;

use store::next_version;
pub use store::terms_at;

use super::commissions::lock_programs;
use super::{convert::other_currency, links, new_id, sales};
use crate::app::App;
use crate::db::Tx;
use crate::error::{Error, Reason};
use crate::ingest::Unit;
use crate::once::Act;
use crate::revenue::paging::{Page, Slice};
use std::collections::BTreeSet;
use takings_core::affiliate::Terms;
use takings_core::affiliate::hosts::{Host, host_of};
use takings_core::time::Timestamp;

/// A program with one version of its terms.
#[derive(Clone, Debug)]
pub struct Program {
    /// The id, `prg_...`.
    pub id: String,
    /// What it is called.
    pub name: String,
    /// Where links lead that have no destination of their own.
    pub destination: String,
    /// Further hosts that links may lead to, as they were named.
    pub hosts: Vec<String>,
    /// The terms.
    pub terms: Terms,
    /// Their version.
    pub version: i64,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was last changed.
    pub updated_at: Timestamp,
}

impl Program {
    /// Whether links may lead to an address.
    pub(super) fn allows(&self, address: &str) -> bool {
        let Some(host) = host_of(address) else { return false };
        let own = host_of(&self.destination).is_some_and(|own| own.eq_ignore_ascii_case(host));
        let named = |name: &String| Host::parse(name).is_ok_and(|known| known.allows(host));
        own || self.hosts.iter().any(named)
    }
}

/// No program has this id.
pub(super) fn unknown(id: &str) -> Error {
    let message = format!("there is no program `{id}`: send an id that ListPrograms answers");
    Error::not_found(Reason::ProgramNotFound, message)
}

/// A new program.
#[derive(Debug)]
pub(super) struct Create {
    now: Timestamp,
    name: String,
    destination: String,
    hosts: Vec<String>,
    terms: Terms,
}

impl Act for Create {
    type Done = Program;

    async fn run(&self, tx: &mut Tx<'_>) -> Result<Program, Error> {
        let Create { now, name, destination, hosts, terms } = self;
        let program = Program {
            id: new_id("prg"),
            name: name.clone(),
            destination: destination.clone(),
            hosts: hosts.clone(),
            terms: terms.clone(),
            version: 1,
            created_at: *now,
            updated_at: *now,
        };
        store::insert(tx, &program).await?;
        store::keep_terms(tx, &program.id, 1, None, Some(terms), *now).await?;
        Ok(program)
    }
}

/// What changes about a program.
#[derive(Debug)]
pub(super) struct Update {
    now: Timestamp,
    id: String,
    name: Option<String>,
    destination: Option<String>,
    hosts: Option<Vec<String>>,
    terms: Option<Terms>,
}

impl Act for Update {
    type Done = Program;

    async fn run(&self, tx: &mut Tx<'_>) -> Result<Program, Error> {
        let Update { now, id, name, destination, hosts, terms } = self;
        // Whoever derives commissions meanwhile does so by the terms of before, and is seen.
        lock_programs(tx, &BTreeSet::from([id.clone()])).await?;
        let version = store::lock(tx, id, *now).await?.ok_or_else(|| unknown(id))?;
        let mut program = store::load(tx, id).await?.ok_or_else(|| unknown(id))?;
        if let Some(terms) = terms.as_ref().filter(|terms| **terms != program.terms) {
            if terms.currency != program.terms.currency {
                return Err(other_currency("terms", program.terms.currency));
            }
            program.version = version + 1;
            program.terms = terms.clone();
            next_version(tx, id).await?;
            let from = store::next_instant(tx, id, *now).await?;
            store::keep_terms(tx, id, program.version, None, Some(terms), from).await?;
            let batch = Unit { shard: 0 }.open(tx).await?;
            sales::mark_since(tx, batch, (id, None), from).await?;
        }
        program.name = name.clone().unwrap_or(program.name);
        program.destination = destination.clone().unwrap_or(program.destination);
        program.hosts = hosts.clone().unwrap_or(program.hosts);
        store::update(tx, &program).await?;
        Ok(program)
    }

    fn done(app: &App) {
        links::forget(app);
    }
}

/// Keeps the terms that a new partner begins with, as the program's next version; answers its number.
/// They were never otherwise, which is seen by their instant: the partner's own.
pub(super) async fn begin_own(
    tx: &mut Tx<'_>,
    program: &str,
    partner: &str,
    terms: &Terms,
    now: Timestamp,
) -> Result<i64, Error> {
    lock_programs(tx, &BTreeSet::from([program.to_owned()])).await?;
    let version = next_version(tx, program).await?.ok_or_else(|| unknown(program))?;
    store::keep_terms(tx, program, version, Some(partner), Some(terms), now).await?;
    Ok(version)
}

/// Keeps a partner's own terms, or their end, as the program's next version; answers its number.
pub(super) async fn keep_own(
    tx: &mut Tx<'_>,
    program: &str,
    partner: &str,
    terms: Option<&Terms>,
    now: Timestamp,
) -> Result<i64, Error> {
    lock_programs(tx, &BTreeSet::from([program.to_owned()])).await?;
    let version = next_version(tx, program).await?.ok_or_else(|| unknown(program))?;
    let from = store::next_instant(tx, program, now).await?;
    store::keep_terms(tx, program, version, Some(partner), terms, from).await?;
    let batch = Unit { shard: 0 }.open(tx).await?;
    sales::mark_since(tx, batch, (program, Some(partner)), from).await?;
    Ok(version)
}

/// A program as a transaction sees it, with the terms in force.
pub(super) async fn load(tx: &mut Tx<'_>, id: &str) -> Result<Program, Error> {
    store::load(tx, id).await?.ok_or_else(|| unknown(id))
}

/// Reads a program with its terms in force, or with those of a version.
pub async fn find(app: &App, id: &str, version: Option<i64>) -> Result<Program, Error> {
    let found = store::find(&app.database, id, version).await?;
    found.ok_or_else(|| match version {
        None => unknown(id),
        Some(version) => {
            let message = format!("there is no program `{id}` with terms of version {version}");
            Error::not_found(Reason::ProgramNotFound, message)
        }
    })
}

/// Reads a page.
pub(super) async fn page(app: &App, slice: &Slice<String>) -> Result<Page<Program>, Error> {
    let rows = store::page(&app.database, slice.after.as_deref(), slice.limit()).await?;
    Ok(slice.page(rows, |program| program.id.clone()))
}
