//! Refunds, and the pages on which customers pay.

use crate::run::Run;
use crate::world::{Object, World, text, uuid};
use anyhow::{Context, ensure};
use takings::v1::revenue_service_server::RevenueService;
use takings::v1::{
    CheckoutMode, CreateBillingPortalSessionRequest, CreateCheckoutSessionRequest,
    CreateRefundRequest, Money, OrderItem,
};
use takings_server::revenue::sync::KINDS;
use tonic::Request;

pub async fn steps(run: &mut Run) {
    run.step("refund a part of a payment", refund).await;
    run.step("refund the rest for a reason", refund_rest).await;
    run.step("open a checkout page", check_out).await;
    run.step("open the billing portal", open_portal).await;
}

async fn refund(world: &mut World) -> anyhow::Result<()> {
    let charge = paid(world).await?;
    let (payment_id, currency_code) =
        (text(&charge, "id").to_owned(), text(&charge, "currency").to_uppercase());
    world.keep("charge", charge);
    let request = CreateRefundRequest {
        payment_id: payment_id.clone(),
        amount: Some(Money { amount_minor: 7, currency_code }),
        request_id: uuid(),
        ..Default::default()
    };
    let made = world.api.create_refund(Request::new(request)).await?.into_inner().refund;
    let made = made.context("no refund")?;
    let shown = world.shown("POST /v1/refunds", "refund", "re_")?;
    ensure!(made.refund_id == text(&shown, "id"), "another id: {made:?}");
    let amount = made.amount.context("no amount")?.amount_minor;
    world.holds(made.payment_id == payment_id && amount == 7, "7 of that payment")?;
    let marked = shown.get("metadata").is_some_and(|it| it["takings_request"].is_string());
    world.holds(marked, "it is marked with its request")?;
    world.keep("refund", shown);
    Ok(())
}

async fn refund_rest(world: &mut World) -> anyhow::Result<()> {
    let payment_intent_id = text(&paid(world).await?, "payment_intent").to_owned();
    ensure!(!payment_intent_id.is_empty(), "it has no payment intent");
    let request = CreateRefundRequest {
        payment_intent_id,
        reason: "requested_by_customer".into(),
        request_id: uuid(),
        ..Default::default()
    };
    let made = world.api.create_refund(Request::new(request)).await?.into_inner().refund;
    let made = made.context("no refund")?;
    let shown = world.shown("POST /v1/refunds", "refund", "re_")?;
    ensure!(made.refund_id == text(&shown, "id"), "another id: {made:?}");
    world.holds(text(&shown, "reason") == "requested_by_customer", "the reason")
}

/// A payment that succeeded, the newest.
async fn paid(world: &World) -> anyhow::Result<Object> {
    if let Ok(known) = world.known("charge") {
        return Ok(known.clone());
    }
    let charges = KINDS.iter().find(|kind| kind.name == "charge").context("no such list")?;
    let page = charges.page(world.client(), 0, None).await?;
    let paid = page.objects.into_iter().find(|charge| text(charge, "status") == "succeeded");
    paid.context("there is no charge")
}

async fn check_out(world: &mut World) -> anyhow::Result<()> {
    let request = CreateCheckoutSessionRequest {
        mode: CheckoutMode::Subscription.into(),
        items: vec![OrderItem { price_id: world.id("price")?, quantity: Some(1) }],
        customer_id: world.id("customer")?,
        coupon_id: world.id("coupon")?,
        trial_days: 14,
        success_url: "https://example.com/thanks".into(),
        cancel_url: "https://example.com/".into(),
        client_reference_id: "order 17".into(),
        metadata: [("order".to_owned(), "17".to_owned())].into(),
        request_id: uuid(),
        ..Default::default()
    };
    let page = world.api.create_checkout_session(Request::new(request)).await?.into_inner();
    let shown = world.shown("POST /v1/checkout/sessions", "checkout.session", "cs_")?;
    ensure!(page.session_id == text(&shown, "id"), "another id: {page:?}");
    world
        .holds(page.url.starts_with("https://") && page.expire_time.is_some(), "a page to open")?;
    world.holds(text(&shown, "client_reference_id") == "order 17", "whose it is")?;
    world.keep("checkout_session", shown);
    Ok(())
}

async fn open_portal(world: &mut World) -> anyhow::Result<()> {
    let request = CreateBillingPortalSessionRequest {
        customer_id: world.id("customer")?,
        return_url: "https://example.com/account".into(),
        request_id: uuid(),
    };
    let page = world.api.create_billing_portal_session(Request::new(request)).await?.into_inner();
    let call = "POST /v1/billing_portal/sessions";
    let shown = world.shown(call, "billing_portal.session", "bps_")?;
    ensure!(page.session_id == text(&shown, "id"), "another id: {page:?}");
    ensure!(page.url.starts_with("https://"), "no page: {page:?}");
    Ok(())
}
