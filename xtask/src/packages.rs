//! Data that others keep and publish as packages.

use crate::run::{available, output, run};
use anyhow::{Context, Result, ensure};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// A package that was taken, and what stands in it.
pub(crate) struct Package {
    /// Where its files are.
    pub(crate) folder: PathBuf,
    /// Which version it is.
    pub(crate) version: String,
}

/// The newest version of a package on npm, without running anything of it.
pub(crate) fn npm(scratch: &Path, name: &str) -> Result<Package> {
    ensure!(available("npm"), "install Node.js with npm to take the list from there");
    let quiet = ["--silent", "--no-audit", "--no-fund", "--ignore-scripts", "--prefix"];
    let mut install = Command::new("npm");
    install.arg("install").args(quiet).arg(scratch);
    run(install.arg(format!("{name}@latest")))?;
    let folder = scratch.join("node_modules").join(name);
    let about: serde_json::Value = serde_json::from_slice(&fs::read(folder.join("package.json"))?)?;
    let version = about["version"].as_str().context("a package without a version")?.to_owned();
    Ok(Package { folder, version })
}

/// The newest version of a package on PyPI, without running anything of it.
pub(crate) fn pypi(scratch: &Path, name: &str) -> Result<Package> {
    ensure!(available("python3"), "install python3 with pip to take the list from there");
    let target = scratch.join(name);
    let mut install = Command::new("python3");
    install.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check"]);
    install.args(["--root-user-action=ignore", "--no-deps", "--only-binary", ":all:"]);
    run(install.args(["--no-compile", "--target"]).arg(&target).arg(name))?;
    let about = fs::read_dir(&target)?
        .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
        .find_map(|it| Some(it.strip_suffix(".dist-info")?.rsplit_once('-')?.1.to_owned()));
    let version = about.context("a package without a version")?;
    Ok(Package { folder: target, version })
}

/// The file of a name that begins so, anywhere in a folder.
pub(crate) fn find(folder: &Path, beginning: &str) -> Result<PathBuf> {
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        let mut paths: Vec<PathBuf> =
            fs::read_dir(&folder)?.filter_map(|entry| Some(entry.ok()?.path())).collect();
        paths.sort();
        let name = |path: &Path| path.file_name().is_some_and(|it| starts(it, beginning));
        if let Some(path) = paths.iter().find(|path| path.is_file() && name(path)) {
            return Ok(path.clone());
        }
        folders.extend(paths.into_iter().filter(|path| path.is_dir()));
    }
    anyhow::bail!("no file of {} begins with {beginning}", folder.display())
}

fn starts(name: &std::ffi::OsStr, beginning: &str) -> bool {
    name.to_string_lossy().to_uppercase().starts_with(&beginning.to_uppercase())
}

/// The day, for the note of where data is from.
pub(crate) fn today() -> Result<String> {
    Ok(output(Command::new("date").args(["-u", "+%F"]))?.trim().to_owned())
}
