//! `takings stripe setup`: the webhook endpoint, as it is needed.

use crate::config::{self, Config, is_loopback};
use crate::stripe::endpoints::{self, Difference, PATH};
use crate::stripe::{Client, Error, ErrorKind, Policy};
use anyhow::{Context, anyhow, bail};
use clap::{Args, Subcommand};
use hyper::Uri;
use std::process::ExitCode;
use stripe_misc::WebhookEndpoint;
use takings_core::stripe::{API_VERSION, EVENT_TYPES};

/// What can be set up.
#[derive(Debug, Subcommand)]
pub(super) enum StripeCommand {
    /// Make the webhook endpoint, or say how the one that is there differs from what is needed.
    Setup(SetupArgs),
}

/// Where Stripe is to send.
#[derive(Debug, Args)]
pub(super) struct SetupArgs {
    /// Where Stripe reaches this server, for example https://example.com/revenue/webhooks/stripe.
    #[arg(long)]
    url: String,
    /// Change an endpoint that is there. One made for another API version is kept, and gets one
    /// of the right version beside it: Stripe cannot change it.
    #[arg(long)]
    update: bool,
}

pub(super) async fn run(config: &Config, command: StripeCommand) -> anyhow::Result<ExitCode> {
    let StripeCommand::Setup(args) = command;
    check_url(&args.url)?;
    let client = client(&config.stripe)?;
    let explained = |error: Error| anyhow!("{}", explain(&error, &config.stripe));
    let all = endpoints::all(&client).await.map_err(explained)?.body;
    let Some(found) = matching(all, &args.url) else {
        let made = endpoints::create(&client, &args.url).await.map_err(explained)?.body;
        return tell_made(&made, config);
    };
    let difference = Difference::of(&found);
    if difference.is_none() {
        println!("ok      {} is as it is needed; nothing was changed", name(&found));
        println!("        its signing secret is in Stripe's dashboard, at the endpoint");
        return Ok(ExitCode::SUCCESS);
    }
    if !args.update {
        return Ok(tell_difference(&found, &difference));
    }
    if difference.version.is_some() {
        let made = endpoints::create(&client, &args.url).await.map_err(explained)?.body;
        println!("kept    {}: once the new secret is in use, delete it", name(&found));
        return tell_made(&made, config);
    }
    let updated = endpoints::update(&client, &found.id).await.map_err(explained)?.body;
    println!("updated {}: {} event types, enabled", name(&updated), updated.enabled_events.len());
    println!("        its signing secret is the same as before");
    Ok(ExitCode::SUCCESS)
}

/// A client for someone who waits at a terminal, if the key fits what is configured.
pub(super) fn client(stripe: &config::Stripe) -> anyhow::Result<Client> {
    let key = stripe.api_key.as_ref().context(
        "no key for Stripe's API: set TAKINGS__STRIPE__API_KEY to a secret key (sk_...), or to a \
         restricted one (rk_...) that may write webhook endpoints",
    )?;
    if let (Some(wanted), Some(is)) = (stripe.livemode, key.livemode())
        && wanted != is
    {
        bail!(
            "stripe.livemode = {wanted} takes only {} events, but stripe.api_key is a {} key: \
             change one of them",
            mode(wanted),
            mode(is)
        );
    }
    Ok(Client::new(&stripe.api_url, key, Policy { attempts: 3, ..Policy::default() })?)
}

pub(super) fn mode(live: bool) -> &'static str {
    if live { "live" } else { "test" }
}

/// What went wrong, and what to do.
pub(super) fn explain(error: &Error, stripe: &config::Stripe) -> String {
    let url = &stripe.api_url;
    match error.kind {
        ErrorKind::Authentication => format!(
            "Stripe does not accept stripe.api_key: {error}; it may be mistyped, revoked or \
             expired: take one from Stripe's dashboard, under API keys"
        ),
        ErrorKind::Permission => format!(
            "stripe.api_key may not do this: {error}; let the restricted key write webhook \
             endpoints, in Stripe's dashboard, under API keys"
        ),
        ErrorKind::Unavailable => format!(
            "{url} is not available: {error}; try again later, or look at the network and at \
             stripe.api_url"
        ),
        ErrorKind::Unreadable => {
            format!("{url} does not answer as Stripe does: {error}; is stripe.api_url right?")
        }
        _ => format!("Stripe refuses: {error}"),
    }
}

/// Stripe sends only over TLS, and only to what it can reach.
fn check_url(url: &str) -> anyhow::Result<()> {
    let hint = format!("for example https://example.com{PATH}");
    let wrong = |why: &str| Err(anyhow!("--url {url}: {why}; write {hint}"));
    let Ok(uri) = url.parse::<Uri>() else { return wrong("this is no URL with a scheme") };
    match (uri.scheme_str(), uri.host()) {
        (Some("https"), Some(host)) if is_loopback(host) => {
            wrong("Stripe cannot reach this machine by that name")
        }
        (Some("https"), Some(_)) if uri.path() == "/" => wrong("the path is missing"),
        (Some("https"), Some(_)) => Ok(()),
        (Some("http"), _) => wrong("Stripe sends only over https"),
        _ => wrong("this is no URL with a scheme"),
    }
}

/// The endpoint with this URL; of several the one that needs the least change.
fn matching(all: Vec<WebhookEndpoint>, url: &str) -> Option<WebhookEndpoint> {
    let same = all.into_iter().filter(|endpoint| endpoint.url == url);
    same.min_by_key(|endpoint| {
        let difference = Difference::of(endpoint);
        (difference.version.is_some(), !difference.is_none())
    })
}

fn name(endpoint: &WebhookEndpoint) -> String {
    format!("{} at {} ({} mode)", endpoint.id, endpoint.url, mode(endpoint.livemode))
}

fn tell_made(made: &WebhookEndpoint, config: &Config) -> anyhow::Result<ExitCode> {
    println!("created {}: {} event types, {API_VERSION}", name(made), EVENT_TYPES.len());
    let secret = made.secret.as_deref().context("Stripe's answer holds no signing secret")?;
    println!("secret  {secret}");
    match config.stripe.secrets()?.len() {
        0 => println!("next    set TAKINGS__STRIPE__WEBHOOK_SECRETS to it, and restart takings"),
        there => println!(
            "next    append it to TAKINGS__STRIPE__WEBHOOK_SECRETS, after a comma ({there} there \
             now), and restart takings"
        ),
    }
    println!("        until then its webhooks are refused, and Stripe sends them again for 3 days");
    Ok(ExitCode::SUCCESS)
}

fn tell_difference(found: &WebhookEndpoint, difference: &Difference) -> ExitCode {
    println!("differs {}; nothing was changed", name(found));
    for line in difference.losses().iter().chain(&difference.oddities()) {
        println!("        {line}");
    }
    println!("next    run this again with --update");
    ExitCode::FAILURE
}
