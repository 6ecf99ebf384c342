//! The first callers are services in Python: one that has the published stubs installed hands on
//! events and asks for the summary.
#![allow(
    clippy::unwrap_used,
    clippy::float_arithmetic,
    clippy::disallowed_methods,
    reason = "a test stops where it fails, and times what it runs"
)]

mod common;

use common::place::Place;
use common::process::{SECRET, Takings};
use common::python::program;

#[test]
fn a_python_service_hands_on_events_and_reads_the_summary() {
    let Some(mut caller) = program("first_caller.py") else { return };
    let place = Place::sqlite();
    let server = Takings::start(&place);
    let output = caller.args([&server.grpc.to_string(), SECRET]).output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{said}{}", String::from_utf8_lossy(&output.stderr));
    print!("{said}");
}
