//! Captures and updates, as the contract says them.

use super::super::capture::{Capture, Captured, Origin};
use super::super::conversions::Converted;
use super::super::email::{self, Found};
use super::super::personal::{MOST_ATTRIBUTES, Personal, Said};
use super::super::update::{Update, Updated};
use super::{attributes, consent, label, lead_id, past, request, words};
use crate::affiliate::is_id;
use crate::app::App;
use crate::error::{Error, Reason};
use crate::once::{self, Request};
use crate::revenue::convert::{changed, required};
use std::mem::take;
use takings::v1 as pb;

/// What a form says, with its address looked at.
pub(in crate::lead) async fn capture(
    app: &App,
    mut asked: pb::CaptureLeadRequest,
) -> Result<(Request, Capture), Error> {
    let request = request(app, &take(&mut asked.request_id), "CaptureLead", &asked)?;
    let pb::CaptureLeadRequest {
        email,
        profile: given,
        source,
        campaign,
        referrer,
        click_id,
        consent,
        newsletter_only,
        occurred_time,
        request_id: _,
    } = asked;
    let campaign = campaign.unwrap_or_default();
    let mut said = profile(given.unwrap_or_default())?;
    let origin = Origin {
        source: required("source", label("source", source, 100)?)?,
        campaign: label("campaign.name", campaign.name, 200)?,
        referrer_host: host(&referrer),
        click: click(click_id)?,
    };
    said.utm = [
        words("campaign.source", campaign.source, 200)?,
        words("campaign.medium", campaign.medium, 200)?,
        words("campaign.term", campaign.term, 200)?,
        words("campaign.content", campaign.content, 200)?,
    ];
    let consent = consent.map(consent::asked).transpose()?;
    past("occurred_time", occurred_time, app.now())?;
    let found = found(app, &request, email).await?;
    // Name servers may have taken their time: what is recorded is recorded from now on.
    let now = app.now();
    let at = past("occurred_time", occurred_time, now)?;
    Ok((request, Capture { now, at, found, said, origin, consent, newsletter_only }))
}

/// An address that can be kept; captures are counted by what is found. A repeat is answered as it was,
/// whatever name servers say by now, and is not counted.
async fn found(app: &App, request: &Request, given: String) -> Result<Found, Error> {
    let given = required("email", given)?;
    if once::is_claimed(app, request).await? {
        return email::found(app, &given, true).await;
    }
    let found = email::found(app, &given, false).await;
    let verdict = match &found {
        Ok(found) => found.verdict(),
        Err(_) => "invalid",
    };
    metrics::counter!("lead_captures_total", "verdict" => verdict).increment(1);
    found
}

/// The click that brought the lead.
fn click(given: String) -> Result<Option<String>, Error> {
    if given.is_empty() || is_id(&given, "clk") {
        return Ok(Some(given).filter(|id| !id.is_empty()));
    }
    let message = "this is no id of a click, which begins with `clk_`: leave it out";
    Err(Error::invalid(Reason::InvalidField, "click_id", message))
}

/// The host of a page.
fn host(referrer: &str) -> String {
    let rest = referrer.split_once("://").map_or("", |(_, rest)| rest);
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let host = authority.rsplit('@').next().unwrap_or_default().split(':').next();
    let host = host.unwrap_or_default().to_ascii_lowercase();
    let plain = |it: u8| it.is_ascii_alphanumeric() || b".-".contains(&it);
    if host.len() <= 253 && host.bytes().all(plain) { host } else { String::new() }
}

fn profile(given: pb::LeadProfile) -> Result<Personal, Error> {
    let pb::LeadProfile { name, phone, role, company_size, country, attributes: given } = given;
    Ok(Personal {
        name: words("profile.name", name, 200)?,
        phone: words("profile.phone", phone, 50)?,
        role: words("profile.role", role, 200)?,
        company_size: company_size.map(size).transpose()?,
        country: if country.is_empty() { country } else { two_letters(country)? },
        attributes: attributes("profile.attributes", given, MOST_ATTRIBUTES)?,
        ..Personal::default()
    })
}

fn size(given: i64) -> Result<i64, Error> {
    if (1..=10_000_000).contains(&given) {
        return Ok(given);
    }
    let message = "a company has 1 to 10,000,000 people";
    Err(Error::invalid(Reason::InvalidField, "profile.company_size", message))
}

fn two_letters(given: String) -> Result<String, Error> {
    if given.len() == 2 && given.bytes().all(|it| it.is_ascii_uppercase()) {
        return Ok(given);
    }
    let message = "use two letters of ISO 3166-1 in upper case, such as `DE`";
    Err(Error::invalid(Reason::InvalidField, "profile.country", message))
}

/// What is to change about a lead.
pub(in crate::lead) async fn update(
    app: &App,
    mut asked: pb::UpdateLeadRequest,
) -> Result<(Request, Update), Error> {
    let request = request(app, &take(&mut asked.request_id), "UpdateLead", &asked)?;
    let pb::UpdateLeadRequest { lead_id: id, email, profile: given, update_mask, request_id: _ } =
        asked;
    let given = given.unwrap_or_default();
    let changes = changed(
        update_mask,
        &[
            ("email", !email.is_empty()),
            ("profile.name", !given.name.is_empty()),
            ("profile.phone", !given.phone.is_empty()),
            ("profile.role", !given.role.is_empty()),
            ("profile.company_size", given.company_size.is_some()),
            ("profile.country", !given.country.is_empty()),
            ("profile.attributes", !given.attributes.is_empty()),
        ],
    )?;
    let wants = |field: &str| changes.contains(&field);
    let said = profile(given)?;
    let found = match wants("email") {
        true => {
            let again = once::is_claimed(app, &request).await?;
            Some(email::found(app, &required("email", email)?, again).await?)
        }
        false => None,
    };
    let update = Update {
        now: app.now(),
        lead: lead_id(id)?,
        found,
        said: Said {
            name: wants("profile.name").then_some(said.name),
            phone: wants("profile.phone").then_some(said.phone),
            role: wants("profile.role").then_some(said.role),
            company_size: wants("profile.company_size").then_some(said.company_size),
            country: wants("profile.country").then_some(said.country),
            attributes: wants("profile.attributes").then_some(said.attributes),
        },
    };
    Ok((request, update))
}

/// Names the lead alone: what is known of the person is not stored with a request.
fn named(lead_id: String) -> Option<pb::Lead> {
    Some(pb::Lead { lead_id, ..pb::Lead::default() })
}

impl From<Captured> for pb::CaptureLeadResponse {
    fn from(Captured { lead, created }: Captured) -> pb::CaptureLeadResponse {
        pb::CaptureLeadResponse { lead: named(lead), created }
    }
}

impl From<Updated> for pb::UpdateLeadResponse {
    fn from(Updated(lead): Updated) -> pb::UpdateLeadResponse {
        pb::UpdateLeadResponse { lead: named(lead) }
    }
}

impl From<Converted> for pb::MarkConversionResponse {
    fn from(Converted(lead): Converted) -> pb::MarkConversionResponse {
        pb::MarkConversionResponse { lead: named(lead) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_a_page_only_the_host_is_kept() {
        for (page, expected) in [
            ("https://Anna:secret@www.Example.com:443/a?mail=anna@example.com", "www.example.com"),
            ("https://example.com?mail=a@b.example", "example.com"),
            ("example.com/a", ""),
            ("https://a b/", ""),
            ("", ""),
        ] {
            assert_eq!(host(page), expected, "{page}");
        }
    }
}
