//! The simulator's account of a business is ours: every movement, every balance, every day of
//! revenue, and every object that no payload settles.
#![allow(
    clippy::unwrap_used,
    clippy::float_arithmetic,
    clippy::disallowed_methods,
    reason = "a test stops where it fails, and times what it runs"
)]

mod common;

use common::office::{Office, acting_at};
use common::stripe::Account as Stripe;
use common::stripe_mock::assert_known;
use std::collections::{BTreeMap, BTreeSet};
use takings_server::db::Database;
use takings_simulator::{ApiVersion, Plan, Truth, play};
use takings_testkit::{PostgresServer, soak};

/// What is compared: a name, a key, a value.
type Account = BTreeMap<(&'static str, String), String>;

#[tokio::test]
async fn every_api_version_tells_the_simulators_truth_on_sqlite() {
    let mut differ = Vec::new();
    for version in ApiVersion::ALL {
        let folder = tempfile::tempdir().unwrap();
        let database = common::sqlite(folder.path()).await;
        differ.extend(compare(&database, plan().in_version(version)).await);
    }
    assert_same(&differ);
}

#[tokio::test]
async fn the_simulators_truth_is_told_on_postgresql() {
    let Some(server) = PostgresServer::shared("the_simulators_truth_is_told_on_postgresql") else {
        return;
    };
    let database = common::open(server.database("truth")).await;
    assert_same(&compare(&database, plan()).await);
}

fn plan() -> Plan {
    if soak() { Plan::two_years(1) } else { Plan::quarter(7) }
}

/// Plays a plan into a database and holds the two accounts against each other.
async fn compare(database: &Database, plan: Plan) -> Vec<String> {
    let story = play(&plan);
    let bodies: Vec<&[u8]> = story.events.iter().map(|event| event.body.as_slice()).collect();
    common::ingest(database, &bodies, 50).await;
    takings_server::jobs::settle_waiting(database).await.unwrap();
    println!("{:?}, seed {}: {} events", plan.version, plan.seed, story.events.len());
    hold_against(database, &story.truth, &plan).await
}

#[tokio::test]
async fn once_everything_is_looked_up_every_number_is_the_truth_on_sqlite() {
    let few = [ApiVersion::Endive, ApiVersion::Acacia, ApiVersion::V2017];
    let mut differ = Vec::new();
    for version in if soak() { &ApiVersion::ALL[..] } else { &few } {
        let folder = tempfile::tempdir().unwrap();
        let database = common::sqlite(folder.path()).await;
        differ.extend(look_up(&database, plan().in_version(*version)).await);
    }
    assert_same(&differ);
}

#[tokio::test]
async fn once_everything_is_looked_up_every_number_is_the_truth_on_postgresql() {
    let test = "once_everything_is_looked_up_every_number_is_the_truth_on_postgresql";
    let Some(server) = PostgresServer::shared(test) else { return };
    assert_same(&look_up(&common::open(server.database("looked_up")).await, plan()).await);
}

/// Plays a plan, looks up what its payloads leave open, and holds the account against the truth,
/// in which nothing but what nobody can know yet is left open.
async fn look_up(database: &Database, plan: Plan) -> Vec<String> {
    let plan = Plan { livemode: false, ..plan };
    let stripe = Stripe::played(&plan, plan.end()).await;
    let events = stripe.stripe.events();
    let bodies: Vec<&[u8]> = events.iter().map(|event| event.body.as_slice()).collect();
    common::ingest_as("stripe:default:test", database, &bodies, 50).await;
    let asked = Office::open(database, acting_at(&stripe)).look_everything_up().await;
    assert_known("truth: look-ups", &stripe.stripe.heard()).await;
    println!("{:?}, seed {}: {} events, {asked} look-ups", plan.version, plan.seed, events.len());
    let open = "select object from unconfirmed where reason in ('fee_unknown', 'refund_unseen')";
    assert_eq!(common::rows(database, open).await.len(), 0, "no fee, and no refund");
    hold_against(database, &stripe.stripe.truth(), &plan).await
}

fn assert_same(differ: &[String]) {
    assert!(differ.is_empty(), "{} differ: {differ:#?}", differ.len());
}

/// Holds a database's account against the truth, key by key, and tells what differs.
async fn hold_against(database: &Database, truth: &Truth, plan: &Plan) -> Vec<String> {
    let (ours, theirs) = (ours(database, plan.end()).await, theirs(truth));
    let keys: BTreeSet<_> = ours.keys().chain(theirs.keys()).collect();
    let differ: Vec<_> = keys
        .iter()
        .filter(|key| ours.get(**key) != theirs.get(**key))
        .map(|key| (key, ours.get(*key), theirs.get(*key)))
        .map(|(key, ours, theirs)| {
            format!("{:?} {key:?}: ours {ours:?}, theirs {theirs:?}", plan.version)
        })
        .collect();
    println!("    {} facts of the account compared, {} differ", keys.len(), differ.len());
    let debits = "select cast(coalesce(sum(amount), 0) as text) as off from rollups
                  where family = 'ledger' group by currency having sum(amount) <> 0";
    assert!(common::rows(database, debits).await.is_empty(), "debits are credits");
    let report = takings_server::rebuild::rebuild(database, true).await.unwrap();
    assert!(report.agrees(), "{report:?}");
    differ
}

/// The simulator's account.
fn theirs(truth: &Truth) -> Account {
    let mut account = Account::new();
    for it in &truth.movements {
        let kind = format!("{:?}", it.kind).to_lowercase();
        let key = format!("{} {} {} {kind}", it.at, it.customer, it.currency);
        account.insert(("movement", key), it.units.to_string());
    }
    for ((name, currency), amount) in truth.balances.iter().filter(|(_, amount)| **amount != 0) {
        account.insert(("balance", format!("{name} {currency}")), amount.to_string());
    }
    for (name, days) in [("gross", &truth.gross), ("net", &truth.net)] {
        for ((currency, day), amount) in days.iter().filter(|(_, amount)| **amount != 0) {
            account.insert((name, format!("{day} {currency}")), amount.to_string());
        }
    }
    for (object, reasons) in &truth.unsettled {
        for reason in reasons {
            let reason = format!("{reason:?}").to_lowercase();
            account.insert(("unconfirmed", format!("{object} {reason}")), String::new());
        }
    }
    account
}

/// Takings' account.
async fn ours(database: &Database, end: i64) -> Account {
    let mut account = Account::new();
    let end = end * 1_000_000;
    let movements = format!(
        "select cast(occurred_at / 1000000 as text) || ' ' || customer || ' ' || currency || ' ' || kind,
                cast(sum(units) as text)
         from mrr_movements where occurred_at < {end}
         group by occurred_at, customer, currency, kind having sum(units) <> 0"
    );
    read(database, &mut account, "movement", &movements).await;
    let name = "case when account like 'tax_payable%' then 'tax_payable' else account end";
    let balances = format!(
        "select {name} || ' ' || currency, cast(sum(amount) as text) from (
            select debit as account, currency, amount from revenue_entries
            union all select credit, currency, -amount from revenue_entries) as sides
         group by {name}, currency having sum(amount) <> 0"
    );
    read(database, &mut account, "balance", &balances).await;
    for (name, kinds) in
        [("gross", "'payment', 'one_off'"), ("net", "'payment', 'one_off', 'refund', 'dispute'")]
    {
        let revenue = format!(
            "select cast(occurred_at / 86400000000 as text) || ' ' || currency, cast(sum(amount) as text)
             from measures where kind in ({kinds})
             group by occurred_at / 86400000000, currency having sum(amount) <> 0"
        );
        read(database, &mut account, name, &revenue).await;
    }
    // Fees are in no payload at all, so every charge is marked for its fee.
    let marks = "select distinct object || ' ' || replace(reason, '_', ''), '' from unconfirmed
                 where reason <> 'fee_unknown'";
    read(database, &mut account, "unconfirmed", marks).await;
    account
}

async fn read(database: &Database, account: &mut Account, name: &'static str, query: &str) {
    for row in common::rows(database, query).await {
        let key: String = row.try_get_by_index(0).unwrap();
        account.insert((name, key), row.try_get_by_index(1).unwrap());
    }
}
