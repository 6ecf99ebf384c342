//! Subscriptions: from the first to the last call.

use crate::run::Run;
use crate::world::{Object, World, text, uuid};
use anyhow::{Context, ensure};
use prost_types::FieldMask;
use takings::v1::revenue_service_server::RevenueService;
use takings::v1::{
    CancelSubscriptionRequest, CreateCustomerRequest, CreateSubscriptionRequest, OrderItem,
    PauseSubscriptionRequest, ProrationBehavior, ResumeSubscriptionRequest, Subscription,
    UpdateSubscriptionRequest,
};
use tonic::Request;
use tonic_types::StatusExt;

const ALL: &str = "POST /v1/subscriptions";

pub async fn steps(run: &mut Run) {
    run.step("create a subscription", create).await;
    run.step("tell why a card is declined", decline).await;
    in_its_own_words(&mut run.world).await;
    run.step("change a subscription's price and quantity", change).await;
    run.step("take a subscription's coupon away", take_coupon_away).await;
    run.step("pause a subscription", pause).await;
    run.step("resume a subscription", resume).await;
}

/// The last steps: nothing can be done with it afterwards.
pub async fn ends(run: &mut Run) {
    run.step("end a subscription with its period", end_later).await;
    run.step("end a subscription now", end_now).await;
}

/// A stand-in that takes no order of ours is told in its own words, so that there is something to
/// read.
async fn in_its_own_words(world: &mut World) {
    let (Err(_), Ok(customer), Ok(plan)) =
        (world.id("subscription"), world.id("customer"), world.id("plan"))
    else {
        return;
    };
    let form = format!("customer={customer}&items[0][plan]={plan}");
    let Ok(made) = world.post("/subscriptions", &form).await else { return };
    world.keep("subscription", made);
    for name in ["invoice", "payment_intent", "charge", "balance_transaction"] {
        if let Some(newest) = world.newest(&format!("/{name}s")).await {
            world.keep(name, newest);
        }
    }
}

fn order(world: &World, customer_id: String) -> anyhow::Result<CreateSubscriptionRequest> {
    Ok(CreateSubscriptionRequest {
        customer_id,
        items: vec![OrderItem { price_id: world.id("price")?, quantity: Some(2) }],
        request_id: uuid(),
        ..Default::default()
    })
}

async fn create(world: &mut World) -> anyhow::Result<()> {
    let request = CreateSubscriptionRequest {
        coupon_id: world.id("coupon")?,
        ..order(world, world.id("customer")?)?
    };
    let customer = request.customer_id.clone();
    let made = world.api.create_subscription(Request::new(request)).await?.into_inner();
    let made = made.subscription.context("no subscription")?;
    let shown = world.shown(ALL, "subscription", "sub_")?;
    ensure!(made.subscription_id == text(&shown, "id"), "another id: {made:?}");
    ensure!(!made.items.is_empty() && !made.status.is_empty(), "an empty one: {made:?}");
    world
        .holds(made.status == "active" && made.customer_id == customer, "active, the customer's")?;
    world.holds(made.mrr_units == 4_500 * 83_160, "2 at 30 a month, a quarter off")?;
    world.keep("subscription", shown);
    Ok(())
}

async fn decline(world: &mut World) -> anyhow::Result<()> {
    let request = CreateCustomerRequest {
        payment_method_id: "pm_card_chargeDeclinedInsufficientFunds".into(),
        request_id: uuid(),
        ..Default::default()
    };
    let poor = world.api.create_customer(Request::new(request)).await?.into_inner().customer;
    let request = order(world, poor.context("no customer")?.customer_id)?;
    let declined = world.api.create_subscription(Request::new(request)).await;
    let declined = declined.err().context("it is not declined")?;
    let told = declined.get_details_error_info().context("no reason")?;
    let (reason, told) = (told.reason, told.metadata);
    let told = |key: &str| told.get(key).cloned().unwrap_or_default();
    ensure!(reason == "PAYMENT_DECLINED", "refused otherwise: {reason}");
    ensure!(told("decline_code") == "insufficient_funds", "no decline code");
    ensure!(told("request_id").starts_with("req_"), "no request is named");
    Ok(())
}

/// The answer to a command, and what the call behind it showed.
fn answered(
    world: &mut World,
    answer: Option<Subscription>,
    call: &str,
) -> anyhow::Result<(Subscription, Object)> {
    let subscription = answer.context("no subscription")?;
    let shown = world.shown(call, "subscription", "sub_")?;
    world.holds(subscription.subscription_id == world.id("subscription")?, "the same one")?;
    Ok((subscription, shown))
}

async fn change(world: &mut World) -> anyhow::Result<()> {
    let (id, price) = (world.id("subscription")?, world.id("better price")?);
    let request = UpdateSubscriptionRequest {
        subscription_id: id.clone(),
        price_id: price.clone(),
        quantity: 3,
        proration_behavior: ProrationBehavior::AlwaysInvoice.into(),
        request_id: uuid(),
        ..Default::default()
    };
    let answer = world.api.update_subscription(Request::new(request)).await?.into_inner();
    let (changed, _) = answered(world, answer.subscription, &format!("{ALL}/{id}"))?;
    let item = changed.items.first().context("no item")?;
    world.holds((&item.price_id, item.quantity) == (&price, Some(3)), "price and quantity")
}

async fn take_coupon_away(world: &mut World) -> anyhow::Result<()> {
    let id = world.id("subscription")?;
    let request = UpdateSubscriptionRequest {
        subscription_id: id.clone(),
        update_mask: Some(FieldMask { paths: vec!["coupon_id".into()] }),
        request_id: uuid(),
        ..Default::default()
    };
    let answer = world.api.update_subscription(Request::new(request)).await?.into_inner();
    let (changed, _) = answered(world, answer.subscription, &format!("{ALL}/{id}"))?;
    world.holds(changed.discount_ids.is_empty(), "no discount is left")
}

async fn pause(world: &mut World) -> anyhow::Result<()> {
    let id = world.id("subscription")?;
    let request = PauseSubscriptionRequest { subscription_id: id.clone(), request_id: uuid() };
    let answer = world.api.pause_subscription(Request::new(request)).await?.into_inner();
    let (paused, _) = answered(world, answer.subscription, &format!("{ALL}/{id}/pause"))?;
    world.holds(paused.status == "paused", "it is paused")
}

async fn resume(world: &mut World) -> anyhow::Result<()> {
    let id = world.id("subscription")?;
    let request = ResumeSubscriptionRequest {
        subscription_id: id.clone(),
        request_id: uuid(),
        ..Default::default()
    };
    let answer = world.api.resume_subscription(Request::new(request)).await?.into_inner();
    let (resumed, _) = answered(world, answer.subscription, &format!("{ALL}/{id}/resume"))?;
    world.holds(resumed.status == "active", "it is active again")
}

async fn end_later(world: &mut World) -> anyhow::Result<()> {
    let id = world.id("subscription")?;
    let request = CancelSubscriptionRequest {
        subscription_id: id.clone(),
        at_period_end: true,
        feedback: "too_complex".into(),
        comment: "I could not find the door".into(),
        request_id: uuid(),
        ..Default::default()
    };
    let answer = world.api.cancel_subscription(Request::new(request)).await?.into_inner();
    let (ending, shown) = answered(world, answer.subscription, &format!("{ALL}/{id}"))?;
    let why = shown.get("cancellation_details").context("no details")?;
    world.holds(ending.cancel_at_period_end && ending.status == "active", "it ends later")?;
    world.holds(why["feedback"] == "too_complex", "and why")
}

async fn end_now(world: &mut World) -> anyhow::Result<()> {
    let id = world.id("subscription")?;
    let request = CancelSubscriptionRequest {
        subscription_id: id.clone(),
        prorate: true,
        invoice_now: true,
        request_id: uuid(),
        ..Default::default()
    };
    let answer = world.api.cancel_subscription(Request::new(request)).await?.into_inner();
    let call = format!("DELETE /v1/subscriptions/{id}");
    let (ended, _) = answered(world, answer.subscription, &call)?;
    world.holds(ended.status == "canceled" && ended.ended_time.is_some(), "it has ended")
}
