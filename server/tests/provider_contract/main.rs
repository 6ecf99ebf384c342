//! One list of steps, one for every kind of call that the server makes to Stripe, held against each
//! stand-in for Stripe: the make-believe one, Stripe's own mock, and localstripe. What one of them
//! does not cover stands in a table, and exactly that.
#![allow(
    clippy::unwrap_used,
    clippy::float_arithmetic,
    clippy::disallowed_methods,
    clippy::result_large_err,
    reason = "a test stops where it fails, and times what it runs"
)]

mod customers;
mod ear;
mod endpoints;
mod examples;
mod gaps;
mod lists;
mod look_ups;
mod money;
mod run;
mod subscriptions;
mod world;

#[path = "../common/mod.rs"]
mod common;

use common::localstripe::Localstripe;
use common::place::Place;
use common::stripe::Account;
use common::stripe_mock::Mock;
use gaps::{GAPS, LOCALSTRIPE, SIMULATOR, STRIPE_MOCK};
use run::Run;
use std::collections::BTreeSet;
use takings_simulator::Plan;
use world::World;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_simulator_holds_the_whole_contract() {
    let plan = Plan { livemode: false, ..Plan::quarter(7) };
    let account = Account::played(&plan, plan.end()).await;
    account.stripe.run_clock();
    hold(SIMULATOR, &account.url(), true).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn stripe_mock_knows_every_call_but_those_in_the_table() {
    let test = "stripe_mock_knows_every_call_but_those_in_the_table";
    let Some(mock) = Mock::start(test).await else { return };
    // It answers what its specification shows as an example, whatever it was told.
    hold(STRIPE_MOCK, &mock.url(), false).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn localstripe_holds_the_contract_but_for_what_is_in_the_table() {
    let test = "localstripe_holds_the_contract_but_for_what_is_in_the_table";
    let Some(localstripe) = Localstripe::start(test).await else { return };
    hold(LOCALSTRIPE, &localstripe.url(), true).await;
}

/// Takes every step: those in the table fail, and no other does.
async fn hold(stand_in: &str, url: &str, remembers: bool) {
    let place = Place::sqlite();
    let database = place.open().await;
    let mut run = Run::new(World::open(&database, url, remembers).await);
    take_every_step(&mut run).await;
    let outcomes = run.outcomes;
    let failed =
        outcomes.iter().filter_map(|(step, outcome)| Some((step, outcome.as_ref().err()?)));
    println!("{stand_in}: {} steps, {} of them fail", outcomes.len(), failed.clone().count());
    for (step, error) in failed.clone() {
        println!("    {step}: {error:#}");
    }
    let failed: BTreeSet<&str> = failed.map(|(step, _)| step.as_str()).collect();
    let listed = GAPS.iter().filter(|gap| gap.0 == stand_in);
    listed.clone().for_each(|(_, step, why)| println!("    not covered: {step} ({why})"));
    let listed: BTreeSet<&str> = listed.map(|(_, step, _)| *step).collect();
    let works: Vec<_> = listed.difference(&failed).collect();
    assert!(works.is_empty(), "{stand_in} holds these: take them out of the table: {works:#?}");
    let fails: Vec<_> = failed.difference(&listed).collect();
    assert!(fails.is_empty(), "{stand_in} does not hold these: {fails:#?}");
}

async fn take_every_step(run: &mut Run) {
    customers::steps(run).await;
    subscriptions::steps(run).await;
    money::steps(run).await;
    endpoints::steps(run).await;
    lists::steps(run).await;
    look_ups::steps(run).await;
    subscriptions::ends(run).await;
}

#[test]
fn the_page_about_stand_ins_shows_the_same_table() {
    let page = takings_testkit::repo_root().join("docs/STAND_INS.md");
    let page = std::fs::read_to_string(page).unwrap();
    let shown: BTreeSet<&str> = page.lines().filter(|line| line.starts_with("| `")).collect();
    let rows: Vec<String> = GAPS
        .iter()
        .map(|(stand_in, step, why)| format!("| `{stand_in}` | {step} | {why} |"))
        .collect();
    let rows: BTreeSet<&str> = rows.iter().map(String::as_str).collect();
    assert_eq!(shown, rows);
}
