//! Stages, as the contract says them.

use super::super::stages::{Advance, Moved};
use super::{label, lead_id, request, words};
use crate::app::App;
use crate::error::{Error, Reason};
use crate::once::Request;
use crate::revenue::convert::{instant, required};
use std::mem::take;
use takings::v1 as pb;
use takings_core::lead::stage::{By, Disqualification, Stage, Transition};

/// Somebody moves a lead.
pub(in crate::lead) fn advance(
    app: &App,
    mut asked: pb::AdvanceLeadStageRequest,
) -> Result<(Request, Advance), Error> {
    let request = request(app, &take(&mut asked.request_id), "AdvanceLeadStage", &asked)?;
    let pb::AdvanceLeadStageRequest {
        lead_id: id,
        to_stage,
        disqualification,
        actor,
        reason,
        request_id: _,
    } = asked;
    let reason = words("reason", reason, 500)?;
    let advance = Advance {
        now: app.now(),
        lead: lead_id(id)?,
        to: to(to_stage, disqualification)?,
        actor: required("actor", label("actor", actor, 100)?)?,
        reason: Some(reason).filter(|it| !it.is_empty()),
        id: request.id.clone(),
    };
    Ok((request, advance))
}

/// The lead whose way is asked for.
pub(in crate::lead) fn list(asked: pb::ListLeadStagesRequest) -> Result<String, Error> {
    let pb::ListLeadStagesRequest { lead_id: id } = asked;
    lead_id(id)
}

fn to(stage: i32, why: i32) -> Result<Stage, Error> {
    let why = match pb::LeadDisqualification::try_from(why) {
        Ok(pb::LeadDisqualification::Unspecified) => None,
        Ok(pb::LeadDisqualification::Invalid) => Some(Disqualification::Invalid),
        Ok(pb::LeadDisqualification::Spam) => Some(Disqualification::Spam),
        Ok(pb::LeadDisqualification::Duplicate) => Some(Disqualification::Duplicate),
        Ok(pb::LeadDisqualification::Competitor) => Some(Disqualification::Competitor),
        Ok(pb::LeadDisqualification::NoFit) => Some(Disqualification::NoFit),
        Ok(pb::LeadDisqualification::Unresponsive) => Some(Disqualification::Unresponsive),
        Ok(pb::LeadDisqualification::Lost) => Some(Disqualification::Lost),
        Err(_) => return Err(unknown("disqualification")),
    };
    Stage::parse(name("to_stage", stage)?, why).ok_or_else(|| {
        let message = "a disqualified lead, and no other, has a reason for that: choose one";
        Error::invalid(Reason::InvalidField, "disqualification", message)
    })
}

/// A stage's stored name.
pub(super) fn name(field: &'static str, stage: i32) -> Result<&'static str, Error> {
    Ok(match pb::LeadStage::try_from(stage) {
        Ok(pb::LeadStage::Subscriber) => "subscriber",
        Ok(pb::LeadStage::Lead) => "lead",
        Ok(pb::LeadStage::Mql) => "mql",
        Ok(pb::LeadStage::Sql) => "sql",
        Ok(pb::LeadStage::Opportunity) => "opportunity",
        Ok(pb::LeadStage::Customer) => "customer",
        Ok(pb::LeadStage::Advocate) => "advocate",
        Ok(pb::LeadStage::Disqualified) => "disqualified",
        Ok(pb::LeadStage::Other) => "other",
        Ok(pb::LeadStage::Unspecified) | Err(_) => return Err(unknown(field)),
    })
}

fn unknown(field: &'static str) -> Error {
    Error::invalid(Reason::InvalidField, field, "choose one of the contract's values")
}

/// A stage, as the contract names it.
pub(crate) fn of(stage: Stage) -> pb::LeadStage {
    match stage {
        Stage::Subscriber => pb::LeadStage::Subscriber,
        Stage::Lead => pb::LeadStage::Lead,
        Stage::Mql => pb::LeadStage::Mql,
        Stage::Sql => pb::LeadStage::Sql,
        Stage::Opportunity => pb::LeadStage::Opportunity,
        Stage::Customer => pb::LeadStage::Customer,
        Stage::Advocate => pb::LeadStage::Advocate,
        Stage::Disqualified(_) => pb::LeadStage::Disqualified,
        Stage::Other => pb::LeadStage::Other,
    }
}

/// Why a lead is out of the life cycle.
pub(super) fn why(why: Option<Disqualification>) -> pb::LeadDisqualification {
    match why {
        None => pb::LeadDisqualification::Unspecified,
        Some(Disqualification::Invalid) => pb::LeadDisqualification::Invalid,
        Some(Disqualification::Spam) => pb::LeadDisqualification::Spam,
        Some(Disqualification::Duplicate) => pb::LeadDisqualification::Duplicate,
        Some(Disqualification::Competitor) => pb::LeadDisqualification::Competitor,
        Some(Disqualification::NoFit) => pb::LeadDisqualification::NoFit,
        Some(Disqualification::Unresponsive) => pb::LeadDisqualification::Unresponsive,
        Some(Disqualification::Lost) => pb::LeadDisqualification::Lost,
    }
}

fn transition(Transition { from, to, at, by, step: _ }: Transition) -> pb::LeadStageTransition {
    let (rule, actor, reason) = match by {
        By::Rule(rule) => (rule.as_str().to_owned(), String::new(), String::new()),
        By::Actor { actor, to: _, reason } => (String::new(), actor, reason.unwrap_or_default()),
    };
    pb::LeadStageTransition {
        from_stage: from.map_or(pb::LeadStage::Unspecified, of).into(),
        to_stage: of(to).into(),
        disqualification: why(to.disqualification()).into(),
        transition_time: Some(instant(at.0)),
        rule,
        actor,
        reason,
    }
}

impl From<Moved> for pb::AdvanceLeadStageResponse {
    fn from(Moved(it): Moved) -> pb::AdvanceLeadStageResponse {
        // What is stored with a request names nobody; words may.
        let stored = pb::LeadStageTransition { reason: String::new(), ..transition(it) };
        pb::AdvanceLeadStageResponse { transition: Some(stored) }
    }
}

/// The way of a lead.
pub(in crate::lead) fn way(transitions: Vec<Transition>) -> pb::ListLeadStagesResponse {
    let transitions = transitions.into_iter().map(transition).collect();
    pb::ListLeadStagesResponse { transitions }
}
