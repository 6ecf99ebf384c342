//! Every question that a look-up asks.

use crate::run::Run;
use crate::world::{World, is};
use anyhow::{Context, anyhow, ensure};
use serde_json::Value;
use takings_core::billing::facts::{Charge, CouponTerms, PriceTerms, State};
use takings_core::stripe::{Question, observe};
use takings_core::unconfirmed::Reason;
use takings_server::revenue::look_up::ask;

/// Objects that are asked for by themselves, by the name they are kept under.
const NEWEST: [(&str, &str); 14] = [
    ("balance_transaction", "balance_transaction"),
    ("charge", "charge"),
    ("checkout_session", "checkout.session"),
    ("credit_note", "credit_note"),
    ("customer", "customer"),
    ("dispute", "dispute"),
    ("invoice", "invoice"),
    ("invoice_payment", "invoice_payment"),
    ("payment_intent", "payment_intent"),
    ("payout", "payout"),
    ("price", "price"),
    ("product", "product"),
    ("refund", "refund"),
    ("subscription", "subscription"),
];

/// What is asked about an object that has a mark: what is listed then, and where each entry names
/// the object.
const MARKS: [(&str, &str, Reason, &str, &str); 6] = [
    ("look up an invoice's lines", "invoice", Reason::CutList, "line_item", ""),
    ("look up a subscription's items", "subscription", Reason::CutList, "subscription_item", ""),
    (
        "look up whether prices include tax",
        "subscription",
        Reason::InclusiveTaxUnknown,
        "invoice",
        "",
    ),
    (
        "look up what paid an invoice",
        "invoice",
        Reason::PaymentMethodUnknown,
        "invoice_payment",
        "invoice",
    ),
    ("look up a payment's refunds", "charge", Reason::RefundUnseen, "refund", "charge"),
    ("look up a payment's fee", "charge", Reason::FeeUnknown, "balance_transaction", "source"),
];

pub async fn steps(run: &mut Run) {
    for (name, kind) in NEWEST {
        let article = if name.starts_with('i') { "an" } else { "a" };
        let step = format!("look up {article} {}", name.replace('_', " "));
        run.step(&step, async |world| newest(world, name, kind).await).await;
    }
    for (step, name, reason, kind, field) in MARKS {
        run.step(step, async |world| marked(world, name, reason, (kind, field)).await).await;
    }
    run.step("look up what a payment was for", purpose).await;
    run.step("look up what a payment without an intent was for", purpose_without_intent).await;
    run.step("look up a coupon in full", coupon).await;
    run.step("look up a price in full", price).await;
}

async fn newest(world: &mut World, name: &str, kind: &str) -> anyhow::Result<()> {
    let id = world.id(name)?;
    ask(world.app(), &Question::newest(&id).context("it is not asked for")?).await?;
    let heard = world.heard().last().context("nothing was asked")?.clone();
    is(&heard.body, kind, "")?;
    world.holds(heard.body["id"] == id, "the one asked for")
}

async fn marked(
    world: &mut World,
    name: &str,
    reason: Reason,
    (kind, field): (&str, &str),
) -> anyhow::Result<()> {
    let id = world.id(name)?;
    ask(world.app(), &Question::about(&id, reason, None).context("no question")?).await?;
    let entries = listed(world, kind)?;
    ensure!(!entries.is_empty(), "nothing is listed");
    let named = entries.iter().all(|entry| field.is_empty() || entry[field] == id);
    world.holds(named, "the list is about that object alone")
}

/// The entries of the list that was asked for last, each of a kind.
fn listed(world: &mut World, kind: &str) -> anyhow::Result<Vec<Value>> {
    let heard = world.heard().last().context("nothing was asked")?;
    ensure!(heard.body["object"] == "list", "{} shows no list", heard.call);
    let entries = heard.body["data"].as_array().context("no entries")?.clone();
    entries.iter().try_for_each(|entry| is(entry, kind, ""))?;
    Ok(entries)
}

/// The charge as it was read, its payment intent included.
fn charge(world: &World) -> anyhow::Result<(String, Charge)> {
    let charge = world.known("charge")?;
    let mut read = observe(charge).map_err(|refusal| anyhow!("{}", refusal.message()))?;
    match read.facts.swap_remove(0).state {
        State::Charge(state) => Ok((read.object, state)),
        other => Err(anyhow!("no charge: {other:?}")),
    }
}

async fn purpose(world: &mut World) -> anyhow::Result<()> {
    let (id, state) = charge(world)?;
    let intent = state.payment_intent.clone().context("it has no payment intent")?;
    let question = Question::about(&id, Reason::PaymentUnexplained, Some(&state));
    ask(world.app(), &question.context("no question")?).await?;
    let heard = world.heard().to_vec();
    let [payments, sessions] = heard.as_slice() else { return Err(anyhow!("{heard:?}")) };
    ensure!(sessions.body["object"] == "list", "sessions are no list");
    let found = payments.body["data"].as_array().context("payments are no list")?;
    let of_it = |it: &Value| it["payment"]["payment_intent"] == intent;
    world.holds(!found.is_empty() && found.iter().all(of_it), "the payments of that intent")
}

async fn purpose_without_intent(world: &mut World) -> anyhow::Result<()> {
    let id = world.id("charge")?;
    let charge = Charge {
        customer: Some(world.id("customer")?),
        created: world.app().now().secs(),
        ..Charge::default()
    };
    let question = Question::about(&id, Reason::PaymentUnexplained, Some(&charge));
    ask(world.app(), &question.context("no question")?).await?;
    let invoices = listed(world, "invoice")?;
    let shown = invoices.iter().all(|invoice| invoice["payments"]["data"].is_array());
    world.holds(shown, "the payments of each invoice")
}

async fn coupon(world: &mut World) -> anyhow::Result<()> {
    let id = world.id("coupon")?;
    ask(world.app(), &Question::needed(&CouponTerms::id(&id))).await?;
    let shown = world.shown(&format!("GET /v1/coupons/{id}"), "coupon", "")?;
    ensure!(shown.contains_key("percent_off"), "no rate");
    Ok(())
}

async fn price(world: &mut World) -> anyhow::Result<()> {
    let id = world.id("price")?;
    ask(world.app(), &Question::needed(&PriceTerms::id(&id))).await?;
    let shown = world.shown(&format!("GET /v1/prices/{id}"), "price", "price_")?;
    let options = shown.get("currency_options").is_some_and(Value::is_object);
    world.holds(options, "its amounts in other currencies")
}
