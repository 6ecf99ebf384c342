//! Reading leads.

use super::reads::Reads;
use super::scores::{Facts, Models, Scored};
use super::sealed::subjects;
use super::store::Filter;
use super::{Lead, consents, conversions, entity, store, unknown};
use crate::app::App;
use crate::db::Database;
use crate::error::{Error, Reason};
use crate::revenue::paging::{Page, Slice};
use std::collections::HashMap;
use takings_core::lead::score::{AsOf, Label, Points};

/// The most leads that are looked at for a page that filters by scores.
const MOST: usize = 2_000;
/// How many of them are read at once.
const A_READ: u64 = 200;
/// How many are scored at once: each may have done very much.
const AT_ONCE: usize = 50;

/// A lead that is named.
#[derive(Debug)]
pub(super) enum Named {
    /// By its id.
    Id(String),
    /// By the index of its mailbox.
    Mailbox(String),
}

/// Reads a lead.
pub(super) async fn find(app: &App, database: &Database, named: &Named) -> Result<Lead, Error> {
    let id = match named {
        Named::Id(id) => id.clone(),
        Named::Mailbox(index) => {
            let found = store::by_mailbox(&mut &*database, index).await?;
            let message = "no lead has this mailbox: capture it first";
            found.ok_or_else(|| Error::not_found(Reason::LeadNotFound, message))?
        }
    };
    load(app, database, &[&id]).await?.pop().ok_or_else(|| unknown(&id))
}

/// Reads leads whole but for their scores, in the order of their ids; unknown ones are left out.
async fn load(app: &App, mut reads: &Database, ids: &[&str]) -> Result<Vec<Lead>, Error> {
    let keys = reads.keys(subjects(ids.iter().copied())).await?;
    let rows = store::load(&mut reads, ids).await?;
    let mut agreed = consents::of_leads(&mut reads, ids, app.now()).await?;
    let mut converted = conversions::of_leads(&mut reads, ids).await?;
    let mut leads: HashMap<String, Lead> = HashMap::new();
    for row in &rows {
        let mut lead = entity::lead(row, &keys)?;
        lead.consents = agreed.remove(&lead.id).unwrap_or_default();
        lead.conversion = converted.remove(&lead.id).and_then(|it| it.conversion);
        lead.unsubscribe_url = match &app.config.leads.public_url {
            Some(base) => super::desk::unsubscribe_url(&app.database.vault, base, &lead.id)?,
            None => String::new(),
        };
        leads.insert(lead.id.clone(), lead);
    }
    Ok(ids.iter().filter_map(|id| leads.remove(*id)).collect())
}

/// Which scores let leads through.
#[derive(Debug, Default)]
pub(super) struct Wanted {
    pub(super) fit: Option<Points>,
    pub(super) engagement: Option<Points>,
    pub(super) labels: Vec<Label>,
    /// Whether scores are shown.
    pub(super) shown: bool,
}

impl Wanted {
    /// Whether any lead is left out.
    fn filters(&self) -> bool {
        self.fit.is_some() || self.engagement.is_some() || !self.labels.is_empty()
    }

    fn lets_through(&self, score: &Scored) -> bool {
        self.fit.is_none_or(|least| score.fit >= least)
            && self.engagement.is_none_or(|least| score.engagement >= least)
            && (self.labels.is_empty() || self.labels.contains(&score.label))
    }
}

/// Reads a page.
pub(super) async fn page(
    app: &App,
    filter: &Filter,
    wanted: &Wanted,
    slice: &Slice<String>,
) -> Result<Page<Lead>, Error> {
    let after = slice.after.as_deref();
    if !wanted.filters() {
        let ids = store::page(&app.database, filter, after, slice.limit()).await?;
        let Page { rows, next } = slice.page(ids, String::clone);
        let ids: Vec<&str> = rows.iter().map(String::as_str).collect();
        let mut leads = load(app, &app.database, &ids).await?;
        if wanted.shown {
            let mut scores = scores(app, &ids).await?;
            leads.iter_mut().for_each(|lead| lead.score = scores.remove(&lead.id));
        }
        return Ok(Page { rows: leads, next });
    }
    let (mut found, mut looked, mut after) = (Vec::new(), 0, after.map(str::to_owned));
    let most = usize::try_from(slice.limit()).unwrap_or(usize::MAX) - 1;
    let next = loop {
        let ids = store::page(&app.database, filter, after.as_deref(), A_READ).await?;
        let is_last = (ids.len() as u64) < A_READ;
        let names: Vec<&str> = ids.iter().map(String::as_str).collect();
        let scores = scores(app, &names).await?;
        let mut passed = ids.iter().filter(|id| wanted.lets_through(&scores[id.as_str()]));
        let room = most - found.len();
        found.extend(passed.by_ref().take(room).map(|id| (id.clone(), scores[id].clone())));
        if found.len() == most && passed.next().is_some() {
            break found.last().map(|(id, _)| id.clone());
        }
        looked += ids.len();
        after = ids.last().cloned();
        if is_last {
            break None;
        }
        if looked >= MOST || found.len() == most {
            break after;
        }
    };
    let ids: Vec<&str> = found.iter().map(|(id, _)| id.as_str()).collect();
    let mut leads = load(app, &app.database, &ids).await?;
    let mut scores: HashMap<String, Scored> = found.into_iter().collect();
    leads.iter_mut().for_each(|lead| lead.score = scores.remove(&lead.id));
    Ok(Page { rows: leads, next: next.map(|id| slice.token(&id)).unwrap_or_default() })
}

/// The scores of leads now.
async fn scores(app: &App, ids: &[&str]) -> Result<HashMap<String, Scored>, Error> {
    let (mut reads, now) = (&app.database, app.now());
    let models = Models::load(&mut reads).await?;
    let (version, as_of) = (models.at(now)?, AsOf { at: now, known_at: now });
    let mut scores = HashMap::with_capacity(ids.len());
    for ids in ids.chunks(AT_ONCE) {
        let facts = Facts::load(&mut reads, ids).await?;
        let scored = |id: &&str| ((*id).to_owned(), facts.scored(version, id, as_of));
        scores.extend(ids.iter().map(scored));
    }
    Ok(scores)
}
