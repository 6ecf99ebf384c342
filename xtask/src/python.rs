//! The Python that tests use: official libraries as oracles, and our own stubs.

use crate::run::{available, root, run};
use std::path::PathBuf;
use std::process::Command;

/// What is installed, pinned.
const PACKAGES: [&str; 4] =
    ["stripe==16.1.0", "localstripe==1.15.10", "grpcio==1.71.2", "protobuf==5.29.5"];

/// An interpreter with everything the tests need; `Err` says what to install.
pub(crate) fn prepare() -> anyhow::Result<PathBuf> {
    anyhow::ensure!(
        available("python3"),
        "install python3 with venv (Debian: apt-get install python3-venv)"
    );
    let folder = root().join("target/tools/python");
    let python = folder.join("bin/python");
    let stamp = folder.join("packages");
    let wanted = PACKAGES.join("\n");
    if std::fs::read_to_string(&stamp).ok().as_deref() != Some(&wanted) {
        println!("preparing {} ({})", folder.display(), PACKAGES.join(", "));
        let _ = std::fs::remove_dir_all(&folder);
        run(Command::new("python3").args(["-m", "venv"]).arg(&folder))?;
        run(pip(&python).args(PACKAGES))?;
        std::fs::write(&stamp, wanted)?;
    }
    run(pip(&python).args(["--no-deps", "--force-reinstall"]).arg("./client-sdk/python"))?;
    Ok(python)
}

fn pip(python: &PathBuf) -> Command {
    let mut command = Command::new(python);
    command.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check"]);
    command
}
