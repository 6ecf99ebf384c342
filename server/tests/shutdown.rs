//! SIGTERM under load, with clients that say nothing: readiness turns first, what was
//! acknowledged stays, and the process is gone within its deadline.
#![allow(
    clippy::unwrap_used,
    clippy::float_arithmetic,
    clippy::disallowed_methods,
    reason = "a test stops where it fails, and times what it runs"
)]

mod common;

use common::dice::seed;
use common::door::{Answer, Door};
use common::place::Place;
use common::process::Takings;
use common::story::stored_events;
use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use takings_simulator::{Plan, SimEvent, play};
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio::task::{JoinHandle, JoinSet};
use tokio::time::Instant;
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_check_response::ServingStatus;
use tonic_health::pb::health_client::HealthClient;

/// `server.drain_seconds`.
const DEADLINE: Duration = Duration::from_secs(4);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sigterm_under_load_is_clean_and_bounded_on_sqlite() {
    stop_under_load(Place::sqlite()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sigterm_under_load_is_clean_and_bounded_on_postgresql() {
    let Some(place) = Place::postgres("shutdown") else { return };
    stop_under_load(place).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn half_a_request_does_not_hold_up_the_exit() {
    let place = Place::sqlite();
    let mut server = start(&place);
    let mut slow = TcpStream::connect(server.http).await.unwrap();
    slow.write_all(b"POST /revenue/webhooks/stripe HTTP/1.1\r\nhost: x\r\n").await.unwrap();
    let mut cut = TcpStream::connect(server.http).await.unwrap();
    let head = b"POST /revenue/webhooks/stripe HTTP/1.1\r\nhost: x\r\ncontent-length: 9\r\n\r\n{";
    cut.write_all(head).await.unwrap();
    tokio::time::sleep(Duration::from_millis(100)).await;
    let started = Instant::now();
    server.terminate();
    let status = server.ended(DEADLINE + Duration::from_millis(500)).await;
    assert!(status.is_some_and(|it| it.success()), "{status:?} after {:?}", started.elapsed());
}

fn start(place: &Place) -> Takings {
    let deadline = DEADLINE.as_secs().to_string();
    Takings::start_with(place, &[("TAKINGS__SERVER__DRAIN_SECONDS", &deadline)])
}

async fn stop_under_load(place: Place) {
    let mut server = start(&place);
    let events = Arc::new(play(&Plan::quarter(seed())).events);
    let silent = [
        TcpStream::connect(server.http).await.unwrap(),
        TcpStream::connect(server.grpc).await.unwrap(),
    ];
    let health = watch_health(&server).await;
    let readiness = watch_readiness(server.http);
    let load = Load::start(server.http, &events);
    while load.answers.load(Ordering::Relaxed) < 200 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let started = Instant::now();
    server.terminate();
    let status = server.ended(DEADLINE + Duration::from_millis(500)).await;
    let took = started.elapsed();
    assert!(status.is_some_and(|it| it.success()), "{status:?} after {took:?}");
    assert_eq!(health.await.unwrap(), Some(ServingStatus::NotServing));
    let turned = readiness.await.unwrap();
    assert_eq!(
        turned.as_ref().map(|it| it.status),
        Some(503),
        "a probe was refused before it was told"
    );
    let (acknowledged, refused, broken) = load.end().await;
    assert_eq!(broken, 0, "calls were broken off");
    let stored = stored_events(&place).await;
    assert!(acknowledged.is_subset(&stored), "an acknowledged event is lost");
    drop(silent);
    println!(
        "{}, seed {}: {} acknowledged and there, {refused} told to try elsewhere, none broken \
         off, gone after {took:?}",
        place.kind(),
        seed(),
        acknowledged.len()
    );
}

/// The last status that a watcher of the health service was told before the stream ended. Its
/// connection is otherwise idle.
async fn watch_health(server: &Takings) -> JoinHandle<Option<ServingStatus>> {
    let mut client = HealthClient::new(server.channel().await);
    let mut stream = client.watch(HealthCheckRequest::default()).await.unwrap().into_inner();
    let first = stream.message().await.unwrap().unwrap();
    assert_eq!(first.status(), ServingStatus::Serving);
    spawn(async move {
        let _client = client;
        let mut last = None;
        while let Ok(Some(told)) = stream.message().await {
            last = Some(told.status());
        }
        last
    })
}

/// The first answer of `/readyz` that is not 200, asked as a probe does: on a new connection each
/// time. None where the connection was refused first.
fn watch_readiness(address: SocketAddr) -> JoinHandle<Option<Answer>> {
    spawn(async move {
        loop {
            let mut door = Door::connect(address).await.ok()?;
            let answer = door.get("/readyz").await.ok()?;
            if answer.status != 200 {
                return Some(answer);
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    })
}

#[expect(clippy::disallowed_methods, reason = "joined by the test")]
fn spawn<T: Send + 'static>(task: impl Future<Output = T> + Send + 'static) -> JoinHandle<T> {
    tokio::spawn(task)
}

/// Callers that go on until they are told to stop.
struct Load {
    callers: JoinSet<(Vec<usize>, usize, usize)>,
    answers: Arc<AtomicUsize>,
    events: Arc<Vec<SimEvent>>,
}

impl Load {
    fn start(address: SocketAddr, events: &Arc<Vec<SimEvent>>) -> Load {
        let (next, answers) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
        let mut callers = JoinSet::new();
        for _ in 0..8 {
            let (events, next, answers) = (events.clone(), next.clone(), answers.clone());
            callers.spawn(async move {
                let mut acknowledged = Vec::new();
                while let Ok(mut door) = Door::connect(address).await {
                    let mut last = false;
                    while !last {
                        let place = next.fetch_add(1, Ordering::Relaxed) % events.len();
                        match door.post(&events[place].body).await {
                            Ok(answer) if answer.acknowledges() => {
                                acknowledged.push(place);
                                last = answer.last;
                            }
                            Ok(answer) => {
                                assert_eq!(answer.text("reason"), "SHUTTING_DOWN", "{answer:?}");
                                return (acknowledged, 1, 0);
                            }
                            Err(_) => return (acknowledged, 0, 1),
                        }
                        answers.fetch_add(1, Ordering::Relaxed);
                    }
                }
                (acknowledged, 1, 0)
            });
        }
        Load { callers, answers, events: events.clone() }
    }

    /// What was acknowledged, how many callers were refused, and how many calls were broken off.
    async fn end(self) -> (BTreeSet<String>, usize, usize) {
        let (mut ids, mut refused, mut broken) = (BTreeSet::new(), 0, 0);
        for (acknowledged, told, cut) in self.callers.join_all().await {
            ids.extend(acknowledged.into_iter().map(|place| self.events[place].id.clone()));
            refused += told;
            broken += cut;
        }
        (ids, refused, broken)
    }
}
