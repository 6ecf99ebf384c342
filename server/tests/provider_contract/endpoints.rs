//! Webhook endpoints, as `takings stripe setup` makes them and `takings doctor` reads them.

use crate::run::Run;
use crate::world::World;
use anyhow::{Context, ensure};
use takings_core::stripe::EVENT_TYPES;
use takings_server::stripe::endpoints::{self, Difference, is_ours};

const URL: &str = "https://example.com/revenue/webhooks/stripe";

pub async fn steps(run: &mut Run) {
    run.step("make a webhook endpoint", create).await;
    run.step("list webhook endpoints", list).await;
    run.step("change a webhook endpoint", update).await;
}

async fn create(world: &mut World) -> anyhow::Result<()> {
    let made = endpoints::create(world.client(), URL).await?;
    ensure!(made.body.id.as_str().starts_with("we_"), "its id is {}", made.body.id);
    ensure!(made.head.date.is_some(), "no date: the clock cannot be compared");
    let shown = world.shown("POST /v1/webhook_endpoints", "webhook_endpoint", "we_")?;
    world.keep("webhook endpoint", shown);
    let secret = made.body.secret.as_deref().is_some_and(|it| it.starts_with("whsec_"));
    world.holds(secret, "its secret is shown this once")?;
    let right = is_ours(&made.body) && Difference::of(&made.body).is_none();
    world.holds(right, "it is as it is needed")
}

async fn list(world: &mut World) -> anyhow::Result<()> {
    let all = endpoints::all(world.client()).await?.body;
    let ours = world.id("webhook endpoint").unwrap_or_default();
    let listed = all.iter().find(|endpoint| endpoint.id.as_str() == ours);
    world.holds(listed.is_some(), "the new one is among them")?;
    world.holds(listed.is_some_and(|it| it.secret.is_none()), "its secret is not shown again")
}

async fn update(world: &mut World) -> anyhow::Result<()> {
    let ours = world.id("webhook endpoint").unwrap_or_default();
    let all = endpoints::all(world.client()).await?.body;
    let known = all.first().context("there is none")?;
    let changed = endpoints::update(world.client(), &known.id).await?.body;
    ensure!(changed.id == known.id, "another one: {}", changed.id);
    let sends = |kind: &&str| changed.enabled_events.iter().any(|it| it == kind);
    world.holds(changed.id.as_str() == ours, "the same one")?;
    world.holds(EVENT_TYPES.iter().all(sends) && changed.status == "enabled", "it sends")
}
