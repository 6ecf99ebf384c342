//! A database that is locked, gone, full, or of another schema: a clear answer, nothing lost that
//! was acknowledged, and the server goes on where it can.
#![allow(
    clippy::unwrap_used,
    clippy::float_arithmetic,
    clippy::disallowed_methods,
    reason = "a test stops where it fails, and times what it runs"
)]

mod common;

use common::door::{Answer, Door};
use common::place::Place;
use common::process::{Takings, command};
use common::story::{close, stored_events};
use sea_orm::ConnectionTrait;
use sea_orm::sqlx::Executor;
use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;
use std::time::Duration;
use takings_simulator::{Plan, SimEvent, play};
use takings_testkit::PostgresServer;
use tokio::time::Instant;

fn events() -> Vec<SimEvent> {
    play(&Plan::small(9)).events
}

fn unavailable(answer: &Answer) {
    let said = (answer.status, answer.text("reason"));
    assert_eq!(said, (503, "DATABASE_UNAVAILABLE"), "{answer:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_locked_sqlite_file_is_waited_for_and_then_said() {
    let (place, events) = (Place::sqlite(), events());
    let server = Takings::start(&place);
    let database = place.open().await;
    let mut door = Door::connect(server.http).await.unwrap();
    let mut holder = database.write.get_sqlite_connection_pool().acquire().await.unwrap();
    (*holder).execute("begin immediate").await.unwrap();
    let started = Instant::now();
    unavailable(&door.post(&events[0].body).await.unwrap());
    let waited = started.elapsed();
    assert!(waited < Duration::from_secs(15), "{waited:?}");
    (*holder).execute("rollback").await.unwrap();
    drop(holder);
    close(database).await;
    assert!(stored_events(&place).await.is_empty());
    assert!(door.post(&events[0].body).await.unwrap().acknowledges());
    println!("a locked file was reported after {waited:?}");
}

#[tokio::test]
async fn an_unreachable_postgresql_is_named_at_the_start_without_its_password() {
    let port = takings_testkit::free_port().unwrap();
    let url = format!("postgres://takings:hunter2@127.0.0.1:{port}/takings");
    let said = refused_start(&url, &[]);
    assert!(said.contains("the database cannot be opened"), "{said}");
    assert!(said.contains("is it running where database.url says?"), "{said}");
    assert!(!said.contains("hunter2"), "{said}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_postgresql_that_goes_away_is_said_and_the_server_stays() {
    let test = "a_postgresql_that_goes_away_is_said_and_the_server_stays";
    if PostgresServer::shared(test).is_none() {
        return;
    }
    let database = PostgresServer::start(false).unwrap();
    let url = database.database("gone");
    let mut server = Takings::try_start(&url, &[]).unwrap();
    let (mut door, events) = (Door::connect(server.http).await.unwrap(), events());
    assert!(door.post(&events[0].body).await.unwrap().acknowledges());
    drop(database);
    unavailable(&door.post(&events[1].body).await.unwrap());
    unavailable(&door.post(&events[1].body).await.unwrap());
    assert_eq!(door.get("/readyz").await.unwrap().status, 503);
    assert_eq!(door.get("/healthz").await.unwrap().status, 200);
    assert!(server.runs());
}

#[tokio::test]
async fn a_newer_schema_is_refused_on_both_databases() {
    let places = [Some(Place::sqlite()), Place::postgres("newer")];
    for place in places.into_iter().flatten() {
        let database = place.open().await;
        let insert = "insert into seaql_migrations (version, applied_at) values ('m9999_later', 0)";
        database.write.execute_unprepared(insert).await.unwrap();
        close(database).await;
        let said = refused_start(&place.url, &["--migrate"]);
        assert!(said.contains("newer") && said.contains("m9999_later"), "{said}");
    }
}

#[tokio::test]
async fn an_older_schema_is_refused_unless_asked_to_migrate() {
    let Some(place) = Place::postgres("older") else { return };
    let said = refused_start(&place.url, &[]);
    assert!(said.contains("older") && said.contains("takings migrate"), "{said}");
    Takings::start(&place).kill();
    let database = place.open().await;
    let delete =
        "delete from seaql_migrations where version = (select max(version) from seaql_migrations)";
    database.write.execute_unprepared(delete).await.unwrap();
    close(database).await;
    let said = refused_start(&place.url, &[]);
    assert!(said.contains("older") && said.contains("takings migrate"), "{said}");
}

#[tokio::test]
async fn a_folder_that_is_not_there_is_named_at_the_start() {
    let said = refused_start("sqlite:///no/such/folder/takings.db", &[]);
    assert!(said.contains("the database cannot be opened"), "{said}");
}

/// Runs `serve`, which must give up; answers what it said.
fn refused_start(url: &str, arguments: &[&str]) -> String {
    let output = command(url, &[]).arg("serve").args(arguments).output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(!output.status.success(), "it serves: {said}");
    said
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_disk_that_refuses_to_grow_loses_nothing_that_was_acknowledged() {
    let (place, events) = (Place::sqlite(), events());
    Takings::start(&place).kill();
    let database = place.open().await;
    let file = place.url.trim_start_matches("sqlite://").to_owned();
    close(database).await;
    let mut server = Takings::spawn(limited(&place, Path::new(&file))).unwrap();
    let mut door = Door::connect(server.http).await.unwrap();
    let mut acknowledged = BTreeSet::new();
    let mut refused = 0;
    for event in &events {
        let answer = door.post(&event.body).await.unwrap();
        if answer.acknowledges() {
            acknowledged.insert(event.id.clone());
        } else {
            assert_eq!(answer.status, 503, "{answer:?}");
            refused += 1;
        }
    }
    assert!(server.runs());
    assert!(refused > 0 && !acknowledged.is_empty(), "{refused} {}", acknowledged.len());
    server.kill();
    assert_eq!(stored_events(&place).await, acknowledged);
    println!("{} acknowledged and there, {refused} refused by the full disk", acknowledged.len());
}

/// `serve` where no file may grow beyond a little more than the database has.
fn limited(place: &Place, file: &Path) -> Command {
    let blocks = std::fs::metadata(file).unwrap().len() / 512 + 400;
    let serve = command(&place.url, &[]);
    let script = format!("trap '' XFSZ; ulimit -f {blocks}; exec \"$0\" serve");
    let mut limited = Command::new("sh");
    limited.args(["-c", &script]).arg(serve.get_program());
    for (name, value) in serve.get_envs() {
        match value {
            Some(value) => limited.env(name, value),
            None => limited.env_remove(name),
        };
    }
    limited
}
