//! Stripe's own libraries drive the make-believe Stripe, so that not we alone judge it.

use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

use takings_simulator::{Plan, Stripe};
use tokio::process::Command;

use crate::client::serve;

#[tokio::test]
async fn stripes_python_library_finds_what_it_expects() {
    let Some(python) = takings_testkit::python() else {
        let reason = "there is no Python with the packages: run it by `cargo xtask test`";
        return takings_testkit::skip("stripes_python_library_finds_what_it_expects", reason);
    };
    drive(Command::new(python), "official.py", &[]).await;
}

#[tokio::test]
async fn stripes_node_library_finds_what_it_expects() {
    let Some(packages) = takings_testkit::node_modules() else {
        let reason = "there are no packages for Node.js: run it by `cargo xtask test`";
        return takings_testkit::skip("stripes_node_library_finds_what_it_expects", reason);
    };
    drive(Command::new("node"), "official.mjs", &[&packages]).await;
}

/// Runs a program of this folder against an empty account, to its end.
async fn drive(mut command: Command, program: &str, arguments: &[&Path]) {
    let stripe = Stripe::empty(&Plan { livemode: false, start: real_now(), ..Plan::small(1) });
    stripe.run_clock();
    let server = serve(&stripe).await;
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/stripe").join(program);
    command.arg(script).arg(server.url()).args(arguments);
    let output = command.output().await.expect("the program starts");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
    assert_eq!(String::from_utf8_lossy(&output.stdout).trim(), "done");
}

/// The libraries check the age of signatures by the real clock.
#[expect(clippy::disallowed_methods, reason = "the libraries under test read the real clock")]
fn real_now() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    i64::try_from(since.map_or(0, |since| since.as_secs())).unwrap_or(0)
}
