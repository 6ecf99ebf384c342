//! The server of the tests runs, is empty where it must be, and never outlives its process.
#![allow(
    clippy::unwrap_used,
    clippy::float_arithmetic,
    clippy::disallowed_methods,
    reason = "a test stops where it fails, and times what it runs"
)]

use std::path::Path;
use std::process::{Command, Stdio};
use std::thread::sleep;
use std::time::Duration;
use takings_testkit::PostgresServer;

const CHILD: &str = "TAKINGS_TESTKIT_CHILD";

fn gone(pid: u32) -> bool {
    (0..500).any(|_| {
        let found = Command::new("sh").args(["-c", &format!("kill -0 {pid}")]).output().unwrap();
        sleep(Duration::from_millis(20));
        !found.status.success()
    })
}

#[test]
fn it_answers_and_a_database_is_made_anew() {
    let Some(server) = PostgresServer::start(false) else { return };
    let url = server.database("fresh");
    assert_eq!(url, format!("postgres://postgres@127.0.0.1:{}/fresh", server.port()));
    assert_eq!(server.query("fresh", "select 1"), "1");
    server.query("fresh", "create table old (id int)");
    server.database("fresh");
    assert_eq!(server.query("fresh", "select count(*) from pg_class where relname = 'old'"), "0");
    let pid = server.pid();
    drop(server);
    assert!(gone(pid));
}

#[test]
fn a_durable_server_waits_for_the_disk() {
    let Some(server) = PostgresServer::start(true) else { return };
    assert_eq!(server.query("postgres", "show fsync"), "on");
    assert_eq!(server.query("postgres", "show synchronous_commit"), "on");
}

#[test]
fn it_ends_with_a_process_that_is_killed() {
    if std::env::var_os(CHILD).is_some() {
        return hold();
    }
    if PostgresServer::shared("it_ends_with_a_process_that_is_killed").is_none() {
        return;
    }
    let scratch = std::env::temp_dir().join(format!("takings-testkit-{}", std::process::id()));
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "it_ends_with_a_process_that_is_killed"])
        .env(CHILD, &scratch)
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    let pid = (0..3000).find_map(|_| {
        sleep(Duration::from_millis(20));
        std::fs::read_to_string(&scratch).ok()?.trim().parse().ok()
    });
    child.kill().unwrap();
    child.wait().unwrap();
    let _ = std::fs::remove_file(&scratch);
    assert!(gone(pid.expect("the child starts a server")));
}

/// The child: tells its server's process, and waits to be killed.
fn hold() {
    let server = PostgresServer::shared("the child").unwrap();
    let path = std::env::var_os(CHILD).unwrap();
    std::fs::write(Path::new(&path), format!("{}\n", server.pid())).unwrap();
    sleep(Duration::from_secs(60));
}
