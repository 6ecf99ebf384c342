//! The binary `takings`.

use clap::Parser;
use std::process::ExitCode;

fn main() -> ExitCode {
    takings_server::cli::Cli::parse().run()
}
