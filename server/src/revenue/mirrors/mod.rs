//! The current state of the provider's objects, with what is not settled about them, and what
//! subscriptions are worth now. The writer keeps the rows; here they are only read.

mod entity;
mod store;

use super::paging::{Page, Slice};
use crate::app::App;
use crate::error::{Error, Reason as ErrorReason};
use crate::privacy::{Keys, Names, customers};
pub(super) use entity::Table;
use entity::{MarkRow, Row};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use takings_core::billing::facts::State;
use takings_core::money::Currency;
use takings_core::unconfirmed::Reason;

/// An object of a source.
pub(super) type Key = (i64, String);

/// What lets objects through; an empty text lets everything through.
#[derive(Clone, Debug, Default)]
pub(super) struct Filter {
    /// The customer they belong to.
    pub(super) customer: String,
    /// Their status, in the provider's words.
    pub(super) status: String,
    /// The subscription that invoices bill.
    pub(super) subscription: String,
    /// The invoice that payments paid.
    pub(super) invoice: String,
    /// The payment that refunds return, or that disputes contest.
    pub(super) payment: String,
}

/// A state that is mirrored in a table of its own.
pub(super) trait Mirrored: Sized + Send + Sync {
    /// Where it is mirrored.
    const TABLE: Table;
    /// Whose worth it shows.
    const WORTH: Option<Worth> = None;
    /// Whether what is open about the payments of its settlement is open about it.
    const PAYERS: bool = false;

    /// The state, where it is of this kind.
    fn of(state: State) -> Option<Self>;

    /// Other objects whose marks concern this one.
    fn depends(&self) -> Vec<&str>;
}

/// What MRR is asked by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Worth {
    /// By subscriptions.
    OfSubscription,
    /// By the customers of subscriptions.
    OfCustomer,
}

/// One object as last seen.
#[derive(Debug)]
pub(super) struct Seen<T> {
    /// Its id.
    pub(super) id: String,
    /// The name of its source.
    pub(super) source: String,
    /// The customer it is known to belong to.
    pub(super) customer: Option<String>,
    /// The subscription an invoice bills, the invoice that a payment, refund or dispute is about.
    pub(super) parent: Option<String>,
    /// Its status, in the provider's words.
    pub(super) status: String,
    /// Whether it was deleted.
    pub(super) deleted: bool,
    /// What is known of a person, as JSON.
    pub(super) personal: Option<String>,
    /// What was seen.
    pub(super) state: T,
    /// Its MRR now, by currency, in 1/83,160 of a minor unit.
    pub(super) mrr: BTreeMap<Currency, i64>,
    /// What is not settled about it.
    pub(super) marks: Vec<Mark>,
}

/// One mark.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Mark {
    /// The object that carries it.
    pub(super) object: String,
    /// What is missing.
    pub(super) reason: Reason,
    /// When that was first recorded, in microseconds.
    pub(super) recorded_at: i64,
}

/// Reads a page.
pub(super) async fn page<T: Mirrored>(
    app: &App,
    filter: &Filter,
    slice: &Slice<Key>,
) -> Result<Page<Seen<T>>, Error> {
    let db = &app.database.read;
    let rows = store::page(db, T::TABLE, filter, slice.after.as_ref(), slice.limit()).await?;
    let Page { rows, next } = slice.page(rows, |row: &Row| (row.source_id, row.id.clone()));
    let names = app.sources.names().await?;
    Ok(Page { rows: see(app, rows, &names).await?, next })
}

/// Reads one object: in a source by its name, or in the only one that holds the id.
pub(super) async fn find<T: Mirrored>(
    app: &App,
    source: &str,
    id: &str,
) -> Result<Option<Seen<T>>, Error> {
    let names = app.sources.names().await?;
    let sources = numbers(&names, source);
    let rows = store::find(&app.database.read, T::TABLE, &sources, id).await?;
    only_one(id, rows.len())?;
    Ok(see(app, rows, &names).await?.pop())
}

/// The numbers of the source of that name; of all where there is no name.
pub(super) fn numbers(names: &HashMap<i64, String>, name: &str) -> Vec<i64> {
    let wanted = names.iter().filter(|(_, known)| name.is_empty() || *known == name);
    let mut numbers: Vec<i64> = wanted.map(|(number, _)| *number).collect();
    numbers.sort_unstable();
    numbers
}

/// Refuses an id that several sources hold.
pub(super) fn only_one(id: &str, found: usize) -> Result<(), Error> {
    if found < 2 {
        return Ok(());
    }
    let message = format!("several sources hold `{id}`: say which by naming `source`");
    Err(Error::Precondition { reason: ErrorReason::SourceAmbiguous, message })
}

/// The name of a source.
pub(super) fn name_of(names: &HashMap<i64, String>, number: i64) -> Result<String, Error> {
    let name = names.get(&number).cloned();
    name.ok_or_else(|| Error::internal(format!("source {number} has no name")))
}

async fn see<T: Mirrored>(
    app: &App,
    rows: Vec<Row>,
    names: &HashMap<i64, String>,
) -> Result<Vec<Seen<T>>, Error> {
    let states = rows.iter().map(state_of).collect::<Result<Vec<T>, Error>>()?;
    let mut concerns: Vec<BTreeSet<String>> = rows.iter().zip(&states).map(concerns_of).collect();
    let keys: BTreeSet<Key> = rows.iter().map(|row| (row.source_id, row.id.clone())).collect();
    if T::PAYERS {
        add_payers(app, &rows, &keys, &mut concerns).await?;
    }
    let marks = marks_of(app, &rows, &concerns).await?;
    let mut worths = match T::WORTH {
        Some(by) => worths_of(app, by, &keys).await?,
        None => BTreeMap::new(),
    };
    let keys = Keys::read(&app.database, names_of::<T>(&rows)).await?;
    let mut seen = Vec::with_capacity(rows.len());
    for ((row, state), concerns) in rows.into_iter().zip(states).zip(concerns) {
        let key = (row.source_id, row.id);
        let marks = concerns.into_iter().filter_map(|object| marks.get(&(key.0, object)));
        seen.push(Seen {
            source: name_of(names, key.0)?,
            customer: row.customer,
            parent: row.parent,
            status: row.status.unwrap_or_default(),
            deleted: row.deleted != 0,
            personal: open_personal(&keys, &key, row.personal.as_deref())?,
            state,
            marks: marks.flatten().cloned().collect(),
            mrr: worths.remove(&key).unwrap_or_default(),
            id: key.1,
        });
    }
    Ok(seen)
}

/// The keys of the persons in some rows: of all mirrors only customers' hold such.
fn names_of<T: Mirrored>(rows: &[Row]) -> Names {
    let rows = rows.iter().filter(|row| T::TABLE == Table::Customers && row.personal.is_some());
    customers::names(rows.map(|row| (row.source_id, row.id.as_str())))
}

fn open_personal(keys: &Keys, key: &Key, sealed: Option<&str>) -> Result<Option<String>, Error> {
    let Some(sealed) = sealed else { return Ok(None) };
    let plain = customers::open(keys, key.0, &key.1, sealed)?;
    Ok(plain.map(|plain| plain.to_string()))
}

fn state_of<T: Mirrored>(row: &Row) -> Result<T, Error> {
    let state = serde_json::from_str(&row.content).map_err(Error::internal)?;
    T::of(state)
        .ok_or_else(|| Error::internal(format!("`{}` is mirrored in a wrong table", row.id)))
}

fn concerns_of<T: Mirrored>((row, state): (&Row, &T)) -> BTreeSet<String> {
    let others = state.depends().into_iter().map(str::to_owned);
    std::iter::once(row.id.clone()).chain(others).collect()
}

async fn add_payers(
    app: &App,
    rows: &[Row],
    keys: &BTreeSet<Key>,
    concerns: &mut [BTreeSet<String>],
) -> Result<(), Error> {
    let mut payers: BTreeMap<Key, Vec<String>> = BTreeMap::new();
    for member in store::payers(&app.database.read, keys).await? {
        payers.entry((member.source_id, member.object)).or_default().push(member.member);
    }
    for (row, concerns) in rows.iter().zip(concerns) {
        let payers = payers.get(&(row.source_id, row.id.clone()));
        concerns.extend(payers.into_iter().flatten().cloned());
    }
    Ok(())
}

async fn marks_of(
    app: &App,
    rows: &[Row],
    concerns: &[BTreeSet<String>],
) -> Result<BTreeMap<Key, Vec<Mark>>, Error> {
    let mut objects: BTreeSet<Key> = BTreeSet::new();
    for (row, concerns) in rows.iter().zip(concerns) {
        objects.extend(concerns.iter().map(|object| (row.source_id, object.clone())));
    }
    let mut marks: BTreeMap<Key, Vec<Mark>> = BTreeMap::new();
    for MarkRow { source_id, object, reason, recorded_at } in
        store::marks(&app.database.read, &objects).await?
    {
        let known = Reason::parse(&reason);
        let reason = known.ok_or_else(|| Error::internal(format!("`{reason}` is no reason")))?;
        let key = (source_id, object.clone());
        marks.entry(key).or_default().push(Mark { object, reason, recorded_at });
    }
    marks.values_mut().for_each(|marks| marks.sort_by_key(|mark| mark.reason));
    Ok(marks)
}

async fn worths_of(
    app: &App,
    by: Worth,
    keys: &BTreeSet<Key>,
) -> Result<BTreeMap<Key, BTreeMap<Currency, i64>>, Error> {
    let mut worths: BTreeMap<Key, BTreeMap<Currency, i64>> = BTreeMap::new();
    for row in store::worths(&app.database.read, by, keys, app.now().secs()).await? {
        let Some(currency) = row.currency else { continue };
        let currency = Currency::parse(&currency).map_err(Error::internal)?;
        let of = worths.entry((row.source_id, row.id)).or_default().entry(currency).or_default();
        // The writer has refused what would not fit.
        *of = of.checked_add(row.units).ok_or_else(|| Error::internal("MRR beyond 64 bits"))?;
    }
    Ok(worths)
}
