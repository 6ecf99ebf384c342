//! Leads of a cohort with what became of each, for analytics.

use super::consents;
use super::conversions::of_leads;
use super::reads::Reads;
use super::scores::{Facts, Models};
use super::sealed::subjects;
use super::{Conversion, entity, stages, store};
use crate::app::App;
use crate::error::{Error, Reason};
use takings_core::lead::score::AsOf;
use takings_core::lead::stage::{Reached, history, reached};
use takings_core::time::Timestamp;

/// The most leads of a cohort.
const MOST: u64 = 100_000;
/// How many are read at once: each may have done very much.
const AT_ONCE: usize = 100;

/// Which leads are asked for, and when.
#[derive(Clone, Debug)]
pub(crate) struct Cohort {
    /// Empty for all.
    pub(crate) source: String,
    /// Empty for all.
    pub(crate) campaign: String,
    /// When they were captured.
    pub(crate) captured: (Option<i64>, Option<i64>),
    /// Up to when things count.
    pub(crate) as_of: Timestamp,
    /// How long after the capture the score is taken, in microseconds.
    pub(crate) score_after: i64,
}

impl Cohort {
    /// The same of the equally long range before, where the range has two ends.
    pub(crate) fn before(&self) -> Option<Cohort> {
        let (start, end) = self.captured.0.zip(self.captured.1)?;
        let earlier = start.checked_sub(end.checked_sub(start)?)?;
        Some(Cohort { captured: (Some(earlier), Some(start)), ..self.clone() })
    }
}

/// A lead, and what became of it.
#[derive(Clone, Debug)]
pub(crate) struct Member {
    pub(crate) source: String,
    pub(crate) campaign: String,
    pub(crate) verdict: String,
    pub(crate) captured_at: Timestamp,
    /// When each stage of the ladder was reached first.
    pub(crate) reached: Reached,
    /// Whether a consent was asked for, and whether one was ever confirmed.
    pub(crate) asked: bool,
    pub(crate) confirmed: bool,
    pub(crate) converted_at: Option<Timestamp>,
    /// The customer of the conversion at the provider.
    pub(crate) customer: Option<(i64, String)>,
    /// Whether the person had paid before the capture.
    pub(crate) was_customer: bool,
    /// Until when the lead was watched: an erased one until the erasure.
    pub(crate) watched_until: Timestamp,
    /// Fit and engagement together, in billionths of a point.
    pub(crate) score: i64,
}

/// Reads a cohort.
///
/// # Errors
///
/// If it has more than 100,000 leads.
pub(crate) async fn cohort(app: &App, asked: &Cohort) -> Result<Vec<Member>, Error> {
    let end = asked.captured.1.map_or(asked.as_of.0 + 1, |end| end.min(asked.as_of.0 + 1));
    let filter = store::Filter {
        stages: Vec::new(),
        source: asked.source.clone(),
        campaign: asked.campaign.clone(),
        captured: (asked.captured.0, Some(end)),
    };
    let ids = store::page(&app.database, &filter, None, MOST + 1).await?;
    if ids.len() as u64 > MOST {
        let message = "more than 100,000 leads were captured in this range: ask for parts of it";
        return Err(Error::invalid(Reason::RangeTooLong, "captured", message));
    }
    let models = Models::load(&mut &app.database).await?;
    let mut members = Vec::with_capacity(ids.len());
    for ids in ids.chunks(AT_ONCE) {
        let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
        members.extend(chunk(app, &ids, asked, &models).await?);
    }
    Ok(members)
}

async fn chunk(
    app: &App,
    ids: &[&str],
    asked: &Cohort,
    models: &Models,
) -> Result<Vec<Member>, Error> {
    let (mut reads, as_of) = (&app.database, asked.as_of);
    let keys = reads.keys(subjects(ids.iter().copied())).await?;
    let rows = store::load(&mut reads, ids).await?;
    let mut steps = stages::load(&mut reads, &keys, ids).await?;
    let mut consents = consents::load(&mut reads, ids).await?;
    let mut conversions = of_leads(&mut reads, ids).await?;
    let facts = Facts::load(&mut reads, ids).await?;
    let mut members = Vec::with_capacity(ids.len());
    for row in &rows {
        let lead = entity::lead(row, &keys)?;
        let steps = steps.remove(&lead.id).unwrap_or_default();
        let known: Vec<_> = steps.into_iter().filter(|step| step.at <= as_of).collect();
        let standing = conversions.remove(&lead.id).unwrap_or_default();
        let (asked_for, confirmed) =
            consents::counted(&consents.remove(&lead.id).unwrap_or_default(), as_of);
        let at = Timestamp(lead.captured_at.0.saturating_add(asked.score_after));
        let at = AsOf { at: at.min(as_of), known_at: as_of };
        let score = facts.scored(models.at(as_of)?, &lead.id, at);
        let paid = standing.paid_at.is_some_and(|at| at <= as_of);
        let conversion_then = standing.conversion.as_ref().filter(|it| it.at <= as_of);
        members.push(Member {
            source: lead.origin.source,
            campaign: lead.origin.campaign,
            verdict: lead.verdict,
            captured_at: lead.captured_at,
            reached: reached(&history(&known)),
            asked: asked_for,
            confirmed,
            converted_at: conversion_then.map(|it| it.at),
            customer: conversion_then.and_then(customer),
            was_customer: paid && standing.conversion.is_none(),
            watched_until: lead.erased_at.map_or(as_of, |at| at.min(as_of)),
            score: score.fit.billionths().saturating_add(score.engagement.billionths()),
        });
    }
    Ok(members)
}

fn customer(conversion: &Conversion) -> Option<(i64, String)> {
    conversion.source.zip(conversion.customer.clone())
}
