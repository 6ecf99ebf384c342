//! Consents, as the contract says them.

use super::super::consents::{
    ALL, Agreed, Asked, Confirm, Confirmed, Evidence, Withdraw, Withdrawn,
};
use super::{ip_address, lead_id, request, slug, words};
use crate::app::App;
use crate::error::{Error, Reason};
use crate::once::Request;
use crate::revenue::convert::{instant, required};
use sha2::{Digest, Sha256};
use std::mem::take;
use takings::v1 as pb;
use takings_core::lead::consent::State;
use takings_core::time::Timestamp;

/// What somebody agreed to in a form.
pub(super) fn asked(given: pb::ConsentRequest) -> Result<Asked, Error> {
    let pb::ConsentRequest { purpose, text, form_url, ip_address: from, user_agent } = given;
    let text = required("consent.text", text)?;
    if text.chars().count() > 10_000 {
        let message = "a form's text has at most 10,000 characters";
        return Err(Error::invalid(Reason::InvalidField, "consent.text", message));
    }
    let purpose = slug("consent.purpose", purpose)?;
    if purpose == ALL {
        let message = "`all` stands for every purpose, and can only be withdrawn: name one";
        return Err(Error::invalid(Reason::InvalidField, "consent.purpose", message));
    }
    Ok(Asked {
        purpose,
        text_hash: hex::encode(Sha256::digest(text.as_bytes())),
        evidence: Evidence {
            form_url: words("consent.form_url", form_url, 2_048)?,
            ip_address: ip_address("consent.ip_address", &from)?,
            user_agent: agent(&user_agent),
        },
    })
}

/// What a browser called itself, as far as it is kept.
fn agent(given: &str) -> String {
    given.chars().filter(|it| !it.is_control()).take(500).collect()
}

/// A token that is brought back.
pub(in crate::lead) fn confirm(
    app: &App,
    mut asked: pb::ConfirmLeadRequest,
) -> Result<(Request, Confirm), Error> {
    let request = request(app, &take(&mut asked.request_id), "ConfirmLead", &asked)?;
    let pb::ConfirmLeadRequest { token, ip_address: from, user_agent, request_id: _ } = asked;
    let evidence = Evidence {
        form_url: String::new(),
        ip_address: ip_address("ip_address", &from)?,
        user_agent: agent(&user_agent),
    };
    Ok((request, Confirm { now: app.now(), token: required("token", token)?, evidence }))
}

/// A consent that is withdrawn.
pub(in crate::lead) fn withdraw(
    app: &App,
    mut asked: pb::WithdrawConsentRequest,
) -> Result<(Request, Withdraw), Error> {
    let request = request(app, &take(&mut asked.request_id), "WithdrawConsent", &asked)?;
    let pb::WithdrawConsentRequest { lead_id: id, purpose, request_id: _ } = asked;
    let all = purpose.is_empty() || purpose == ALL;
    let purpose = if all { None } else { Some(slug("purpose", purpose)?) };
    Ok((request, Withdraw { now: app.now(), lead: lead_id(id)?, purpose }))
}

impl From<Agreed> for pb::LeadConsent {
    fn from(Agreed { purpose, text_hash, consent }: Agreed) -> pb::LeadConsent {
        let time = |at: Option<Timestamp>| at.map(|at| instant(at.0));
        let state = match consent.state {
            State::None => pb::ConsentState::Unspecified,
            State::Requested => pb::ConsentState::Requested,
            State::Sent => pb::ConsentState::Sent,
            State::Confirmed => pb::ConsentState::Confirmed,
            State::Expired => pb::ConsentState::Expired,
            State::Withdrawn => pb::ConsentState::Withdrawn,
        };
        pb::LeadConsent {
            purpose,
            state: state.into(),
            text_hash,
            requested_time: time(consent.requested_at),
            sent_time: time(consent.sent_at),
            confirmed_time: time(consent.confirmed_at),
            withdrawn_time: time(consent.withdrawn_at),
        }
    }
}

impl From<Confirmed> for pb::ConfirmLeadResponse {
    fn from(Confirmed { lead, purpose }: Confirmed) -> pb::ConfirmLeadResponse {
        pb::ConfirmLeadResponse { lead_id: lead, purpose }
    }
}

impl From<Withdrawn> for pb::WithdrawConsentResponse {
    fn from(Withdrawn(purposes): Withdrawn) -> pb::WithdrawConsentResponse {
        pb::WithdrawConsentResponse { purposes }
    }
}
