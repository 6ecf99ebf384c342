//! kill -9 at any moment: what was acknowledged is there, and nothing counts twice.
#![allow(
    clippy::unwrap_used,
    clippy::float_arithmetic,
    clippy::disallowed_methods,
    reason = "a test stops where it fails, and times what it runs"
)]

mod common;

use common::dice::{Dice, count, seed};
use common::door::{Answer, Door};
use common::place::Place;
use common::process::Takings;
use common::story::{deliver_all, plan, settled_hash, stored_events, undisturbed};
use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use takings_simulator::{SimEvent, play};
use tokio::sync::Notify;
use tokio::task::JoinSet;

/// Kills in the life of one database.
const KILLS: usize = 5;

/// Deliveries under way at once.
const CALLERS: usize = 8;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sqlite_keeps_every_acknowledged_event_through_kill_9() {
    for life in 0..count(KILLS, 50).div_ceil(KILLS) as u64 {
        live(Place::sqlite(), seed() + life).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn postgresql_keeps_every_acknowledged_event_through_kill_9() {
    for life in 0..count(KILLS, 50).div_ceil(KILLS) as u64 {
        let Some(place) = Place::postgres(&format!("crash_{life}")) else { return };
        live(place, seed() + life).await;
    }
}

/// One database through several kills to the end of its story.
async fn live(place: Place, seed: u64) {
    let mut dice = Dice::new(seed);
    let events = Arc::new(play(&plan(seed)).events);
    let mut waiting: Vec<usize> = (0..events.len()).collect();
    let mut acknowledged = BTreeSet::new();
    let mut unanswered = 0;
    for kill in 0..KILLS {
        dice.shuffle(&mut waiting);
        let server = Takings::start(&place);
        let most = waiting.len() / (KILLS - kill + 1);
        let after = 1 + dice.below(most.max(1));
        let pause = Duration::from_micros(dice.roll() % 3_000);
        let load = Load::start(&server, &events, &waiting, after);
        load.enough.notified().await;
        tokio::time::sleep(pause).await;
        let log = server.kill();
        let (answered, broken, refused) = load.end().await;
        assert!(refused.is_empty(), "seed {seed}: {refused:?}\n{log}");
        unanswered += broken;
        acknowledged.extend(answered.iter().map(|place| events[*place].id.clone()));
        waiting.retain(|place| !answered.contains(place));
        let stored = stored_events(&place).await;
        let lost: Vec<_> = acknowledged.difference(&stored).collect();
        assert!(lost.is_empty(), "seed {seed}: acknowledged and lost: {lost:?}");
    }
    let before = stored_events(&place).await.len();
    let server = Takings::start(&place);
    let outcomes = deliver_all(server.http, &events, CALLERS).await;
    server.kill();
    assert_eq!(outcomes["duplicate"], before, "seed {seed}: {outcomes:?}");
    assert_eq!(stored_events(&place).await.len(), events.len());
    assert_eq!(settled_hash(&place).await, undisturbed(&events).await, "seed {seed}");
    println!(
        "{}, seed {seed}: {KILLS} kills, {} events, {} acknowledged under fire, {unanswered} \
         deliveries cut off",
        place.kind(),
        events.len(),
        acknowledged.len()
    );
}

/// Callers that go on until the server is gone.
struct Load {
    callers: JoinSet<(Vec<usize>, Option<Answer>)>,
    enough: Arc<Notify>,
}

impl Load {
    /// Delivers the waiting events; `enough` rings after some answers.
    fn start(
        server: &Takings,
        events: &Arc<Vec<SimEvent>>,
        waiting: &[usize],
        after: usize,
    ) -> Load {
        let (next, answers) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
        let waiting = Arc::new(waiting.to_vec());
        let (mut callers, enough) = (JoinSet::new(), Arc::new(Notify::new()));
        for _ in 0..CALLERS {
            let (next, answers, enough) = (next.clone(), answers.clone(), enough.clone());
            let (events, waiting, address) = (events.clone(), waiting.clone(), server.http);
            callers.spawn(async move {
                let mut answered = Vec::new();
                let Ok(mut door) = Door::connect(address).await else { return (answered, None) };
                while let Some(place) = waiting.get(next.fetch_add(1, Ordering::Relaxed)) {
                    match door.post(&events[*place].body).await {
                        Ok(answer) if answer.acknowledges() => answered.push(*place),
                        Ok(answer) => {
                            enough.notify_one();
                            return (answered, Some(answer));
                        }
                        Err(_) => return (answered, None),
                    }
                    if answers.fetch_add(1, Ordering::Relaxed) + 1 == after {
                        enough.notify_one();
                    }
                }
                (answered, None)
            });
        }
        Load { callers, enough }
    }

    /// What was acknowledged, how many deliveries were cut off, and what was answered otherwise.
    async fn end(self) -> (BTreeSet<usize>, usize, Vec<Answer>) {
        let ended = self.callers.join_all().await;
        let cut = ended.iter().filter(|(_, refusal)| refusal.is_none()).count();
        let (answered, refused): (Vec<Vec<usize>>, Vec<Option<Answer>>) = ended.into_iter().unzip();
        (answered.into_iter().flatten().collect(), cut, refused.into_iter().flatten().collect())
    }
}
