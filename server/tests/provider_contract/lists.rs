//! Lists: those that a backfill walks, those that the books are compared with, and the events.

use crate::common::door::now;
use crate::run::Run;
use crate::world::{World, is, text};
use anyhow::{anyhow, ensure};
use serde_json::Value;
use takings_core::stripe::{envelope, normalize};
use takings_server::revenue::sync::{KINDS, Kind, sweep};
use takings_server::stripe::lists::{self, Created, Page, Question};

const DAY: i64 = 86_400;

pub async fn steps(run: &mut Run) {
    for kind in &KINDS {
        let step = format!("list {}s", kind.name.replace('_', " "));
        run.step(&step, async |world| walk(world, kind).await).await;
    }
    run.step("list a range of balance transactions", transactions).await;
    run.step("list a range of payouts", payouts).await;
    run.step("list a payment's balance transactions", transactions_of_payment).await;
    run.step("list events", events).await;
    run.step("sweep events", async |world| Ok(sweep(world.app()).await.map(|_| ())?)).await;
}

/// How an object's `object` is written, and how its id begins.
fn shape(kind: &Kind) -> (&'static str, &'static str) {
    match kind.name {
        "balance_transaction" => ("balance_transaction", "txn_"),
        "charge" => ("charge", ""),
        "checkout_session" => ("checkout.session", "cs_"),
        "credit_note" => ("credit_note", "cn_"),
        "customer" => ("customer", "cus_"),
        "dispute" => ("dispute", "d"),
        "invoice" => ("invoice", "in_"),
        "invoice_payment" => ("invoice_payment", "inpay_"),
        "payment_intent" => ("payment_intent", "pi_"),
        "payout" => ("payout", "po_"),
        "price" => ("price", "price_"),
        "product" => ("product", "prod_"),
        "refund" => ("refund", ""),
        "subscription" => ("subscription", "sub_"),
        name => (name, ""),
    }
}

/// The first page, and the one after its first object, on which that is not found again.
async fn walk(world: &mut World, kind: &Kind) -> anyhow::Result<()> {
    let (name, prefix) = shape(kind);
    let page = kind.page(world.client(), 0, None).await?;
    for object in &page.objects {
        is(&Value::Object(object.clone()), name, prefix)?;
    }
    ensure!((page.second - now()).abs() < 100, "another clock: {}", page.second);
    let made: Vec<i64> = page.objects.iter().filter_map(|it| it.get("created")?.as_i64()).collect();
    world.holds(made.is_sorted_by(|one, next| one >= next), "the newest come first")?;
    let Some(first) = page.objects.into_iter().next() else {
        return Err(anyhow!("there is no {name} to list"));
    };
    let id = text(&first, "id").to_owned();
    if world.id(kind.name).is_err() {
        world.keep(kind.name, first);
    }
    let next = kind.page(world.client(), 0, Some(&id)).await?;
    world.holds(next.objects.iter().all(|it| text(it, "id") != id), "the next page goes on")
}

/// A page of what was made in a range.
async fn range_of(world: &World, path: &str, (from, to): (i64, i64)) -> anyhow::Result<Page> {
    let question = Question::made(Created { gte: Some(from), lt: Some(to) });
    Ok(lists::page(world.client(), path, &question).await?)
}

/// Everything of the page lies in the range.
fn lies_in(world: &World, page: &Page, kind: &str, (from, to): (i64, i64)) -> anyhow::Result<()> {
    ensure!(!page.objects.is_empty(), "there is no {kind} to list");
    for object in &page.objects {
        is(&Value::Object(object.clone()), kind, "")?;
        let made = object.get("created").and_then(Value::as_i64).unwrap_or_default();
        world.holds((from..to).contains(&made), "what is listed lies in the range")?;
    }
    Ok(())
}

async fn transactions(world: &mut World) -> anyhow::Result<()> {
    let range = (now() - DAY, now() + DAY);
    let page = range_of(world, "/balance_transactions", range).await?;
    lies_in(world, &page, "balance_transaction", range)
}

/// Around one that is known: the make-believe business was played long ago.
async fn payouts(world: &mut World) -> anyhow::Result<()> {
    let known = world.known("payout")?.get("created").and_then(Value::as_i64).unwrap_or_default();
    let range = (known - DAY, known + DAY);
    let page = range_of(world, "/payouts", range).await?;
    lies_in(world, &page, "payout", range)
}

async fn transactions_of_payment(world: &mut World) -> anyhow::Result<()> {
    let charge = world.id("charge")?;
    let question = Question { source: Some(&charge), ..Question::ALL };
    let page = lists::page(world.client(), "/balance_transactions", &question).await?;
    ensure!(!page.objects.is_empty(), "there is none");
    let of_it = |it| text(it, "source") == charge;
    world.holds(page.objects.iter().all(of_it), "all are of that payment")
}

/// Every event is one that the server reads as it reads webhooks.
async fn events(world: &mut World) -> anyhow::Result<()> {
    let range = (now() - DAY, now() + DAY);
    let page = range_of(world, "/events", range).await?;
    lies_in(world, &page, "event", range)?;
    for event in page.objects {
        let body = serde_json::to_vec(&event)?;
        let read = envelope::parse(&body).map_err(|error| anyhow!("{error:?}"))?;
        ensure!(read.id.starts_with("evt_"), "its id is {}", read.id);
        normalize(&read).map_err(|refusal| anyhow!("{}: {}", read.kind, refusal.message()))?;
    }
    Ok(())
}
