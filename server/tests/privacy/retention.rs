//! What is not kept for ever.

use crate::cells::{Reader, run};
use crate::common::place::Place;
use crate::common::rows;
use crate::desk::{deliver, key_rows, number, places, story};
use takings_core::time::Timestamp;
use takings_server::app::now;
use takings_server::privacy::{By, erase, link_bodies, retain};
use takings_server::rebuild::{rebuild, state_hash};

const DAY: i64 = 86_400_000_000;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn bodies_are_dropped_by_age_where_that_is_configured_and_nothing_else_is() {
    for place in places("privacy_retention") {
        let (database, events) = (place.open().await, story());
        deliver(&database, &events).await;
        let hash = state_hash(&database).await.unwrap().to_string();
        let later = Timestamp(now().0 + 10 * DAY);
        for (days, at) in [(0, later), (11, later), (1, now())] {
            assert_eq!(retain(&database, days, at).await.unwrap(), 0, "{days}");
        }
        assert_eq!(retain(&database, 9, later).await.unwrap(), events.len());
        assert_eq!(number(&database, "select count(*) from webhook_bodies").await, 0);
        let left = "select subject from takings_keys.keys where subject like 'event:%'";
        assert_eq!(key_rows(&place, &database, left), Vec::<String>::new());
        assert!(!Reader::new(&database).replays(&events[0].id).await);
        assert_eq!(state_hash(&database).await.unwrap().to_string(), hash);
        assert!(rebuild(&database, true).await.unwrap().agrees());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_keys_of_commands_are_destroyed_after_thirty_days() {
    for place in places("privacy_calls") {
        let database = place.open().await;
        let today = i64::from(now().day().0);
        // Readable calls of two days are sealed under the keys of these days.
        for (request, day) in [("old", today - 31), ("young", today - 30)] {
            let at = day * DAY;
            run(
                &database,
                &format!(
                    "insert into intents (request_id, method, content_hash, state, calls,
                        created_at, updated_at)
                     values ('{request}', 'CreateCustomer', 'h', 'open', '[]', {at}, {at})"
                ),
            )
            .await;
        }
        run(&database, "delete from privacy where name = 'sealed'").await;
        let again = place.open().await;
        let names = "select subject from takings_keys.keys where subject like 'calls:%' order by 1";
        let (old, young) = (format!("calls:{}", today - 31), format!("calls:{}", today - 30));
        assert_eq!(key_rows(&place, &again, names), [old, young.clone()]);
        retain(&again, 0, now()).await.unwrap();
        assert_eq!(key_rows(&place, &again, names), [young]);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_key_that_nobody_may_have_any_more_is_in_no_log_of_the_key_store() {
    let place = Place::sqlite();
    let database = place.open().await;
    let (told, silent): (Vec<_>, Vec<_>) =
        story().into_iter().partition(|it| String::from_utf8_lossy(&it.body).contains("\"cus_"));
    let (made, told): (Vec<_>, Vec<_>) =
        told.into_iter().partition(|it| it.kind == "customer.created");
    deliver(&database, &silent).await;
    deliver(&database, &made).await;
    for row in rows(&database, "select distinct subject from people").await {
        let subject: String = row.try_get_by_index(0).unwrap();
        let id = subject.trim_start_matches("customer:1:").to_owned();
        erase(&database, &By::Customer(1, id), now()).await.unwrap();
    }
    deliver(&database, &told).await;
    assert!(link_bodies(&database).await.unwrap() > 0, "settlements tell whose they were");
    let log = format!("{}.keys-wal", place.url.trim_start_matches("sqlite://"));
    assert_eq!(std::fs::metadata(log).unwrap().len(), 0);
}
