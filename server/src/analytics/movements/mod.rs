//! Movements of MRR, one by one: net of what later facts took back, and why each happened.

mod convert;
mod reasons;
mod store;

use crate::app::App;
use crate::error::Error;
use crate::page::Page;
use std::collections::BTreeMap;
use takings_core::billing::{Cause, MovementKind};
use takings_core::money::Currency;
use takings_core::time::Timestamp;

pub(super) use convert::{MovementsQuestion, answer, question};

/// Which movements are asked for.
#[derive(Clone, Debug)]
pub(super) struct Filter {
    /// The first instant inside.
    pub(super) start: Timestamp,
    /// The first instant after.
    pub(super) end: Timestamp,
    /// The only currency; `None`: every one.
    pub(super) currency: Option<Currency>,
    /// The only customer; empty: every one.
    pub(super) customer: String,
    /// The only kind; `None`: every one.
    pub(super) kind: Option<MovementKind>,
    /// The last recorded instant that may be used.
    pub(super) known: Timestamp,
}

/// Where a movement stands in the list: its instant, source, customer and currency.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Place {
    pub(super) at: Timestamp,
    pub(super) source: i64,
    pub(super) customer: String,
    pub(super) currency: String,
}

/// One movement as it is known.
#[derive(Clone, Debug)]
pub(super) struct Net {
    pub(super) place: Place,
    pub(super) kind: MovementKind,
    /// Units of MRR.
    pub(super) units: i64,
    /// The observation of the newest revision.
    pub(super) event: String,
    /// When the newest revision was recorded.
    pub(super) recorded_at: Timestamp,
}

/// Why a movement happened, and whose doing it was.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Explanation {
    /// The subscriptions that changed, ascending.
    pub(super) subscriptions: Vec<String>,
    /// The cause of the weightiest change; `None`: the movement is no longer believed in.
    pub(super) reason: Option<Cause>,
    /// Whether one of the changes was implied, not seen.
    pub(super) reconstructed: bool,
}

/// A page of movements.
#[derive(Debug)]
pub(super) struct Movements {
    pub(super) rows: Vec<(Net, Explanation)>,
    /// Source names, by number.
    pub(super) sources: std::collections::HashMap<i64, String>,
    /// Whether others follow.
    pub(super) more: bool,
}

/// One stored revision of a movement.
#[derive(Clone, Debug)]
struct Revision {
    place: Place,
    kind: MovementKind,
    revision: i64,
    units: i64,
    event: String,
    recorded_at: Timestamp,
}

impl Place {
    /// As the key of a page's last row.
    pub(super) fn key(&self) -> [String; 4] {
        let Place { at, source, customer, currency } = self.clone();
        [at.0.to_string(), source.to_string(), customer, currency]
    }

    /// From such a key.
    pub(super) fn of_key(key: &[String]) -> Option<Place> {
        let [at, source, customer, currency] = key else { return None };
        Some(Place {
            at: Timestamp(at.parse().ok()?),
            source: source.parse().ok()?,
            customer: Some(customer).filter(|it| !it.contains('\0'))?.clone(),
            currency: currency.clone(),
        })
    }

    /// Whether two places are of one customer at one instant.
    fn together(&self, other: &Place) -> bool {
        (self.at, self.source, &self.customer) == (other.at, other.source, &other.customer)
    }
}

/// Reads one page, whose last row before was `after`.
pub(super) async fn read(
    app: &App,
    filter: &Filter,
    page: &Page,
    after: Option<Place>,
) -> Result<Movements, Error> {
    let size = usize::try_from(page.size).unwrap_or(usize::MAX);
    let mut nets = nets(app, filter, size, after).await?;
    let more = nets.len() > size;
    nets.truncate(size);
    let explanations = reasons::explain(&app.database, &nets).await?;
    let rows = nets.into_iter().zip(explanations).collect();
    Ok(Movements { rows, sources: app.sources.names().await?, more })
}

/// The next movements, at least one more than the page holds where there are so many.
async fn nets(
    app: &App,
    filter: &Filter,
    size: usize,
    after: Option<Place>,
) -> Result<Vec<Net>, Error> {
    let mut found: Vec<Net> = Vec::new();
    let mut from = after.clone();
    // A few revisions more than movements; where there are many more, it takes another turn.
    let mut limit = size + 50;
    loop {
        let mut rows = store::revisions(&app.database, filter, from.as_ref(), limit).await?;
        let last = rows.last().map(|row| row.place.clone()).filter(|_| rows.len() == limit);
        if let Some(last) = &last {
            rows.retain(|row| !row.place.together(last));
            if rows.is_empty() {
                limit *= 4;
            }
        }
        let unread = |net: &Net| after.as_ref().is_none_or(|after| net.place > *after);
        found.extend(net(rows)?.into_iter().filter(unread));
        if last.is_none() || found.len() > size {
            return Ok(found);
        }
        from = last;
    }
}

/// What revisions, sorted by place, add up to, without what adds up to nothing.
fn net(rows: Vec<Revision>) -> Result<Vec<Net>, Error> {
    let mut nets: Vec<Net> = Vec::new();
    let mut by_kind: BTreeMap<(Place, MovementKind), (i128, Revision)> = BTreeMap::new();
    for row in rows {
        let key = (row.place.clone(), row.kind);
        let units = i128::from(row.units);
        let (sum, newest) = by_kind.entry(key).or_insert_with(|| (0, row.clone()));
        *sum += units;
        if row.revision > newest.revision {
            *newest = row;
        }
    }
    for ((place, kind), (sum, newest)) in by_kind {
        let Revision { event, recorded_at, .. } = newest;
        let units = crate::analytics::rollups::narrow(sum)?;
        if units != 0 {
            nets.push(Net { place, kind, units, event, recorded_at });
        }
    }
    Ok(nets)
}
