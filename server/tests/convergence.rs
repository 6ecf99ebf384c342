//! Any order, any repetition: one state.

mod common;

use takings_server::rebuild::{rebuild, state_hash};
use takings_simulator::{Delivery, Plan, deliver, play};

#[tokio::test]
async fn shuffled_and_repeated_deliveries_end_in_one_state() {
    let story = play(&Plan::small(11));
    let mut hashes = std::collections::BTreeSet::new();
    for seed in 0..8 {
        let folder = tempfile::tempdir().unwrap();
        let database = common::sqlite(folder.path()).await;
        let delivery =
            Delivery { seed, duplicates: 3000, shuffle: seed > 0, ..Delivery::default() };
        let arrivals = deliver(&delivery, &story.events);
        let bodies: Vec<&[u8]> = arrivals.iter().map(|it| it.body.as_slice()).collect();
        common::ingest(&database, &bodies, 1 + (seed as usize * 7) % 40).await;
        takings_server::jobs::settle_waiting(&database).await.unwrap();
        let report = rebuild(&database, true).await.unwrap();
        assert!(report.agrees(), "seed {seed}: {report:?}");
        hashes.insert(state_hash(&database).await.unwrap().to_string());
    }
    assert_eq!(hashes.len(), 1);
}
