//! Leads, as the contract says them.

use super::super::conversions::Mark;
use super::super::read::{Named, Wanted};
use super::super::store::Filter;
use super::super::{Conversion, Lead, email};
use super::{lead_id, past, request, score, stage};
use crate::app::App;
use crate::error::{Error, Reason};
use crate::once::Request;
use crate::revenue::convert::{Span, instant, text};
use crate::revenue::paging::{Page, Slice};
use std::mem::take;
use takings::v1 as pb;
use takings_core::lead::email::{Address, Validation, Verdict};
use takings_core::lead::score::{Label, Points};
use takings_core::lead::stage::Stage;

/// The lead that is asked for.
pub(in crate::lead) fn one(app: &App, asked: pb::GetLeadRequest) -> Result<Named, Error> {
    let pb::GetLeadRequest { lead_id: id, email: address } = asked;
    match (id.is_empty(), address.is_empty()) {
        (false, true) => Ok(Named::Id(lead_id(id)?)),
        (true, false) => match email::mailbox(app, &address)? {
            Some(index) => Ok(Named::Mailbox(index)),
            None => {
                let message = "this is no email address";
                Err(Error::invalid(Reason::InvalidEmail, "email", message))
            }
        },
        _ => {
            let message = "name the lead by `lead_id` or by `email`, not by both";
            Err(Error::invalid(Reason::InvalidField, "lead_id", message))
        }
    }
}

/// The page that is asked for.
pub(in crate::lead) fn list(
    asked: pb::ListLeadsRequest,
) -> Result<(Filter, Wanted, Slice<String>), Error> {
    let filters = format!(
        "{:?}",
        pb::ListLeadsRequest { page_size: 0, page_token: String::new(), ..asked.clone() }
    );
    let pb::ListLeadsRequest {
        stages,
        source,
        campaign,
        captured,
        minimum_fit,
        minimum_engagement,
        labels,
        include_score,
        page_size,
        page_token,
    } = asked;
    let span = Span::read("captured", captured)?;
    let stages =
        stages.into_iter().map(|it| stage::name("stages", it)).collect::<Result<_, Error>>()?;
    let filter = Filter {
        stages,
        source: text("source", source)?,
        campaign: text("campaign", campaign)?,
        captured: (span.start, span.end),
    };
    let wanted = Wanted {
        fit: points("minimum_fit", &minimum_fit)?,
        engagement: points("minimum_engagement", &minimum_engagement)?,
        labels: labels.iter().map(|it| label("labels", it)).collect::<Result<_, _>>()?,
        shown: include_score,
    };
    let slice = Slice::read(page_size, &page_token, &["ListLeads", &filters])?;
    Ok((filter, wanted, slice))
}

/// Points; nothing where the text is empty.
pub(super) fn points(field: &'static str, given: &str) -> Result<Option<Points>, Error> {
    if given.is_empty() {
        return Ok(None);
    }
    let refuse = |error: takings_core::lead::score::BadPoints| {
        Error::invalid(Reason::InvalidField, field, error.to_string())
    };
    given.parse().map(Some).map_err(refuse)
}

/// A label.
pub(super) fn label(field: &'static str, given: &str) -> Result<Label, Error> {
    let message = "a label is A, B or C with 1, 2 or 3, such as `A1`";
    Label::parse(given).ok_or_else(|| Error::invalid(Reason::InvalidField, field, message))
}

/// A conversion that somebody marks.
pub(in crate::lead) fn mark(
    app: &App,
    mut asked: pb::MarkConversionRequest,
) -> Result<(Request, Mark), Error> {
    let request = request(app, &take(&mut asked.request_id), "MarkConversion", &asked)?;
    let pb::MarkConversionRequest { lead_id: id, customer_id, converted_time, request_id: _ } =
        asked;
    let now = app.now();
    let mark = Mark {
        now,
        lead: lead_id(id)?,
        customer: Some(super::label("customer_id", customer_id, 255)?).filter(|id| !id.is_empty()),
        at: past("converted_time", converted_time, now)?,
    };
    Ok((request, mark))
}

/// The address to validate.
pub(in crate::lead) fn validate(asked: pb::ValidateEmailRequest) -> (String, bool) {
    let pb::ValidateEmailRequest { email, skip_dns } = asked;
    (email, skip_dns)
}

/// What was found about an address.
pub(in crate::lead) fn validated(
    (validation, dns_checked): (Validation, bool),
) -> pb::ValidateEmailResponse {
    let reasons = email::codes(&validation).into_iter().map(str::to_owned).collect();
    let validation = pb::EmailValidation {
        verdict: verdict(validation.verdict.as_str()).into(),
        reasons,
        delivery: validation.delivery().unwrap_or_default(),
        suggestion: validation.suggestion.as_ref().map(Address::delivery).unwrap_or_default(),
        dns_checked,
    };
    pb::ValidateEmailResponse { validation: Some(validation) }
}

fn verdict(name: &str) -> pb::EmailVerdict {
    let is = |verdict: Verdict| name == verdict.as_str();
    match () {
        () if is(Verdict::Ok) => pb::EmailVerdict::Ok,
        () if is(Verdict::Risky) => pb::EmailVerdict::Risky,
        () if is(Verdict::Unknown) => pb::EmailVerdict::Unknown,
        () if is(Verdict::Invalid) => pb::EmailVerdict::Invalid,
        () => pb::EmailVerdict::Unspecified,
    }
}

impl From<Lead> for pb::Lead {
    fn from(lead: Lead) -> pb::Lead {
        let Lead {
            id,
            email_index: _,
            erased_at: _,
            personal,
            origin,
            verdict: found,
            reasons,
            stage: at,
            captured_at,
            updated_at,
            consents,
            conversion,
            score: scored,
            unsubscribe_url,
        } = lead;
        let personal = personal.unwrap_or_default();
        let [source, medium, term, content] = personal.utm;
        let profile = pb::LeadProfile {
            name: personal.name,
            phone: personal.phone,
            role: personal.role,
            company_size: personal.company_size,
            country: personal.country,
            attributes: personal.attributes.into_iter().collect(),
        };
        pb::Lead {
            lead_id: id,
            email: personal.email,
            verdict: verdict(&found).into(),
            reasons: reasons.split_whitespace().map(str::to_owned).collect(),
            profile: Some(profile),
            source: origin.source,
            campaign: Some(pb::Campaign { source, medium, name: origin.campaign, term, content }),
            referrer_host: origin.referrer_host,
            click_id: origin.click.unwrap_or_default(),
            stage: stage::of(at).into(),
            disqualification: stage::why(Stage::disqualification(at)).into(),
            consents: consents.into_iter().map(Into::into).collect(),
            conversion: conversion.map(Into::into),
            score: scored.map(score::summary),
            captured_time: Some(instant(captured_at.0)),
            updated_time: Some(instant(updated_at.0)),
            unsubscribe_url,
        }
    }
}

impl From<Conversion> for pb::LeadConversion {
    fn from(conversion: Conversion) -> pb::LeadConversion {
        let Conversion { at, source: _, customer, automatic } = conversion;
        pb::LeadConversion {
            converted_time: Some(instant(at.0)),
            customer_id: customer.unwrap_or_default(),
            automatic,
        }
    }
}

impl From<Lead> for pb::GetLeadResponse {
    fn from(lead: Lead) -> pb::GetLeadResponse {
        pb::GetLeadResponse { lead: Some(lead.into()) }
    }
}

impl From<Page<Lead>> for pb::ListLeadsResponse {
    fn from(Page { rows, next }: Page<Lead>) -> pb::ListLeadsResponse {
        let leads = rows.into_iter().map(Into::into).collect();
        pb::ListLeadsResponse { leads, next_page_token: next }
    }
}
