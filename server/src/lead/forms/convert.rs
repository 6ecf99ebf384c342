//! Forms as requests of the contract.

use super::{AGAIN, Form, HONEYPOT};
use crate::app::App;
use crate::error::Error;
use prost::Message;
use takings::v1 as pb;
use uuid::Uuid;

/// Fields of a form that are known; all others are attributes.
const KNOWN: [&str; 19] = [
    "email",
    "name",
    "phone",
    "role",
    "company_size",
    "country",
    "source",
    "utm_source",
    "utm_medium",
    "utm_campaign",
    "utm_term",
    "utm_content",
    "referrer",
    "tk_click",
    "consent_purpose",
    "consent_text",
    "form_url",
    "newsletter_only",
    HONEYPOT,
];

/// What a form says.
pub(super) fn capture(form: &Form) -> pb::CaptureLeadRequest {
    let field = |name: &str| form.field(name).to_owned();
    let first = |names: [&str; 2], other: &str| {
        let found = names.iter().map(|name| form.field(name)).find(|it| !it.is_empty());
        found.unwrap_or(other).to_owned()
    };
    let attributes = form.fields.iter().filter(|(name, _)| !KNOWN.contains(&name.as_str()));
    let profile = pb::LeadProfile {
        name: field("name"),
        phone: field("phone"),
        role: field("role"),
        company_size: form.field("company_size").trim().parse().ok(),
        country: field("country").to_uppercase(),
        attributes: attributes.cloned().collect(),
    };
    let consent = (!form.field("consent_purpose").is_empty()).then(|| pb::ConsentRequest {
        purpose: field("consent_purpose"),
        text: field("consent_text"),
        form_url: first(["form_url", ""], &form.referrer),
        ip_address: form.address.map(|it| it.to_canonical().to_string()).unwrap_or_default(),
        user_agent: form.user_agent.clone(),
    });
    pb::CaptureLeadRequest {
        email: field("email"),
        profile: Some(profile),
        source: nobody(first(["source", ""], "web_form"), "web_form"),
        campaign: Some(pb::Campaign {
            source: field("utm_source"),
            medium: field("utm_medium"),
            name: nobody(field("utm_campaign"), ""),
            term: field("utm_term"),
            content: field("utm_content"),
        }),
        referrer: field("referrer"),
        click_id: field("tk_click"),
        consent,
        newsletter_only: ["1", "true", "on"].contains(&form.field("newsletter_only")),
        occurred_time: None,
        request_id: String::new(),
    }
}

/// Names by which leads are counted hold no address; no form is lost for one that does.
fn nobody(name: String, instead: &str) -> String {
    if name.contains('@') { instead.to_owned() } else { name }
}

/// The id of the act: the same for the same form in the same ten minutes of the clock, and nobody's to
/// guess.
pub(super) fn act(app: &App, request: &pb::CaptureLeadRequest) -> Result<String, Error> {
    let content =
        format!("{} {}", hex::encode(request.encode_to_vec()), app.now().0.div_euclid(AGAIN));
    let hash = app.database.vault.unlocked_indexes()?.equal("form", &content);
    let mut bytes = [0; 16];
    let _ = hex::decode_to_slice(&hash[..32], &mut bytes);
    Ok(Uuid::from_bytes(bytes).to_string())
}

/// What was confirmed.
pub(super) fn confirmed(answer: pb::ConfirmLeadResponse) -> String {
    answer.purpose
}

/// What was withdrawn; pages do not say.
pub(super) fn withdrawn(_: pb::WithdrawConsentResponse) {}
