//! Forms as requests of the contract.

use super::{AGAIN, Form, HONEYPOT};
use crate::affiliate::is_id;
use crate::app::App;
use crate::error::Error;
use prost::Message;
use takings::v1 as pb;
use uuid::Uuid;

/// The most characters that are kept of what a page fills in.
const SOURCE: usize = 100;
const UTM: usize = 200;
const FORM_URL: usize = 2_048;

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
        form_url: short(first(["form_url", ""], &form.referrer), FORM_URL),
        ip_address: form.address.map(|it| it.to_canonical().to_string()).unwrap_or_default(),
        user_agent: form.user_agent.clone(),
    });
    pb::CaptureLeadRequest {
        email: field("email"),
        profile: Some(profile),
        source: short(nobody(first(["source", ""], "web_form"), "web_form"), SOURCE),
        campaign: Some(pb::Campaign {
            source: short(field("utm_source"), UTM),
            medium: short(field("utm_medium"), UTM),
            name: short(nobody(field("utm_campaign"), ""), UTM),
            term: short(field("utm_term"), UTM),
            content: short(field("utm_content"), UTM),
        }),
        referrer: field("referrer"),
        click_id: Some(field("tk_click")).filter(|id| is_id(id, "clk")).unwrap_or_default(),
        consent,
        newsletter_only: ["1", "true", "on"].contains(&form.field("newsletter_only")),
        occurred_time: None,
        request_id: String::new(),
    }
}

/// The first of a text: whoever fills in a form has not written it, and cannot correct it.
fn short(text: String, most: usize) -> String {
    text.chars().filter(|it| !it.is_control()).take(most).collect()
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
