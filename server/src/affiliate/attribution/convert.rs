//! Explanations, as the contract says them.

use super::arithmetic::Step;
use super::{Explainable, Explained, Question};
use crate::affiliate::convert::{id, terms_of};
use crate::affiliate::programs::convert::program_id_of;
use crate::error::{Error, Reason};
use crate::revenue::convert::{instant, text};
use takings::v1 as pb;
use takings_core::affiliate::attribution::TouchKind;

/// The question.
pub(in crate::affiliate) fn question(
    asked: pb::ExplainAttributionRequest,
) -> Result<Question, Error> {
    let pb::ExplainAttributionRequest { commission_id, customer_id, source, program_id } = asked;
    match (commission_id.is_empty(), customer_id.is_empty()) {
        (false, true) => {
            let id = id("commission_id", commission_id, "com", Reason::CommissionNotFound)?;
            Ok(Question::Commission(id))
        }
        (true, false) => Ok(Question::Customer {
            program: program_id_of(program_id)?,
            customer: text("customer_id", customer_id)?,
            source: Some(text("source", source)?).filter(|source| !source.is_empty()),
        }),
        _ => {
            let message = "give `commission_id`, or `customer_id` with `program_id`";
            Err(Error::invalid(Reason::InvalidField, "commission_id", message))
        }
    }
}

fn kind_of(kind: TouchKind) -> pb::TouchKind {
    match kind {
        TouchKind::Link => pb::TouchKind::Link,
        TouchKind::Coupon => pb::TouchKind::Coupon,
        TouchKind::Api => pb::TouchKind::Api,
        TouchKind::Manual => pb::TouchKind::Manual,
    }
}

impl From<Explainable> for pb::Touch {
    fn from(it: Explainable) -> pb::Touch {
        let Explainable { touch, link, ineligible, winner, shares } = it;
        let [linear, time_decay, position] = shares;
        pb::Touch {
            touch_id: touch.id,
            kind: kind_of(touch.kind).into(),
            partner_id: touch.partner,
            link_id: link.unwrap_or_default(),
            touch_time: Some(instant(touch.at.0)),
            eligible: ineligible.is_none(),
            ineligible_reason: ineligible.unwrap_or_default().to_owned(),
            winner,
            linear_share_bps: linear,
            time_decay_share_bps: time_decay,
            position_share_bps: position,
        }
    }
}

impl From<Step> for pb::ArithmeticStep {
    fn from(Step { label, expression, result, unit }: Step) -> pb::ArithmeticStep {
        pb::ArithmeticStep { label: label.to_owned(), expression, result, unit: unit.to_owned() }
    }
}

impl From<Explained> for pb::ExplainAttributionResponse {
    fn from(explained: Explained) -> pb::ExplainAttributionResponse {
        let Explained { customer, touches, bound, rule, program, commissions, steps } = explained;
        let bound_time = bound.as_ref().map(|it| instant(it.at.0));
        pb::ExplainAttributionResponse {
            customer_id: customer,
            touches: touches.into_iter().map(Into::into).collect(),
            bound_partner_id: bound.map(|it| it.binding.partner).unwrap_or_default(),
            bound_time,
            rule,
            terms_version: program.version,
            terms: Some(terms_of(&program.terms)),
            commissions: commissions.into_iter().map(Into::into).collect(),
            arithmetic: steps.into_iter().map(Into::into).collect(),
        }
    }
}
