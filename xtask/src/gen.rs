//! `cargo xtask gen`: the committed stubs of other languages, made anew from `proto/`.
//!
//! Python's generators are pinned. Stubs made by the newest grpcio-tools refuse to be imported on
//! older protobuf runtimes; those of 1.71.2 run on 5.29, 6 and 7. mypy-protobuf, which writes the
//! types, needs a newer runtime than grpcio-tools allows, hence an environment of its own.

use anyhow::{Context, Result, bail, ensure};
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

const PACKAGE: &str = "takings/v1";
const PYTHON: &str = "client-sdk/python";
const TOOLS: &str = "target/tools/python-gen";
const GRPC_TOOLS: Environment =
    Environment { name: "grpcio-tools", packages: &["grpcio-tools==1.71.2", "setuptools<81"] };
const MYPY_PROTOBUF: Environment =
    Environment { name: "mypy-protobuf", packages: &["mypy-protobuf==5.1.0"] };
/// What the stubs must be importable on: each supported major of protobuf, and the oldest gRPC.
const RUNTIMES: [Environment; 3] = [
    Environment { name: "protobuf-5", packages: &["protobuf==5.29.*", "grpcio==1.71.2"] },
    Environment { name: "protobuf-6", packages: &["protobuf==6.*", "grpcio>=1.71.2"] },
    Environment { name: "protobuf-7", packages: &["protobuf==7.*", "grpcio>=1.71.2"] },
];
/// Imports every module of the package; a warning is an error.
const IMPORT: &str = "
import importlib, pkgutil, takings.v1
for module in pkgutil.iter_modules(takings.v1.__path__):
    importlib.import_module('takings.v1.' + module.name)
";
const GENERATED: [&str; 4] = ["_pb2.py", "_pb2.pyi", "_pb2_grpc.py", "_pb2_grpc.pyi"];

/// A Python environment for one generator.
struct Environment {
    name: &'static str,
    packages: &'static [&'static str],
}

/// Generated files: name to content.
type Files = BTreeMap<String, Vec<u8>>;

/// Writes the stubs into the tree. With `check`, writes nothing, and fails where the tree differs or
/// cannot be imported on a supported runtime.
pub(crate) fn run(check: bool) -> Result<()> {
    let root = root()?;
    let scratch = tempfile::tempdir().context("cannot make a temporary directory")?;
    python(&root, scratch.path())?;
    let made = read(&scratch.path().join(PACKAGE))?;
    let tree = root.join(PYTHON).join(PACKAGE);
    let kept = read(&tree)?;
    let different = differences(&made, &kept);
    if !check {
        return write(&tree, &made, &different);
    }
    ensure!(
        different.is_empty(),
        "generated code differs from proto/; run `cargo xtask gen` and commit:\n{}",
        different.iter().map(|name| format!("  {PYTHON}/{PACKAGE}/{name}\n")).collect::<String>()
    );
    RUNTIMES.iter().try_for_each(|runtime| import(&root, runtime))
}

fn root() -> Result<PathBuf> {
    let xtask = Path::new(env!("CARGO_MANIFEST_DIR"));
    Ok(xtask.parent().context("xtask lies inside the workspace")?.to_owned())
}

/// Generates Python's stubs below `out`.
fn python(root: &Path, out: &Path) -> Result<()> {
    let protoc = GRPC_TOOLS.ready(root)?;
    let types = MYPY_PROTOBUF.ready(root)?;
    let protos = protos(root)?;
    let services = protos.iter().filter(|name| name.ends_with("_service.proto"));
    let plugin = |name: &str| {
        format!("--plugin=protoc-gen-{name}={}/protoc-gen-{name}", types.join("bin").display())
    };
    let to = |kind: &str| format!("--{kind}_out={}", out.display());
    let quiet = |kind: &str| format!("--{kind}_out=quiet:{}", out.display());
    let compile = || {
        let mut command = Command::new(protoc.join("bin/python"));
        command.current_dir(root).args(["-m", "grpc_tools.protoc", "--proto_path=proto"]);
        command
    };
    finish(compile().args([plugin("mypy"), to("python"), quiet("mypy")]).args(&protos))?;
    finish(
        compile().args([plugin("mypy_grpc"), to("grpc_python"), quiet("mypy_grpc")]).args(services),
    )
}

/// Imports the tree's stubs on one runtime.
fn import(root: &Path, runtime: &Environment) -> Result<()> {
    let mut python = Command::new(runtime.ready(root)?.join("bin/python"));
    python.current_dir(root.join(PYTHON)).args(["-B", "-W", "error", "-c", IMPORT]);
    finish(&mut python).with_context(|| format!("the stubs do not run on {}", runtime.name))
}

/// The package's files, relative to `proto/`, in one order on every machine.
fn protos(root: &Path) -> Result<Vec<String>> {
    let names = names(&root.join("proto").join(PACKAGE))?;
    let protos = names.into_iter().filter(|name| name.ends_with(".proto"));
    Ok(protos.map(|name| format!("{PACKAGE}/{name}")).collect())
}

impl Environment {
    /// The environment's directory, made anew unless it holds exactly these packages.
    fn ready(&self, root: &Path) -> Result<PathBuf> {
        let dir = root.join(TOOLS).join(self.name);
        let stamp = dir.join("stamp");
        let wanted = self.packages.join("\n");
        if fs::read_to_string(&stamp).is_ok_and(|found| found == wanted) {
            return Ok(dir);
        }
        if dir.exists() {
            fs::remove_dir_all(&dir).with_context(|| format!("cannot clear {}", dir.display()))?;
        }
        finish(Command::new("python3").args(["-m", "venv"]).arg(&dir))
            .context("the generators need python3 with venv (Debian: python3-venv)")?;
        let mut pip = Command::new(dir.join("bin/python"));
        pip.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check"]);
        finish(pip.args(self.packages))?;
        fs::write(&stamp, wanted).with_context(|| format!("cannot write {}", stamp.display()))?;
        Ok(dir)
    }
}

/// Runs a command to its end; an unhappy end is an error that holds what it printed.
fn finish(command: &mut Command) -> Result<()> {
    let output = command.output().with_context(|| format!("cannot run {command:?}"))?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        bail!("{command:?} ended with {}:\n{}", output.status, said.trim_end());
    }
    Ok(())
}

fn names(dir: &Path) -> Result<BTreeSet<String>> {
    let entries = fs::read_dir(dir).with_context(|| format!("cannot read {}", dir.display()))?;
    let names = entries.map(|entry| Ok(entry?.file_name().to_string_lossy().into_owned()));
    names.collect()
}

/// The generated files of a directory.
fn read(dir: &Path) -> Result<Files> {
    let names = names(dir)?.into_iter();
    let generated = names.filter(|name| GENERATED.iter().any(|ending| name.ends_with(ending)));
    generated
        .map(|name| {
            let path = dir.join(&name);
            let content =
                fs::read(&path).with_context(|| format!("cannot read {}", path.display()))?;
            Ok((name, content))
        })
        .collect()
}

/// The names that only one side has, or both with different content.
fn differences(made: &Files, kept: &Files) -> BTreeSet<String> {
    let names = made.keys().chain(kept.keys());
    names.filter(|name| made.get(*name) != kept.get(*name)).cloned().collect()
}

/// Makes the named files of the tree what was made; those that were not made go.
fn write(tree: &Path, made: &Files, different: &BTreeSet<String>) -> Result<()> {
    for name in different {
        let path = tree.join(name);
        let done = match made.get(name) {
            Some(content) => fs::write(&path, content),
            None => fs::remove_file(&path),
        };
        done.with_context(|| format!("cannot change {}", path.display()))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn files(list: &[(&str, &str)]) -> Files {
        list.iter().map(|(name, text)| ((*name).to_owned(), text.as_bytes().to_vec())).collect()
    }

    #[test]
    fn a_file_that_is_new_stale_or_changed_differs() {
        let made = files(&[("new_pb2.py", "1"), ("same_pb2.py", "1"), ("edited_pb2.py", "1")]);
        let kept = files(&[("stale_pb2.py", "1"), ("same_pb2.py", "1"), ("edited_pb2.py", "2")]);
        let different = differences(&made, &kept);
        let names: Vec<&str> = different.iter().map(String::as_str).collect();
        assert_eq!(names, ["edited_pb2.py", "new_pb2.py", "stale_pb2.py"]);
    }

    #[test]
    fn writing_makes_the_tree_what_was_made_and_leaves_other_files() {
        let tree = tempfile::tempdir().unwrap();
        fs::write(tree.path().join("stale_pb2.py"), "1").unwrap();
        fs::write(tree.path().join("__init__.py"), "").unwrap();
        let made = files(&[("new_pb2.py", "1")]);
        let kept = read(tree.path()).unwrap();
        write(tree.path(), &made, &differences(&made, &kept)).unwrap();
        assert_eq!(read(tree.path()).unwrap(), made);
        assert!(tree.path().join("__init__.py").exists());
    }
}
