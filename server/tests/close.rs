//! The monthly close on both databases.
#![allow(
    clippy::unwrap_used,
    clippy::float_arithmetic,
    clippy::disallowed_methods,
    reason = "a test stops where it fails, and times what it runs"
)]

mod common;

use sea_orm::ConnectionTrait;
use takings_core::time::Timestamp;
use takings_server::db::Database;
use takings_server::jobs::{close_due, settle_waiting};
use takings_server::rebuild::rebuild;
use takings_simulator::{Plan, play};
use takings_testkit::PostgresServer;

#[tokio::test]
async fn a_close_that_was_cut_off_is_finished_on_sqlite() {
    let folder = tempfile::tempdir().unwrap();
    finish(&common::sqlite(folder.path()).await).await;
}

#[tokio::test]
async fn a_close_that_was_cut_off_is_finished_on_postgresql() {
    let name = "a_close_that_was_cut_off_is_finished_on_postgresql";
    let Some(server) = PostgresServer::shared(name) else { return };
    finish(&common::open(server.database("close")).await).await;
}

/// Declares months closed, as a process does that dies before it has walked the settlements.
async fn finish(database: &Database) {
    let plan = Plan { events: 400, ..Plan::quarter(7) };
    let story = play(&plan);
    let bodies: Vec<&[u8]> = story.events.iter().map(|event| event.body.as_slice()).collect();
    common::ingest(database, &bodies, 50).await;
    settle_waiting(database).await.unwrap();
    let last = Timestamp::from_secs(plan.end()).day().month();
    let declare = format!(
        "insert into closes (month, closed_at, settled) values ({}, {}, 0)",
        last.0,
        plan.end() * 1_000_000
    );
    database.write.execute_unprepared(&declare).await.unwrap();
    let owed = rebuild(database, true).await.unwrap();
    assert!(!owed.agrees(), "nothing is owed, so nothing is shown: {owed:?}");

    let closed = close_due(database, last.next().first().start()).await.unwrap();
    assert!(closed.is_empty(), "no other month is over: {closed:?}");
    let report = rebuild(database, true).await.unwrap();
    assert!(report.agrees(), "{report:?}");
    let open = common::rows(database, "select month from closes where settled = 0").await;
    assert!(open.is_empty(), "the close is not known to be finished");
}
