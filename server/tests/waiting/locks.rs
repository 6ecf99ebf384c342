//! A lock that somebody else holds, and does not let go.

use crate::common::place::Place;
use crate::common::{entry, rows};
use crate::desk::Desk;
use sea_orm::sqlx::Executor;
use sea_orm::{ConnectionTrait, TransactionTrait};
use std::collections::BTreeMap;
use std::time::Duration;
use takings_server::db::Query;
use takings_server::ingest::transact;
use takings_simulator::{Plan, play};
use tokio::time::{sleep, timeout};

fn ends<const N: usize>(ends: [(&str, usize); N]) -> BTreeMap<String, usize> {
    ends.into_iter().map(|(reason, count)| (reason.to_owned(), count)).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn acts_that_wait_for_a_lock_in_vain_are_told_make_room_and_hold_up_no_webhook() {
    let Some(place) = Place::postgres("held_lock") else { return };
    let desk = Desk::open(&place).await;
    let holder = desk.database.write.begin().await.unwrap();
    holder.execute_unprepared("lock table programs in exclusive mode").await.unwrap();
    let event = async {
        sleep(Duration::from_secs(1)).await;
        let body = play(&Plan::small(9)).events.swap_remove(0).body;
        timeout(Duration::from_secs(5), desk.writer.ingest(entry(1, &body))).await
    };
    let ((ended, took), event) = tokio::join!(desk.acts(20), event);
    event.expect("the writer waits for nobody").unwrap();
    assert_eq!(ended, ends([("CONFLICT", 8), ("OVERLOADED", 12)]));
    assert!(took < 16.0, "{took} s");
    holder.rollback().await.unwrap();
    let (ended, took) = desk.acts(20).await;
    assert_eq!(ended, ends([("done", 20)]), "every owner is back");
    assert!(took < 5.0, "{took} s");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn acts_behind_a_locked_file_are_told_together() {
    let place = Place::sqlite();
    let desk = Desk::open(&place).await;
    let elsewhere = place.open().await;
    let pool = elsewhere.write.get_sqlite_connection_pool();
    let mut holder = pool.acquire().await.unwrap();
    (*holder).execute("begin immediate").await.unwrap();
    let (ended, took) = desk.acts(1_200).await;
    let locked = ended.get("DATABASE_UNAVAILABLE").copied().unwrap_or_default();
    let busy = ended.get("OVERLOADED").copied().unwrap_or_default();
    assert!(locked > 1 && busy > 1 && locked + busy == 1_200, "{ended:?}");
    assert!(took < 20.0, "{took} s");
    (*holder).execute("rollback").await.unwrap();
    assert!(rows(&desk.database, "select id from programs").await.is_empty());
    assert_eq!(desk.acts(100).await.0, ends([("done", 100)]));
}

static LIMITS: Query = Query::new(
    "limits",
    "select current_setting('lock_timeout') || ' ' || current_setting('statement_timeout')
         || ' ' || current_setting('idle_in_transaction_session_timeout')",
    &[],
);

#[tokio::test]
async fn a_transaction_whose_owner_is_gone_is_undone_by_the_server() {
    let Some(place) = Place::postgres("limits") else { return };
    let database = place.open().await;
    let said = transact(&database, async |tx| {
        Ok(tx.fetch(&LIMITS, &Default::default()).await?[0].text(0)?)
    });
    assert_eq!(said.await.unwrap(), "10s 110s 1min");
}
