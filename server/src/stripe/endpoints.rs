//! Webhook endpoints: what an account has, and what is needed.

use super::{Answer, Client, Error};
use std::collections::HashMap;
use stripe_misc::webhook_endpoint::{
    CreateWebhookEndpoint, CreateWebhookEndpointEnabledEvents, ListWebhookEndpoint,
    UpdateWebhookEndpoint, UpdateWebhookEndpointEnabledEvents,
};
use stripe_misc::{WebhookEndpoint, WebhookEndpointId};
use stripe_shared::ApiVersion;
use takings_core::stripe::{API_VERSION, EVENT_TYPES};

/// The path of our door, by which an endpoint that somebody made by hand is recognised.
pub const PATH: &str = "/revenue/webhooks/stripe";
/// What marks an endpoint behind a proxy that rewrites paths.
const MARK: &str = "takings";
/// As many as one page holds; an account has 16 at most.
const PAGE: i64 = 100;

/// Every webhook endpoint of the account, in the key's mode.
pub async fn all(client: &Client) -> Result<Answer<Vec<WebhookEndpoint>>, Error> {
    let Answer { body, head } = client.send(&ListWebhookEndpoint::new().limit(PAGE)).await?;
    Ok(Answer { body: body.data, head })
}

/// Makes an endpoint as it is needed. The answer holds its secret, this once.
pub async fn create(client: &Client, url: &str) -> Result<Answer<WebhookEndpoint>, Error> {
    let kinds = EVENT_TYPES.map(|kind| CreateWebhookEndpointEnabledEvents::Unknown(kind.into()));
    let request = CreateWebhookEndpoint::new(kinds, url)
        .api_version(ApiVersion::Unknown(API_VERSION.into()))
        .description("Takings")
        .metadata(HashMap::from([(MARK.to_owned(), env!("CARGO_PKG_VERSION").to_owned())]));
    client.send(&request).await
}

/// Lets an endpoint send what is needed, and send at all. Its version stays: Stripe keeps it.
pub async fn update(
    client: &Client,
    id: &WebhookEndpointId,
) -> Result<Answer<WebhookEndpoint>, Error> {
    let kinds = EVENT_TYPES.map(|kind| UpdateWebhookEndpointEnabledEvents::Unknown(kind.into()));
    let request = UpdateWebhookEndpoint::new(id.as_str()).enabled_events(kinds).disabled(false);
    client.send(&request).await
}

/// Whether an endpoint sends to a Takings, as far as can be seen.
pub fn is_ours(endpoint: &WebhookEndpoint) -> bool {
    let path = endpoint.url.split(['?', '#']).next().unwrap_or_default();
    path.trim_end_matches('/').ends_with(PATH) || endpoint.metadata.contains_key(MARK)
}

/// How an endpoint differs from what is needed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Difference {
    /// The version it sends, where it is another: empty for the account's default.
    pub version: Option<String>,
    /// Needed types that it does not send.
    pub missing: Vec<&'static str>,
    /// Types it sends that say nothing that counts.
    pub unused: Vec<String>,
    /// Whether it sends nothing at all.
    pub disabled: bool,
}

impl Difference {
    /// Compares an endpoint with what is needed.
    pub fn of(endpoint: &WebhookEndpoint) -> Difference {
        let sent = &endpoint.enabled_events;
        let all = sent.iter().any(|kind| kind == "*");
        let sends = |kind: &&str| all || sent.iter().any(|it| it == kind);
        let version = endpoint.api_version.as_deref().unwrap_or_default();
        Difference {
            version: (version != API_VERSION).then(|| version.to_owned()),
            missing: EVENT_TYPES.into_iter().filter(|kind| !sends(kind)).collect(),
            unused: sent.iter().filter(|it| !EVENT_TYPES.contains(&it.as_str())).cloned().collect(),
            disabled: endpoint.status != "enabled",
        }
    }

    /// Whether there is none.
    pub fn is_none(&self) -> bool {
        *self == Difference::default()
    }

    /// What keeps needed events away.
    pub fn losses(&self) -> Vec<String> {
        let mut lines = Vec::new();
        if self.disabled {
            lines.push("it is disabled, so nothing arrives".to_owned());
        }
        if !self.missing.is_empty() {
            let (number, names) = (self.missing.len(), self.missing.join(", "));
            lines.push(format!("it does not send {number} types that are needed: {names}"));
        }
        lines
    }

    /// What does no harm, and is not as it should be.
    pub fn oddities(&self) -> Vec<String> {
        let mut lines = Vec::new();
        match self.version.as_deref() {
            Some("") => lines.push(format!(
                "it sends the account's default version, which may change; needed: {API_VERSION}"
            )),
            Some(version) => {
                lines.push(format!("it sends version {version}; needed: {API_VERSION}"))
            }
            None => {}
        }
        if !self.unused.is_empty() {
            let (number, names) = (self.unused.len(), self.unused.join(", "));
            lines.push(format!("it sends {number} types that are not used: {names}"));
        }
        lines
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn endpoint(version: Option<&str>, kinds: &[&str], status: &str) -> WebhookEndpoint {
        WebhookEndpoint {
            api_version: version.map(str::to_owned),
            application: None,
            created: 0,
            description: None,
            enabled_events: kinds.iter().map(|kind| (*kind).to_owned()).collect(),
            id: "we_1".into(),
            livemode: true,
            metadata: HashMap::new(),
            secret: None,
            status: status.into(),
            url: "https://example.com/revenue/webhooks/stripe".into(),
        }
    }

    #[test]
    fn an_endpoint_as_it_is_needed_does_not_differ() {
        let endpoint = endpoint(Some(API_VERSION), &EVENT_TYPES, "enabled");
        assert!(is_ours(&endpoint) && Difference::of(&endpoint).is_none());
    }

    #[test]
    fn each_difference_is_named() {
        let difference = Difference::of(&endpoint(None, &["*"], "disabled"));
        assert_eq!((difference.missing.len(), difference.unused.len()), (0, 1));
        assert_eq!((difference.losses().len(), difference.oddities().len()), (1, 2));
        let some = &EVENT_TYPES[1..];
        let difference = Difference::of(&endpoint(Some("2020-08-27"), some, "enabled"));
        assert_eq!(difference.missing, [EVENT_TYPES[0]]);
        assert_eq!(difference.version.as_deref(), Some("2020-08-27"));
    }
}
