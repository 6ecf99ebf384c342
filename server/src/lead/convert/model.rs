//! Scoring models, as the contract says them.

use super::super::scores::{Stands, Update};
use super::lead::{label, points};
use super::model_fields::{named, unreadable};
use super::request;
use crate::app::App;
use crate::error::{Error, Reason};
use crate::once::Request;
use crate::revenue::convert::instant;
use std::mem::take;
use takings::v1 as pb;
use takings::v1::fit_rule::Who as PbWho;
use takings::v1::scoring_group::Decay as PbDecay;
use takings::v1::text_match::Match;
use takings_core::lead::score::{
    Decay, Domain, Engagement, Fit, FitRule, Group, Labels, Model, Points, Rule, Text, Version,
    When, Who,
};

/// A new version of the model.
pub(in crate::lead) fn update(
    app: &App,
    mut asked: pb::UpdateScoringModelRequest,
) -> Result<(Request, Update), Error> {
    let request = request(app, &take(&mut asked.request_id), "UpdateScoringModel", &asked)?;
    let pb::UpdateScoringModelRequest { model: given, request_id: _ } = asked;
    let given = given.ok_or_else(|| invalid("model", "`model` is required"))?;
    sound(unreadable(&given))?;
    let model = model(given)?;
    let violations = model.validate().into_iter();
    sound(violations.map(|it| (named(&it.field), it.message)).collect())?;
    Ok((request, Update { now: app.now(), model }))
}

fn sound(violations: Vec<(String, String)>) -> Result<(), Error> {
    match violations.is_empty() {
        true => Ok(()),
        false => Err(Error::Fields { reason: Reason::InvalidScoringModel, violations }),
    }
}

fn invalid(field: &'static str, message: &str) -> Error {
    Error::invalid(Reason::InvalidScoringModel, field, message)
}

fn model(given: pb::ScoringModel) -> Result<Model, Error> {
    let pb::ScoringModel {
        version: _,
        engagement_cap,
        groups,
        fit_cap,
        fit_rules,
        labels,
        recorded_time: _,
    } = given;
    let labels = labels.ok_or_else(|| invalid("model.labels", "`labels` is required"))?;
    Ok(Model {
        engagement: Engagement {
            cap: points("model.engagement_cap", &engagement_cap)?,
            groups: groups.into_iter().map(group).collect::<Result<_, _>>()?,
        },
        fit: Fit {
            cap: points("model.fit_cap", &fit_cap)?,
            rules: fit_rules.into_iter().map(fit_rule).collect::<Result<_, _>>()?,
        },
        labels: self::labels(labels)?,
    })
}

fn group(given: pb::ScoringGroup) -> Result<Group, Error> {
    let pb::ScoringGroup { name, cap, decay, rules } = given;
    let decay = match decay {
        None => Decay::None,
        Some(PbDecay::HalfLifeDays(days)) => Decay::HalfLife { days },
        Some(PbDecay::Step(pb::StepDecay { loss_bps, months })) => Decay::Step { loss_bps, months },
    };
    let rules = rules.into_iter().map(rule).collect::<Result<_, _>>()?;
    Ok(Group { name, cap: points("model.groups.cap", &cap)?, decay, rules })
}

fn rule(given: pb::ActivityRule) -> Result<Rule, Error> {
    let pb::ActivityRule { name, weight, kind, attributes, most_per_day } = given;
    let matches = |(name, it): (String, pb::TextMatch)| Ok((name, text(it)?));
    let attributes = attributes.into_iter().map(matches).collect::<Result<_, Error>>()?;
    let field = "model.groups.rules.most_per_day";
    let per_day = most_per_day.map(u32::try_from).transpose();
    Ok(Rule {
        name,
        weight: weight_of("model.groups.rules.weight", &weight)?,
        when: When { kind, attributes },
        per_day: per_day.map_err(|_| invalid(field, "use at least 1, or leave it out"))?,
    })
}

fn weight_of(field: &'static str, given: &str) -> Result<Points, Error> {
    points(field, given)?.ok_or_else(|| invalid(field, "a rule needs a weight, such as `5`"))
}

fn text(given: pb::TextMatch) -> Result<Text, Error> {
    Ok(match given.r#match {
        Some(Match::Present(_)) => Text::Present,
        Some(Match::OneOf(pb::TextList { texts })) => Text::OneOf(texts),
        Some(Match::StartsWith(start)) => Text::StartsWith(start),
        Some(Match::Contains(part)) => Text::Contains(part),
        None => return Err(invalid("model", "say what a text must be like: set one `match`")),
    })
}

fn fit_rule(given: pb::FitRule) -> Result<FitRule, Error> {
    let pb::FitRule { name, weight, who } = given;
    let who = match who {
        Some(PbWho::Role(role)) => Who::Role(text(role)?),
        Some(PbWho::CompanySize(pb::CompanySize { at_least, at_most })) => {
            Who::CompanySize { at_least, at_most }
        }
        Some(PbWho::Countries(pb::TextList { texts })) => Who::Country(texts),
        Some(PbWho::Domain(domain)) => Who::Domain(domain_of(domain)?),
        None => return Err(invalid("model.fit_rules.who", "say to whom the rule applies")),
    };
    Ok(FitRule { name, weight: weight_of("model.fit_rules.weight", &weight)?, who })
}

fn domain_of(given: i32) -> Result<Domain, Error> {
    match pb::DomainClass::try_from(given) {
        Ok(pb::DomainClass::Company) => Ok(Domain::Company),
        Ok(pb::DomainClass::Free) => Ok(Domain::Free),
        Ok(pb::DomainClass::Relay) => Ok(Domain::Relay),
        Ok(pb::DomainClass::Disposable) => Ok(Domain::Disposable),
        Ok(pb::DomainClass::Unspecified) | Err(_) => {
            Err(invalid("model.fit_rules.domain", "choose one of the contract's values"))
        }
    }
}

fn labels(given: pb::ScoringLabels) -> Result<Labels, Error> {
    let pb::ScoringLabels { fit_a, fit_b, engagement_1, engagement_2, qualified } = given;
    Ok(Labels {
        fit_a: weight_of("model.labels.fit_a", &fit_a)?,
        fit_b: weight_of("model.labels.fit_b", &fit_b)?,
        engagement_1: weight_of("model.labels.engagement_1", &engagement_1)?,
        engagement_2: weight_of("model.labels.engagement_2", &engagement_2)?,
        qualified: qualified
            .iter()
            .map(|it| label("model.labels.qualified", it))
            .collect::<Result<_, _>>()?,
    })
}

fn cap(points: Option<Points>) -> String {
    points.map(|it| it.to_string()).unwrap_or_default()
}

fn text_of(text: Text) -> pb::TextMatch {
    let it = match text {
        Text::Present => Match::Present(true),
        Text::OneOf(texts) => Match::OneOf(pb::TextList { texts }),
        Text::StartsWith(start) => Match::StartsWith(start),
        Text::Contains(part) => Match::Contains(part),
    };
    pb::TextMatch { r#match: Some(it) }
}

fn group_of(Group { name, cap: most, decay, rules }: Group) -> pb::ScoringGroup {
    let decay = match decay {
        Decay::None => None,
        Decay::HalfLife { days } => Some(PbDecay::HalfLifeDays(days)),
        Decay::Step { loss_bps, months } => Some(PbDecay::Step(pb::StepDecay { loss_bps, months })),
    };
    let rule = |Rule { name, weight, when: When { kind, attributes }, per_day }: Rule| {
        let attributes = attributes.into_iter().map(|(name, it)| (name, text_of(it))).collect();
        pb::ActivityRule {
            name,
            weight: weight.to_string(),
            kind,
            attributes,
            most_per_day: per_day.and_then(|most| i32::try_from(most).ok()),
        }
    };
    pb::ScoringGroup { name, cap: cap(most), decay, rules: rules.into_iter().map(rule).collect() }
}

fn fit_rule_of(FitRule { name, weight, who }: FitRule) -> pb::FitRule {
    let who = match who {
        Who::Role(role) => PbWho::Role(text_of(role)),
        Who::CompanySize { at_least, at_most } => {
            PbWho::CompanySize(pb::CompanySize { at_least, at_most })
        }
        Who::Country(texts) => PbWho::Countries(pb::TextList { texts }),
        Who::Domain(domain) => PbWho::Domain(match domain {
            Domain::Company => pb::DomainClass::Company.into(),
            Domain::Free => pb::DomainClass::Free.into(),
            Domain::Relay => pb::DomainClass::Relay.into(),
            Domain::Disposable => pb::DomainClass::Disposable.into(),
        }),
    };
    pb::FitRule { name, weight: weight.to_string(), who: Some(who) }
}

impl From<Stands> for pb::ScoringModel {
    fn from(Stands(Version { number, recorded_at, model }): Stands) -> pb::ScoringModel {
        let Model { engagement, fit, labels } = model;
        let Labels { fit_a, fit_b, engagement_1, engagement_2, qualified } = labels;
        pb::ScoringModel {
            version: number,
            engagement_cap: cap(engagement.cap),
            groups: engagement.groups.into_iter().map(group_of).collect(),
            fit_cap: cap(fit.cap),
            fit_rules: fit.rules.into_iter().map(fit_rule_of).collect(),
            labels: Some(pb::ScoringLabels {
                fit_a: fit_a.to_string(),
                fit_b: fit_b.to_string(),
                engagement_1: engagement_1.to_string(),
                engagement_2: engagement_2.to_string(),
                qualified: qualified.into_iter().map(|it| it.as_str().to_owned()).collect(),
            }),
            recorded_time: (number > 0).then(|| instant(recorded_at.0)),
        }
    }
}

impl From<Stands> for pb::GetScoringModelResponse {
    fn from(version: Stands) -> pb::GetScoringModelResponse {
        pb::GetScoringModelResponse { model: Some(version.into()) }
    }
}

impl From<Stands> for pb::UpdateScoringModelResponse {
    fn from(version: Stands) -> pb::UpdateScoringModelResponse {
        pb::UpdateScoringModelResponse { model: Some(version.into()) }
    }
}
