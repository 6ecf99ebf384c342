//! `bench commissions`: how many sales a second the job settles, from the mark that a purchase leaves
//! to the commission in the ledger.

use crate::clicks::shop::{Mode, link, terms};
use crate::copy;
use crate::load::start;
use crate::place::Place;
use anyhow::{Context, ensure};
use sea_orm::{ConnectionTrait, QueryResult, Statement};
use serde_json::{Value, json};
use takings::v1::{
    CommissionTier, CommissionTiers, ProgramTerms, TierMeasure, TierMethod, TierPeriod,
};
use takings_core::stripe::{API_VERSION, envelope};
use takings_server::affiliate::clicks::CLICKS;
use takings_server::db::{Cell, Database, Rows};
use takings_server::ingest::{Body, Entry, Unit, transact};
use takings_server::jobs::settle_commissions;
use takings_server::revenue::intake::prepare;
use takings_server::sources::Sources;

/// The second of the first sale: all are of one month.
const AT: i64 = 1_780_300_000;
/// Events of one transaction.
const BATCH: usize = 64;

pub(crate) async fn run() -> anyhow::Result<()> {
    let sales = if crate::asked("--quick") { 200 } else { 2_000 };
    println!(
        "{sales} purchases of as many customers, each a Checkout session with a click, an invoice, its \
         payment and its charge;\nall of one partner and one month, settled by one process."
    );
    if let Some(sqlite) = Place::sqlite()? {
        measure(sqlite, sales).await?;
    }
    if let Some(postgres) = Place::postgres()? {
        measure(postgres, sales).await?;
    }
    Ok(())
}

async fn measure(mut place: Place, sales: i64) -> anyhow::Result<()> {
    println!("\n{}", place.name);
    for (name, terms) in [("a rate", terms()), ("a retroactive tier of the month", tiered())] {
        let database = shop(&place.url(), terms, sales).await?;
        let begun = start();
        let events = tell(&database, sales).await?;
        let told = begun.elapsed().as_secs_f64();
        let begun = start();
        let settled = settle_commissions(&database).await?;
        let took = begun.elapsed().as_secs_f64();
        let posted = number(&database, "select count(*) as n from commissions").await?;
        ensure!(posted >= sales && settled > 0, "{posted} commissions of {sales} sales");
        println!(
            "  {name}: {:.0} sales/s ({took:.2} s); their {events} events were taken in at {:.0}/s",
            sales as f64 / took,
            events as f64 / told
        );
    }
    Ok(())
}

/// Terms that look at the partner's whole month at every sale.
fn tiered() -> ProgramTerms {
    let step = |threshold, rate_bps| CommissionTier { threshold, rate_bps };
    let tiers = CommissionTiers {
        method: TierMethod::Retroactive.into(),
        measure: TierMeasure::Sales.into(),
        period: TierPeriod::CalendarMonth.into(),
        steps: vec![step(0, 1_000), step(1_000_000, 2_000)],
    };
    ProgramTerms { tiers: Some(tiers), ..terms() }
}

/// A program, and a click for each sale.
async fn shop(url: &str, terms: ProgramTerms, sales: i64) -> anyhow::Result<Database> {
    let server = Mode::Buffered.serve(url)?;
    link(&server, terms).await?;
    drop(server);
    let database = copy::open(url).await?;
    let owner = "select id, program, partner from affiliate_links";
    let owner = one(&database, owner).await?;
    let owner = |name| owner.try_get::<String>("", name);
    let mut conn = database.conn().await?;
    let mut tx = conn.begin().await?;
    let mut rows = Rows::default();
    for number in 0..sales {
        let at = (AT - 60) * 1_000_000;
        let none = || Cell::from(None::<String>);
        rows.push([
            click(number).into(),
            owner("id")?.into(),
            owner("program")?.into(),
            owner("partner")?.into(),
            at.into(),
            at.into(),
            "valid".into(),
            "".into(),
            none(),
            none(),
            none(),
        ]);
    }
    tx.insert(&CLICKS, &rows).await?;
    tx.commit().await?;
    Ok(database)
}

fn click(number: i64) -> String {
    format!("clk_{number:032x}")
}

/// Takes in what Stripe tells of all purchases; answers how many events that is.
async fn tell(database: &Database, sales: i64) -> anyhow::Result<usize> {
    let source = Sources::new(database.clone()).number("stripe:default:live").await?;
    let mut entries = Vec::new();
    for body in (0..sales).flat_map(purchase) {
        let envelope = envelope::parse(&body)?;
        entries.push(prepare(source, &envelope, Body::compress(&body), None));
    }
    let unit = Unit { shard: 0 };
    for chunk in entries.chunks(BATCH) {
        let chunk: Vec<Entry> = chunk.to_vec();
        transact(database, async |tx| unit.ingest(tx, &chunk).await).await?;
    }
    Ok(entries.len())
}

/// The events of one purchase of 100.00.
fn purchase(number: i64) -> [Vec<u8>; 4] {
    let (customer, invoice) = (format!("cus_{number}"), format!("in_{number}"));
    let (intent, at) = (format!("pi_{number}"), AT + number);
    let event = |kind: &str, object: Value| {
        let id = format!("evt_{kind}_{number}");
        let data = json!({"object": object});
        let event = json!({"id": id, "object": "event", "api_version": API_VERSION, "created": at,
                           "livemode": true, "type": kind, "data": data});
        event.to_string().into_bytes()
    };
    let line = json!({"id": format!("il_{number}"), "object": "line_item", "amount": 10_000,
                      "currency": "usd", "period": {"start": at, "end": at + 2_592_000}});
    [
        event(
            "checkout.session.completed",
            json!({"id": format!("cs_{number}"), "object": "checkout.session", "created": at,
                   "mode": "subscription", "status": "complete", "payment_status": "paid",
                   "customer": customer, "invoice": invoice, "amount_total": 10_000,
                   "currency": "usd", "client_reference_id": click(number)}),
        ),
        event(
            "invoice.paid",
            json!({"id": invoice, "object": "invoice", "created": at, "customer": customer,
                   "status": "paid", "currency": "usd", "total": 10_000,
                   "total_excluding_tax": 10_000, "amount_due": 10_000, "amount_paid": 10_000,
                   "amount_remaining": 0, "attempted": true, "attempt_count": 1,
                   "ending_balance": 0,
                   "status_transitions": {"finalized_at": at, "paid_at": at},
                   "lines": {"object": "list", "has_more": false, "data": [line]}}),
        ),
        event(
            "invoice_payment.paid",
            json!({"id": format!("inpay_{number}"), "object": "invoice_payment",
                   "invoice": invoice, "amount_paid": 10_000, "currency": "usd",
                   "status": "paid", "status_transitions": {"paid_at": at},
                   "payment": {"type": "payment_intent", "payment_intent": intent}}),
        ),
        event(
            "charge.succeeded",
            json!({"id": format!("ch_{number}"), "object": "charge", "created": at,
                   "customer": customer, "amount": 10_000, "amount_captured": 10_000,
                   "captured": true, "paid": true, "status": "succeeded", "currency": "usd",
                   "payment_intent": intent}),
        ),
    ]
}

async fn one(database: &Database, text: &str) -> anyhow::Result<QueryResult> {
    let select = Statement::from_string(database.kind.into(), text);
    database.read.query_one_raw(select).await?.context("nothing is stored")
}

async fn number(database: &Database, text: &str) -> anyhow::Result<i64> {
    Ok(one(database, text).await?.try_get("", "n")?)
}
