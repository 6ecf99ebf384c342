//! Stripe's own Python library drives the make-believe Stripe, so that not we alone judge it.

use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

use takings_simulator::{Plan, Stripe};
use tokio::process::Command;

use crate::client::serve;

#[tokio::test]
async fn stripes_own_library_finds_what_it_expects() {
    let Some(python) = takings_testkit::python() else {
        let reason = "there is no Python with the packages: run it by `cargo xtask test`";
        return takings_testkit::skip("stripes_own_library_finds_what_it_expects", reason);
    };
    let stripe = Stripe::empty(&Plan { livemode: false, start: real_now(), ..Plan::small(1) });
    stripe.run_clock();
    let server = serve(&stripe).await;
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/stripe/official.py");
    let output = Command::new(python).arg(script).arg(server.url()).output().await.unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
}

/// The library checks the age of signatures by the real clock.
#[expect(clippy::disallowed_methods, reason = "the library under test reads the real clock")]
fn real_now() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    i64::try_from(since.map_or(0, |since| since.as_secs())).unwrap_or(0)
}
