//! The master key rotates while the server serves.

use crate::cells::Reader;
use crate::common::rows;
use crate::desk::{deliver, story};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use takings_server::privacy::{renew, rotate, wrapped};
use tokio::runtime::Handle;
use tokio::task::JoinSet;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn under_load_every_row_stays_readable_and_nothing_is_left_under_the_old_key() {
    let place = crate::common::place::Place::sqlite();
    let (database, events) = (place.open().await, story());
    let (first, rest) = events.split_at(events.len() / 2);
    deliver(&database, first).await;
    // The server that serves meanwhile, and the command, each with keys of their own.
    let (server, command) = (place.open().await, place.open().await);
    let ids = rows(&database, "select id from customers").await;
    let ids: Vec<String> = ids.iter().map(|row| row.try_get("", "id").unwrap()).collect();
    let (stop, reads) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicUsize::new(0)));
    let mut tasks = JoinSet::new();
    {
        let (place_url, stop, reads, ids) =
            (place.url.clone(), stop.clone(), reads.clone(), ids.clone());
        tasks.spawn_blocking(move || {
            Handle::current().block_on(async move {
                while !stop.load(Ordering::Relaxed) {
                    // A process that has read nothing yet asks the key store for each.
                    let reader = Reader::new(&crate::common::open(place_url.clone()).await);
                    for id in &ids {
                        let (_, email) = reader.customer(id).await.unwrap();
                        assert!(email.ends_with("@example.com"), "{id}");
                        reads.fetch_add(1, Ordering::Relaxed);
                    }
                }
            });
        });
    }
    let rest = rest.to_vec();
    tasks.spawn_blocking(move || Handle::current().block_on(deliver(&server, &rest)));
    let before = wrapped(&command).await.unwrap();
    assert!(renew(&command).unwrap());
    while reads.load(Ordering::Relaxed) < ids.len() {
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    }
    let count = rotate(&command).await.unwrap();
    stop.store(true, Ordering::Relaxed);
    while let Some(ended) = tasks.join_next().await {
        ended.unwrap();
    }
    // What the server made under the key it knew is wrapped by the next run.
    rotate(&command).await.unwrap();
    let after = wrapped(&command).await.unwrap();
    assert!(count > 0 && after[0].current && after[0].master != before[0].master, "{after:?}");
    assert_eq!(after[1].keys, 0, "{after:?}");
    let reader = Reader::new(&place.open().await);
    for event in &events {
        assert!(reader.replays(&event.id).await, "{}", event.id);
    }
    println!(
        "{count} keys rotated under load, {} reads meanwhile, all {} bodies readable after",
        reads.load(Ordering::Relaxed),
        events.len()
    );
}
