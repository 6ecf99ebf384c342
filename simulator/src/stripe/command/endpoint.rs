//! Webhook endpoints.

use serde_json::{Value, json};

use super::Command;
use super::card::with_metadata;
use crate::plan::ApiVersion;
use crate::stripe::account::Account;
use crate::stripe::kind::Kind;
use crate::stripe::params::Params;
use crate::stripe::problem::{Answer, Problem};

/// An account may have so many endpoints.
const MOST: usize = 16;

pub(super) fn run(account: &mut Account, command: &Command<'_>) -> Option<Answer> {
    let Command { method, path, params } = *command;
    Some(match (method, path) {
        ("POST", ["webhook_endpoints"]) => create(account, params),
        ("POST", ["webhook_endpoints", id]) => update(account, id, params),
        ("DELETE", ["webhook_endpoints", id]) => delete(account, id),
        _ => return None,
    })
}

fn create(account: &mut Account, params: &Params) -> Answer {
    params.only(&["api_version", "connect", "description", "enabled_events", "metadata", "url"])?;
    let url = address(params.required("url")?)?;
    let events = params.texts("enabled_events");
    if events.is_empty() {
        return Err(Problem::missing("enabled_events"));
    }
    let version = params.text("api_version");
    if let Some(version) = version
        && !ApiVersion::ALL.iter().any(|known| known.name() == version && account.speaks(*known))
    {
        let message = format!("Invalid API version, or none this account speaks: {version}");
        return Err(Problem::invalid(message).param("api_version"));
    }
    let all = 0..account.count(Kind::Endpoint);
    if all.filter(|index| !account.is_gone(Kind::Endpoint, *index)).count() >= MOST {
        return Err(Problem::invalid(format!(
            "You have reached the maximum of {MOST} webhook endpoints."
        )));
    }
    let secret = format!("whsec_{}", account.dice.token(32));
    let mut body = json!({
        "id": account.dice.id("we"),
        "object": "webhook_endpoint",
        "api_version": version,
        "application": null,
        "created": account.now(),
        "description": params.text("description"),
        "enabled_events": events,
        "livemode": account.world.plan.livemode,
        "metadata": {},
        "status": "enabled",
        "url": url,
    });
    with_metadata(params, &mut body);
    let id = body["id"].as_str().unwrap_or_default().to_owned();
    account.keep(Kind::Endpoint, body.clone());
    account.secrets.insert(id, vec![(secret.clone(), None)]);
    // The secret is shown this once.
    body["secret"] = secret.into();
    Ok(body)
}

fn address(url: &str) -> Answer<&str> {
    if url.starts_with("http://") || url.starts_with("https://") {
        return Ok(url);
    }
    let message = "Invalid URL: An explicit scheme (such as https) must be provided.";
    Err(Problem::invalid(message).code("url_invalid").param("url"))
}

fn update(account: &mut Account, id: &str, params: &Params) -> Answer {
    params.only(&["description", "disabled", "enabled_events", "metadata", "url"])?;
    let place = account.living(Kind::Endpoint, id, "id")?;
    let mut body = account.shown(Kind::Endpoint, place)?;
    if let Some(url) = params.text("url") {
        body["url"] = address(url)?.into();
    }
    if params.has("enabled_events") {
        body["enabled_events"] = json!(params.texts("enabled_events"));
    }
    if let Some(disabled) = params.flag("disabled")? {
        body["status"] = if disabled { "disabled" } else { "enabled" }.into();
    }
    if let Some(description) = params.text("description") {
        body["description"] = description.into();
    }
    with_metadata(params, &mut body);
    account.keep(Kind::Endpoint, body.clone());
    Ok(body)
}

fn delete(account: &mut Account, id: &str) -> Answer {
    let place = account.living(Kind::Endpoint, id, "id")?;
    let mut body = account.shown(Kind::Endpoint, place)?;
    body["deleted"] = true.into();
    account.keep(Kind::Endpoint, body);
    Ok::<Value, Problem>(json!({ "id": id, "object": "webhook_endpoint", "deleted": true }))
}
