//! What the Stripe account has, next to what is needed.

use super::Finding;
use crate::app::now;
use crate::cli::stripe::{client, explain, mode};
use crate::config::{ApiKey, Config};
use crate::stripe::endpoints::{self, Difference};
use crate::stripe::{Answer, Head};
use stripe_misc::WebhookEndpoint;
use takings_core::time::Timestamp;

/// How far the clocks may be apart: a signature is valid for 300 s, a good clock is off by one.
const APART: i64 = 60;

/// One line about the key, the clock and each endpoint.
pub(super) async fn findings(config: &Config) -> Vec<Finding> {
    let Some(key) = &config.stripe.api_key else {
        let note = "stripe key: none, so Takings only receives, and the account's webhook \
                    endpoints are not checked; set TAKINGS__STRIPE__API_KEY";
        return vec![Finding::Note(note.into())];
    };
    let client = match client(&config.stripe) {
        Ok(client) => client,
        Err(error) => return vec![Finding::Bad(format!("stripe key: {error}"))],
    };
    match endpoints::all(&client).await {
        Err(error) => {
            vec![Finding::Bad(format!("stripe key: {}", explain(&error, &config.stripe)))]
        }
        Ok(Answer { body, head }) => {
            let mut findings = vec![accepted(key, config.stripe.livemode)];
            findings.extend(clock(&head, now()));
            findings.extend(all(&body));
            findings
        }
    }
}

fn accepted(key: &ApiKey, wanted: Option<bool>) -> Finding {
    match (key.livemode(), wanted) {
        (None, _) => Finding::Note("stripe key: accepted; its name does not tell its mode".into()),
        (Some(is), Some(_)) => Finding::Good(format!(
            "stripe key: accepted, {} mode, as stripe.livemode says",
            mode(is)
        )),
        (Some(is), None) => Finding::Note(format!(
            "stripe key: accepted, {} mode, but events of both modes are taken; set \
             TAKINGS__STRIPE__LIVEMODE={is}",
            mode(is)
        )),
    }
}

fn clock(head: &Head, now: Timestamp) -> Option<Finding> {
    let apart = (head.date?.secs() - now.secs()).abs();
    Some(if apart > APART {
        Finding::Bad(format!(
            "clock: {apart} s from Stripe's; signatures older or newer than the tolerance are \
             refused, so set it by NTP"
        ))
    } else {
        Finding::Good(format!("clock: {apart} s from Stripe's"))
    })
}

fn all(endpoints: &[WebhookEndpoint]) -> Vec<Finding> {
    let ours: Vec<Finding> =
        endpoints.iter().filter(|it| endpoints::is_ours(it)).flat_map(one).collect();
    if !ours.is_empty() {
        return ours;
    }
    vec![Finding::Bad(format!(
        "webhook endpoint: none of the account's {} sends to {}; run `takings stripe setup \
         --url https://...{}`",
        endpoints.len(),
        endpoints::PATH,
        endpoints::PATH
    ))]
}

/// An endpoint's line, or one for each difference.
fn one(endpoint: &WebhookEndpoint) -> Vec<Finding> {
    let difference = Difference::of(endpoint);
    let name = format!("webhook endpoint {} at {}", endpoint.id, endpoint.url);
    if difference.is_none() {
        let types = endpoint.enabled_events.len();
        return vec![Finding::Good(format!("{name}: sends the {types} types that are needed"))];
    }
    let mend = format!("run `takings stripe setup --update --url {}`", endpoint.url);
    let losses = difference.losses().into_iter();
    let losses = losses.map(|line| Finding::Bad(format!("{name}: {line}; {mend}")));
    let oddities = difference.oddities().into_iter();
    losses.chain(oddities.map(|line| Finding::Note(format!("{name}: {line}; {mend}")))).collect()
}
