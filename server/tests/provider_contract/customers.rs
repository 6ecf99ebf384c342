//! Customers, how they pay, and what every call has in common.

use crate::run::Run;
use crate::world::{World, text, uuid};
use anyhow::{Context, ensure};
use serde_json::json;
use std::time::Duration;
use takings::v1::revenue_service_server::RevenueService;
use takings::v1::{CreateCustomerRequest, UpdateCustomerRequest, UpdatePaymentMethodRequest};
use takings_server::stripe::{Error, ErrorKind, IdempotencyKey, RequestBuilder, StripeMethod};
use tokio::time::sleep;
use tonic::Request;

const ALL: &str = "POST /v1/customers";

pub async fn steps(run: &mut Run) {
    run.step("create a customer", create).await;
    run.step("create a customer with a card", create_with_card).await;
    run.step("update a customer", update).await;
    run.step("attach a card and pay by it", pay_by_card).await;
    run.step("answer the same key alike", repeat).await;
    run.step("refuse a used key for another call", reuse).await;
    run.step("tell that an id is unknown", unknown).await;
    run.step("name the refused request", name_request).await;
}

async fn create(world: &mut World) -> anyhow::Result<()> {
    let request = CreateCustomerRequest {
        name: "Ada".into(),
        email: "ada@example.com".into(),
        metadata: [("user".to_owned(), "17".to_owned())].into(),
        request_id: uuid(),
        ..Default::default()
    };
    let made = world.api.create_customer(Request::new(request)).await?.into_inner().customer;
    let made = made.context("no customer")?;
    let shown = world.shown(ALL, "customer", "cus_")?;
    ensure!(made.customer_id == text(&shown, "id"), "another id: {made:?}");
    ensure!(made.source == "stripe:default:test", "another source: {made:?}");
    world.holds(made.name == "Ada" && made.email == "ada@example.com", "name and email")?;
    let user = shown.get("metadata").is_some_and(|it| it["user"] == "17");
    world.holds(user, "metadata")?;
    world.keep("customer", shown);
    Ok(())
}

async fn create_with_card(world: &mut World) -> anyhow::Result<()> {
    // A list has an order to show only if not everything is of one second.
    sleep(Duration::from_millis(1_100)).await;
    let request = CreateCustomerRequest {
        payment_method_id: "pm_card_visa".into(),
        request_id: uuid(),
        ..Default::default()
    };
    world.api.create_customer(Request::new(request)).await?;
    let shown = world.shown(ALL, "customer", "cus_")?;
    let pays = shown.get("invoice_settings").context("no invoice_settings")?;
    world.holds(pays["default_payment_method"].is_string(), "it pays by that card")
}

async fn update(world: &mut World) -> anyhow::Result<()> {
    let id = world.id("customer")?;
    let request = UpdateCustomerRequest {
        customer_id: id.clone(),
        email: "ada@example.org".into(),
        request_id: uuid(),
        ..Default::default()
    };
    let changed = world.api.update_customer(Request::new(request)).await?.into_inner().customer;
    let changed = changed.context("no customer")?;
    let shown = world.shown(&format!("{ALL}/{id}"), "customer", "cus_")?;
    world.holds(text(&shown, "id") == id, "the same customer")?;
    let kept = (changed.name.as_str(), changed.email.as_str()) == ("Ada", "ada@example.org");
    world.holds(kept, "the email alone is new")
}

async fn pay_by_card(world: &mut World) -> anyhow::Result<()> {
    let customer_id = world.id("customer")?;
    let request = UpdatePaymentMethodRequest {
        customer_id: customer_id.clone(),
        payment_method_id: "pm_card_visa".into(),
        request_id: uuid(),
    };
    world.api.update_payment_method(Request::new(request)).await?;
    let attach = "POST /v1/payment_methods/pm_card_visa/attach";
    let card = world.shown(attach, "payment_method", "pm_")?;
    world.holds(text(&card, "customer") == customer_id, "the card is the customer's")?;
    let shown = world.shown(&format!("{ALL}/{customer_id}"), "customer", "cus_")?;
    let pays = shown.get("invoice_settings").context("no invoice_settings")?;
    world.holds(pays["default_payment_method"] == text(&card, "id"), "it pays by that card")
}

/// A call under a key that is stored, as commands make it.
async fn named(world: &World, name: &str, key: &str) -> Result<(String, bool), Error> {
    let request =
        RequestBuilder::new(StripeMethod::Post, "/customers").form(&json!({ "name": name }));
    let answer = world.client().ask(request, IdempotencyKey::new(key).ok()).await?;
    Ok((text(&answer.body, "id").to_owned(), answer.head.replayed))
}

async fn repeat(world: &mut World) -> anyhow::Result<()> {
    let key = uuid();
    let (first, anew) = named(world, "Once", &key).await?;
    let (second, replayed) = named(world, "Once", &key).await?;
    ensure!(first.starts_with("cus_") && first == second, "{first:?} and {second:?}");
    ensure!(!anew && replayed, "the answer does not say that it is replayed");
    Ok(())
}

async fn reuse(world: &mut World) -> anyhow::Result<()> {
    let key = uuid();
    named(world, "Once", &key).await?;
    let error = named(world, "Twice", &key).await.err().context("it was done")?;
    ensure!(error.kind == ErrorKind::Idempotency, "{:?}", error.kind);
    Ok(())
}

/// What a customer that nobody made is answered with.
async fn nobody(world: &World) -> anyhow::Result<Error> {
    let request = RequestBuilder::new(StripeMethod::Get, "/customers/cus_nobody");
    world.client().ask(request, None).await.err().context("there is one")
}

async fn unknown(world: &mut World) -> anyhow::Result<()> {
    let error = nobody(world).await?;
    ensure!(error.kind == ErrorKind::NotFound, "{:?}", error.kind);
    Ok(())
}

async fn name_request(world: &mut World) -> anyhow::Result<()> {
    let named = nobody(world).await?.request_id.unwrap_or_default();
    ensure!(named.starts_with("req_"), "it is named {named:?}");
    Ok(())
}
