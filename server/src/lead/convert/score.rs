//! Scores, as the contract says them.

use super::super::scores::{self, Asked, Scored};
use super::lead_id;
use crate::app::App;
use crate::error::Error;
use crate::revenue::convert::{instant, micros};
use takings::v1 as pb;
use takings_core::lead::score::AsOf;
use takings_core::time::Timestamp;

/// The score that is asked for.
pub(in crate::lead) fn asked(
    app: &App,
    asked: pb::ScoreLeadRequest,
) -> Result<(String, AsOf), Error> {
    let pb::ScoreLeadRequest { lead_id: id, as_of_time, known_at_time } = asked;
    let read = |field, time: Option<prost_types::Timestamp>| match time {
        Some(time) => micros(field, time).map(Timestamp),
        None => Ok(app.now()),
    };
    let at = read("as_of_time", as_of_time)?;
    Ok((lead_id(id)?, AsOf { at, known_at: read("known_at_time", known_at_time)? }))
}

/// A score without its reasons.
pub(in crate::lead) fn summary(scored: Scored) -> pb::LeadScore {
    let Scored { fit, engagement, label, qualified, version } = scored;
    pb::LeadScore {
        fit: fit.to_string(),
        engagement: engagement.to_string(),
        label: label.as_str().to_owned(),
        qualified,
        model_version: version,
    }
}

/// The score, and why.
pub(in crate::lead) fn answer(asked: &Asked) -> pb::ScoreLeadResponse {
    let score = asked.facts.score(&asked.version.model, &asked.lead, asked.as_of);
    let traits = score
        .traits
        .iter()
        .map(|it| pb::TraitPoints { rule: it.rule.to_owned(), points: it.points.to_string() });
    let groups = score.groups.iter().map(|it| pb::GroupPoints {
        group: it.group.to_owned(),
        sum: it.sum.to_string(),
        points: it.points.to_string(),
    });
    let contributions = score.contributions.iter().map(|it| pb::ActivityPoints {
        activity_id: it.activity.to_owned(),
        occurred_time: Some(instant(it.at.0)),
        group: it.group.to_owned(),
        rule: it.rule.to_owned(),
        points: it.points.to_string(),
    });
    pb::ScoreLeadResponse {
        score: Some(summary(scores::summary(&score, &asked.version))),
        traits: traits.collect(),
        groups: groups.collect(),
        contributions: contributions.collect(),
    }
}
